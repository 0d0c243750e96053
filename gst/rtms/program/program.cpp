// SPDX-License-Identifier: LGPL-2.1-or-later
#include "program.h"

#include "element/gstrtmssrc.h"
#include "encoderdelay.h"

#include <cstring>

GST_DEBUG_CATEGORY_EXTERN(gst_rtms_program_debug);
#define GST_CAT_DEFAULT gst_rtms_program_debug

namespace rtms::program {
namespace {

// PROGRESS as INFO. gst-launch-1.0 shows the details only.
void inform(GstElement *element, GstMessage *progress) {
  GstProgressType type = GST_PROGRESS_TYPE_ERROR;
  char *raw_text = nullptr;
  gst_message_parse_progress(progress, &type, nullptr, &raw_text);
  StringPtr text(raw_text);
  if (type == GST_PROGRESS_TYPE_START || type == GST_PROGRESS_TYPE_CONTINUE)
    GST_ELEMENT_INFO(element, RESOURCE, BUSY, ("%s", text.get()), ("%s", text.get()));
}

}  // namespace

Program::Program(GstBin *bin) : bin_(bin) {
  source_ = GST_ELEMENT(g_object_new(GST_TYPE_RTMS_SRC, "name", "source", nullptr));
  gst_bin_add(bin, source_);
  g_signal_connect(source_, "pad-added", G_CALLBACK(on_pad_added), this);
  g_signal_connect(source_, "no-more-pads", G_CALLBACK(on_no_more_pads), this);
  observer_ = std::make_unique<Observer>(source_, &scene_);
  video_mix_ = std::make_unique<VideoMix>(bin, &scene_, &missing_);
  if (missing_.empty())
    audio_mix_ = std::make_unique<AudioMix>(bin, &missing_);
}

Program::~Program() = default;

bool Program::prepare(const Settings &settings, std::string *error) {
  settings_ = settings;
  scene_.reset();
  scene_.set_layout(settings.layout);
  observer_->set_name_tags(settings.name_tags);
  {
    std::lock_guard<std::mutex> lock(mutex_);
    running_feeds_ = 0;
    end_ = 0;
    all_pads_ = eos_sent_ = false;
  }
  PadPtr audio(gst_element_get_static_pad(GST_ELEMENT(bin_), "audio"));
  if (!video_mix_->prepare(settings.video, encoder_delay(audio.get()), error))
    return false;
  audio_mix_->prepare();
  update_latency();
  return true;
}

void Program::begin(GstClockTime time) {
  video_mix_->begin(time);
  audio_mix_->begin(time);
}

void Program::stop() {
  std::lock_guard<std::mutex> lock(feeds_mutex_);
  feeds_.clear();
  for (const auto &[name, pad] : audio_pads_)
    audio_mix_->remove_pad(pad.get());
  audio_pads_.clear();
  text_.reset();
}

void Program::set_layout(Layout layout) {
  scene_.set_layout(layout);
  update_wanted();
}

void Program::update_wanted() {
  const Layout layout = scene_.layout();
  std::lock_guard<std::mutex> lock(feeds_mutex_);
  for (const auto &[name, feed] : feeds_)
    feed->set_wanted(name == "video"    ? shows_camera(layout)
                     : name == "screen" ? shows_screen(layout)
                                        : true);
}

void Program::update_latency() {
  guint latency_ms = 0;
  g_object_get(source_, "latency", &latency_ms, nullptr);
  video_mix_->set_upstream_latency(latency_ms * GST_MSECOND);
  audio_mix_->set_upstream_latency(latency_ms * GST_MSECOND);
}

// ---- the end -------------------------------------------------------------------------

void Program::feed_changed(bool running, GstClockTime end) {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    running_feeds_ += running ? 1u : -1u;
    end_ = std::max(end_, end);
  }
  end_where_over();
}

void Program::end_where_over() {
  GstClockTime end = 0;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (running_feeds_ > 0 || !(all_pads_ || eos_sent_))
      return;
    end = end_ > 0 ? end_ : observer_->now();
  }
  GST_INFO_OBJECT(bin_, "the program ends at %" GST_TIME_FORMAT, GST_TIME_ARGS(end));
  video_mix_->output().end_at(end);
  audio_mix_->output().end_at(end);
}

bool Program::send_eos() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    eos_sent_ = true;
  }
  const bool sent = gst_element_send_event(source_, gst_event_new_eos());
  end_where_over();
  return sent;
}

// ---- pads of rtmssrc -----------------------------------------------------------------

void Program::on_pad_added(GstElement *, GstPad *pad, gpointer data) {
  auto self = static_cast<Program *>(data);
  StringPtr name(gst_pad_get_name(pad));
  if (std::strcmp(name.get(), "transcript") == 0)
    self->add_text(pad);
  else if (std::strcmp(name.get(), "chat") != 0)
    self->add_feed(name.get(), pad);
}

