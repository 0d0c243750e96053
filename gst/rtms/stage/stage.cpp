// SPDX-License-Identifier: LGPL-2.1-or-later
#include "stage.h"

#include <algorithm>
#include <optional>

namespace rtms::program {
namespace {

using ObjectRef = std::unique_ptr<GstObject, UnrefObject>;

#define GST_CAT_DEFAULT category()
GstDebugCategory *category() {
  static GstDebugCategory *const made = [] {
    GstDebugCategory *one = nullptr;
    GST_DEBUG_CATEGORY_INIT(one, "rtms-stage", 0, "RTMS program: mixers and decoders");
    return one;
  }();
  return made;
}

// Nothing for audio.
std::optional<Input> input_of(const std::string &name) {
  if (name == "video")
    return Input::Camera;
  return name == "screen" ? std::optional(Input::Screen) : std::nullopt;
}

}  // namespace

// Lets jobs on other threads outlive the stage.
struct Stage::Alive {
  std::mutex mutex;  // guards the pointer, and is held while it is used
  Stage *stage;
};

Stage::Stage(GstBin *bin, Scene *scene, Changed changed)
    : bin_(bin), scene_(scene), changed_(std::move(changed)), alive_(std::make_shared<Alive>()) {
  alive_->stage = this;
  video_mix_ = std::make_unique<VideoMix>(bin, scene, &missing_);
  if (missing_.empty())
    audio_mix_ = std::make_unique<AudioMix>(bin, &missing_);
}

Stage::~Stage() {
  std::lock_guard<std::mutex> lock(alive_->mutex);
  alive_->stage = nullptr;
}

bool Stage::prepare(const VideoSettings &settings, GstClockTime delay, std::string *error) {
  if (!video_mix_->prepare(settings, delay, error))
    return false;
  audio_mix_->prepare();
  return true;
}

void Stage::begin(GstClockTime time) {
  video_mix_->begin(time);
  audio_mix_->begin(time);
  std::lock_guard<std::mutex> lock(mutex_);
  for (const auto &[name, feed] : feeds_)
    feed->find_end();
}

void Stage::hold() {
  video_mix_->output().hold();
  audio_mix_->output().hold();
}

void Stage::release() {
  video_mix_->output().release();
  audio_mix_->output().release();
}

void Stage::stop() {
  video_mix_->output().stop();
  audio_mix_->output().stop();
  std::vector<std::string> names;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    for (const auto &[name, feed] : feeds_)
      names.push_back(name);
    for (const auto &[name, pad] : audio_pads_)
      names.push_back(name);
  }
  for (const std::string &name : names)
    remove(name);
}

void Stage::set_layout(Layout layout) {
  scene_->set_layout(layout);
  update_wanted();
}

void Stage::update_wanted() {
  const Layout layout = scene_->layout();
  std::lock_guard<std::mutex> lock(mutex_);
  for (const auto &[name, feed] : feeds_) {
    const auto input = input_of(name);
    const bool wanted = !input                    ? true
                        : *input == Input::Camera ? shows_camera(layout)
                                                  : shows_screen(layout);
    // The mixer keeps the last frame, which is old when the input is wanted again.
    if (feed->set_wanted(wanted) && !wanted)
      scene_->gone(*input, 0);
  }
}

void Stage::set_upstream_latency(GstClockTime latency) {
  video_mix_->set_upstream_latency(latency);
  audio_mix_->set_upstream_latency(latency);
}

// If one mixer is behind the other on a busy machine, both end where the later one already is.
void Stage::end_at(GstClockTime time) {
  if (!missing_.empty())
    return;
  time = std::max({time, video_mix_->output().reached(), audio_mix_->output().reached()});
  GST_INFO_OBJECT(bin_, "the end is at %" GST_TIME_FORMAT, GST_TIME_ARGS(time));
  video_mix_->output().end_at(time);
  audio_mix_->output().end_at(time);
}

// ---- inputs --------------------------------------------------------------------------

PadPtr Stage::audio_pad(const std::string &name) {
  PadPtr pad = audio_mix_->add_pad();
  std::lock_guard<std::mutex> lock(mutex_);
  audio_pads_[name].reset(GST_PAD(gst_object_ref(pad.get())));
  return pad;
}

// Elements and pads change without the mutex: their signals run code of the application.
void Stage::add(const std::string &name, GstPad *pad) {
  remove(name);
  const bool video = input_of(name).has_value();
  const Input input = input_of(name).value_or(Input::Camera);
  const PadPtr audio = video ? nullptr : audio_pad(name);
  auto feed = std::make_shared<Feed>(bin_, video ? Medium::Video : Medium::Audio, pad,
                                     video ? video_mix_->pad(input) : audio.get(),
                                     [this, video, input](bool running, GstClockTime end) {
                                       // The delay keeps the last frame to the program's end,
                                       // unless other media continues.
                                       if (!running && video)
                                         scene_->gone(input, end + GST_SECOND);
                                       changed_(running ? 1 : -1, end);
                                     });
  changed_(1, 0);
  {
    // Its decoder may fail at once, and is replaced on another thread.
    std::lock_guard<std::mutex> lock(mutex_);
    feeds_[name] = feed;
  }
  std::string missing;
  const bool connected = feed->connect(&missing);
  // The audio mixer would wait for each input.
  if (!connected || (!video && !feed->is_decoded())) {
    feed.reset();
    remove(name);
    changed_(-1, 0);
  }
  update_wanted();
  if (!missing.empty())
    warn_undecoded(bin_, missing);
}

void Stage::remove(const std::string &name) {
  std::shared_ptr<Feed> feed;
  PadPtr pad;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (auto found = feeds_.extract(name))
      feed = std::move(found.mapped());
    if (auto found = audio_pads_.extract(name))
      pad = std::move(found.mapped());
  }
  feed.reset();
  if (pad)
    audio_mix_->remove_pad(pad.get());
}

// ---- errors --------------------------------------------------------------------------

bool Stage::mends(GstObject *failed) {
  if (video_mix_->has(failed) || audio_mix_->has(failed))
    return false;
  GST_WARNING_OBJECT(bin_, "replacing the decoder after an error of %" GST_PTR_FORMAT, failed);
  struct Job {
    std::shared_ptr<Alive> alive;
    ObjectRef failed;
  };
  gst_element_call_async(
      GST_ELEMENT(bin_),
      [](GstElement *, gpointer data) {
        auto job = static_cast<Job *>(data);
        std::lock_guard<std::mutex> lock(job->alive->mutex);
        if (job->alive->stage)
          job->alive->stage->replace_decoder(job->failed.get());
      },
      new Job{alive_, ObjectRef(GST_OBJECT(gst_object_ref(failed)))},
      [](gpointer data) { delete static_cast<Job *>(data); });
  return true;
}

void Stage::replace_decoder(GstObject *failed) {
  std::map<std::string, std::shared_ptr<Feed>> feeds;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    feeds = feeds_;
  }
  std::string missing;
  for (const auto &[name, feed] : feeds) {
    if (!feed->has(failed) || feed->replace(failed, &missing))
      continue;
    if (const auto input = input_of(name))
      scene_->gone(*input, 0);
    warn_undecoded(bin_, missing);
  }
}

}  // namespace rtms::program