void Program::on_no_more_pads(GstElement *, gpointer data) {
  auto self = static_cast<Program *>(data);
  {
    std::lock_guard<std::mutex> lock(self->mutex_);
    self->all_pads_ = true;
  }
  self->end_where_over();
}

void Program::add_feed(const std::string &name, GstPad *pad) {
  const bool video = name == "video" || name == "screen";
  std::unique_lock<std::mutex> feeds_lock(feeds_mutex_);
  feeds_.erase(name);
  if (!video && !audio_pads_[name])
    audio_pads_[name] = audio_mix_->add_pad();
  GstPad *to = video ? video_mix_->pad(name == "video" ? Input::Camera : Input::Screen)
                     : audio_pads_[name].get();
  if (name == "video")
    observer_->watch_tags(pad);
  auto feed = std::make_unique<Feed>(
      bin_, video ? Medium::Video : Medium::Audio, pad, to,
      [this, name](bool running, GstClockTime end) {
        // The last frame is the program's last one, unless other media go on.
        if (!running && (name == "video" || name == "screen"))
          scene_.gone(name == "video" ? Input::Camera : Input::Screen, end + GST_SECOND);
        feed_changed(running, end);
      });
  {
    std::lock_guard<std::mutex> lock(mutex_);
    running_feeds_++;
  }
  std::string missing;
  if (feed->connect(&missing)) {
    feeds_[name] = std::move(feed);
  } else {
    feed.reset();
    feed_changed(false, 0);
  }
  feeds_lock.unlock();
  update_wanted();
  if (!missing.empty())
    GST_ELEMENT_WARNING(bin_, STREAM, CODEC_NOT_FOUND,
                        ("The program has no %s: no element decodes %s. Install a GStreamer plugin "
                         "that does, such as gstreamer1.0-libav.",
                         name.c_str(), missing.c_str()),
                        (nullptr));
}

// ---- texts ---------------------------------------------------------------------------

void Program::add_text(GstPad *pad) {
  if (settings_.captions == CaptionMode::Off)
    return;
  std::lock_guard<std::mutex> lock(feeds_mutex_);
  text_ = std::make_unique<TextFeed>(GST_ELEMENT(bin_), pad,
                                     settings_.captions == CaptionMode::Burn ? &scene_ : nullptr);
}

// ---- messages ------------------------------------------------------------------------

bool Program::handle(GstMessage *message) {
  const bool of_source = GST_MESSAGE_SRC(message) == GST_OBJECT(source_);
  switch (GST_MESSAGE_TYPE(message)) {
    case GST_MESSAGE_ERROR:
      return handle_error(message);
    case GST_MESSAGE_ELEMENT:
      if (of_source)
        observer_->message(gst_message_get_structure(message));
      return true;
    case GST_MESSAGE_PROGRESS:
      // A pipeline would wait in PAUSED until the meeting begins.
      if (of_source)
        inform(GST_ELEMENT(bin_), message);
      return !of_source;
    case GST_MESSAGE_STREAM_COLLECTION:
    case GST_MESSAGE_STREAMS_SELECTED:
      // Of streams that no pad of the bin carries.
      return !of_source;
    default:
      return true;
  }
}

bool Program::handle_error(GstMessage *message) {
  GstObject *of = GST_MESSAGE_SRC(message);
  if (of == GST_OBJECT(source_)) {
    std::lock_guard<std::mutex> lock(mutex_);
    // That there were no data is none where the application ends the program.
    return !eos_sent_;
  }
  if (video_mix_->has(of) || audio_mix_->has(of))
    return true;
  GST_WARNING_OBJECT(bin_, "replacing the decoder after an error of %" GST_PTR_FORMAT, of);
  struct Failed {
    Program *self;
    GstObject *of;
  };
  gst_element_call_async(
      GST_ELEMENT(bin_),
      [](GstElement *, gpointer data) {
        auto failed = static_cast<Failed *>(data);
        failed->self->replace_decoder(failed->of);
      },
      new Failed{this, GST_OBJECT(gst_object_ref(of))},
      [](gpointer data) {
        auto failed = static_cast<Failed *>(data);
        gst_object_unref(failed->of);
        delete failed;
      });
  return false;
}

void Program::replace_decoder(GstObject *failed) {
  std::string missing;
  std::lock_guard<std::mutex> lock(feeds_mutex_);
  for (const auto &[name, feed] : feeds_)
    if (feed->has(failed) && !feed->replace(&missing))
      GST_WARNING_OBJECT(bin_, "no other element decodes %s", missing.c_str());
}

}  // namespace rtms::program
