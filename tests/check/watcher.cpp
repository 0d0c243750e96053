// SPDX-License-Identifier: LGPL-2.1-or-later
#include "watcher.h"

#include "recording.h"

#include <gst/video/video.h>

#include <algorithm>
#include <cmath>

namespace rtmscheck {
namespace {

constexpr auto kBuffersAndEvents =
    static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM);
constexpr int kBytesPerSample = 4, kRate = 48000;
// Speech is below 8600, and a resampler that starts anew overshoots.
constexpr int kBeep = 12000;

double seconds(GstClockTime time) {
  return static_cast<double>(time) / static_cast<double>(GST_SECOND);
}

uint8_t cell_mean(const GstVideoFrame &frame, int column, int row) {
  const int width = GST_VIDEO_FRAME_WIDTH(&frame) / static_cast<int>(Frame::kColumns),
            height = GST_VIDEO_FRAME_HEIGHT(&frame) / static_cast<int>(Frame::kRows);
  const auto luma = static_cast<const uint8_t *>(GST_VIDEO_FRAME_PLANE_DATA(&frame, 0));
  const int stride = GST_VIDEO_FRAME_PLANE_STRIDE(&frame, 0);
  unsigned sum = 0, count = 0;
  for (int y = row * height; y < (row + 1) * height; y += 2)
    for (int x = column * width; x < (column + 1) * width; x += 2, count++)
      sum += luma[y * stride + x];
  return static_cast<uint8_t>(sum / count);
}

Frame frame_of(GstPad *pad, GstBuffer *buffer) {
  Frame frame;
  frame.pts = GST_BUFFER_PTS(buffer);
  frame.duration = GST_BUFFER_DURATION(buffer);
  CapsPtr caps(gst_pad_get_current_caps(pad));
  GstVideoInfo info;
  GstVideoFrame mapped;
  ck_assert(gst_video_info_from_caps(&info, caps.get()));
  ck_assert(gst_video_frame_map(&mapped, &info, buffer, GST_MAP_READ));
  for (unsigned cell = 0; cell < frame.luma.size(); cell++)
    frame.luma[cell] = cell_mean(mapped, static_cast<int>(cell % Frame::kColumns),
                                 static_cast<int>(cell / Frame::kColumns));
  gst_video_frame_unmap(&mapped);
  return frame;
}

Block block_of(GstBuffer *buffer) {
  Block block;
  block.pts = GST_BUFFER_PTS(buffer);
  block.duration = GST_BUFFER_DURATION(buffer);
  block.discont = GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_DISCONT);
  GstMapInfo map;
  ck_assert(gst_buffer_map(buffer, &map, GST_MAP_READ));
  block.bytes = map.size;
  auto samples = reinterpret_cast<const int16_t *>(map.data);
  for (std::size_t at = 0; at < map.size / sizeof *samples; at++) {
    block.peak = std::max(block.peak, std::abs(int{samples[at]}));
    if (block.peak > kBeep && block.loud == GST_CLOCK_TIME_NONE)
      block.loud = block.pts + gst_util_uint64_scale(at / 2, GST_SECOND, kRate);
  }
  gst_buffer_unmap(buffer, &map);
  return block;
}

}  // namespace

double Frame::mean(unsigned left, unsigned top, unsigned right, unsigned bottom) const {
  unsigned sum = 0;
  for (unsigned row = top; row < bottom; row++)
    for (unsigned column = left; column < right; column++)
      sum += luma[row * kColumns + column];
  return static_cast<double>(sum) / ((right - left) * (bottom - top));
}

double Frame::spread(unsigned left, unsigned top, unsigned right, unsigned bottom) const {
  int least = 255, most = 0;
  for (unsigned row = top; row < bottom; row++)
    for (unsigned column = left; column < right; column++) {
      least = std::min<int>(least, luma[row * kColumns + column]);
      most = std::max<int>(most, luma[row * kColumns + column]);
    }
  return most - least;
}

const Frame &Watched::frame_at(double at) const {
  for (const Frame &frame : frames)
    if (seconds(frame.pts + frame.duration) > at)
      return frame;
  ck_abort_msg("no frame at %f s", at);
}

double Watched::first(const std::function<bool(const Frame &)> &holds, double from) const {
  for (const Frame &frame : frames)
    if (seconds(frame.pts) >= from && holds(frame))
      return seconds(frame.pts);
  return INFINITY;
}

const GstMessage *Watched::message(GstMessageType type) const {
  for (const MessagePtr &message : messages)
    if (GST_MESSAGE_TYPE(message.get()) == type)
      return message.get();
  return nullptr;
}

std::vector<Frame> frames_of(const std::string &file) {
  std::vector<Frame> frames;
  const std::string description = "filesrc location=" + file +
                                  " ! decodebin name=all all. ! videoconvert ! videoscale ! "
                                  "video/x-raw,format=I420,width=640,height=360 ! fakesink name=to";
  const ElementPtr pipeline = parse_launch(description.c_str());
  const ElementPtr sink(gst_bin_get_by_name(GST_BIN(pipeline.get()), "to"));
  g_object_set(sink.get(), "sync", FALSE, nullptr);
  const Ptr<GstPad, gst_object_unref> pad(gst_element_get_static_pad(sink.get(), "sink"));
  gst_pad_add_probe(
      pad.get(), GST_PAD_PROBE_TYPE_BUFFER,
      [](GstPad *at, GstPadProbeInfo *info, gpointer to) {
        static_cast<std::vector<Frame> *>(to)->push_back(
            frame_of(at, GST_PAD_PROBE_INFO_BUFFER(info)));
        return GST_PAD_PROBE_OK;
      },
      &frames, nullptr);
  play(pipeline.get());
  return frames;
}

Watcher::Watcher(const Setup &setup)
    : pipeline_(GST_ELEMENT(gst_object_ref_sink(gst_pipeline_new(nullptr)))),
      program_(gst_element_factory_make("rtmsprogram", nullptr)) {
  ck_assert(program_);
  gst_bin_add(GST_BIN(pipeline_.get()), program_);
  g_signal_connect(program_, "pad-added", G_CALLBACK(on_pad_added), this);
  g_object_set(program_, "width", 640, "height", 360, nullptr);
  set(program_, "video-resolution", "sd");
  set(program_, "screen-resolution", "sd");
  setup(program_);
  Ptr<GstPad, gst_object_unref> video(gst_element_get_static_pad(program_, "video")),
      audio(gst_element_get_static_pad(program_, "audio"));
  watch(video.get(), on_video);
  watch(audio.get(), on_audio);
  Ptr<GstBus, gst_object_unref> bus(gst_element_get_bus(pipeline_.get()));
  gst_bus_set_sync_handler(bus.get(), on_message, this, nullptr);
}

Watcher::Watcher(const Server &server, const Setup &setup)
    : Watcher([&](GstElement *program) {
        g_object_set(program, "webhook", server.webhook_json().c_str(), "client-id", "test-client",
                     "client-secret", "test-secret", nullptr);
        setup(program);
      }) {}

Watcher::~Watcher() {
  gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
}

void Watcher::watch(GstPad *pad, GstPadProbeCallback probe) {
  GstElement *sink = gst_element_factory_make("fakesink", nullptr);
  g_object_set(sink, "sync", FALSE, "async", FALSE, "enable-last-sample", FALSE, nullptr);
  gst_bin_add(GST_BIN(pipeline_.get()), sink);
  gst_element_sync_state_with_parent(sink);
  gst_pad_add_probe(pad, kBuffersAndEvents, probe, this, nullptr);
  Ptr<GstPad, gst_object_unref> to(gst_element_get_static_pad(sink, "sink"));
  ck_assert_int_eq(gst_pad_link(pad, to.get()), GST_PAD_LINK_OK);
}

void Watcher::on_pad_added(GstElement *, GstPad *pad, gpointer data) {
  auto self = static_cast<Watcher *>(data);
  if (!gst_pad_get_pad_template(pad) || !g_str_equal(GST_PAD_NAME(pad), "captions"))
    return;
  {
    std::lock_guard<std::mutex> lock(self->mutex_);
    self->watched_.captions_pad = true;
  }
  self->watch(pad, on_captions);
}

void Watcher::note(GstEvent *event, std::vector<std::string> *caps, bool *eos) {
  if (GST_EVENT_TYPE(event) == GST_EVENT_EOS)
    *eos = true;
  if (GST_EVENT_TYPE(event) != GST_EVENT_CAPS)
    return;
  GstCaps *of = nullptr;
  gst_event_parse_caps(event, &of);
  caps->push_back(CharPtr(gst_caps_to_string(of)).get());
}

GstPadProbeReturn Watcher::on_video(GstPad *pad, GstPadProbeInfo *info, gpointer data) {
  auto self = static_cast<Watcher *>(data);
  const bool is_buffer = (info->type & GST_PAD_PROBE_TYPE_BUFFER) != 0;
  Frame frame;
  if (is_buffer)
    frame = frame_of(pad, GST_PAD_PROBE_INFO_BUFFER(info));
  std::lock_guard<std::mutex> lock(self->mutex_);
  Watched &watched = self->watched_;
  if (is_buffer)
    watched.frames.push_back(frame);
  else
    self->note(GST_PAD_PROBE_INFO_EVENT(info), &watched.video_caps, &watched.video_eos);
  self->changed_.notify_all();
  return GST_PAD_PROBE_OK;
}

GstPadProbeReturn Watcher::on_audio(GstPad *, GstPadProbeInfo *info, gpointer data) {
  auto self = static_cast<Watcher *>(data);
  std::lock_guard<std::mutex> lock(self->mutex_);
  Watched &watched = self->watched_;
  if (info->type & GST_PAD_PROBE_TYPE_BUFFER)
    watched.blocks.push_back(block_of(GST_PAD_PROBE_INFO_BUFFER(info)));
  else
    self->note(GST_PAD_PROBE_INFO_EVENT(info), &watched.audio_caps, &watched.audio_eos);
  self->changed_.notify_all();
  return GST_PAD_PROBE_OK;
}

GstPadProbeReturn Watcher::on_captions(GstPad *, GstPadProbeInfo *info, gpointer data) {
  auto self = static_cast<Watcher *>(data);
  if (!(info->type & GST_PAD_PROBE_TYPE_BUFFER))
    return GST_PAD_PROBE_OK;
  GstMapInfo map;
  GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER(info);
  ck_assert(gst_buffer_map(buffer, &map, GST_MAP_READ));
  std::lock_guard<std::mutex> lock(self->mutex_);
  self->watched_.captions.emplace_back(reinterpret_cast<const char *>(map.data), map.size);
  gst_buffer_unmap(buffer, &map);
  self->changed_.notify_all();
  return GST_PAD_PROBE_OK;
}

GstBusSyncReply Watcher::on_message(GstBus *, GstMessage *message, gpointer data) {
  auto self = static_cast<Watcher *>(data);
  std::lock_guard<std::mutex> lock(self->mutex_);
  self->latency_changed_ |= GST_MESSAGE_TYPE(message) == GST_MESSAGE_LATENCY;
  self->watched_.messages.emplace_back(gst_message_ref(message));
  self->changed_.notify_all();
  return GST_BUS_PASS;
}

void Watcher::play() {
  ck_assert_int_ne(gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING),
                   GST_STATE_CHANGE_FAILURE);
}

// As applications do, the thread that waits computes the latency anew.
bool Watcher::wait(const Predicate &predicate, int timeout_ms) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms);
  std::unique_lock<std::mutex> lock(mutex_);
  for (;;) {
    const bool awake = changed_.wait_until(lock, deadline,
                                           [&] { return latency_changed_ || predicate(watched_); });
    if (!latency_changed_)
      return awake;
    latency_changed_ = false;
    lock.unlock();
    gst_bin_recalculate_latency(GST_BIN(pipeline_.get()));
    lock.lock();
  }
}

void Watcher::wait_eos(int timeout_ms) {
  const bool ended = wait(
      [](const Watched &w) { return w.message(GST_MESSAGE_EOS) || w.message(GST_MESSAGE_ERROR); },
      timeout_ms);
  ck_assert_msg(ended, "no EOS");
  stop();
  if (const GstMessage *error = watched_.message(GST_MESSAGE_ERROR))
    ck_abort_msg("%s", failure_of(error).text.c_str());
  ck_assert(watched_.video_eos && watched_.audio_eos);
}

void Watcher::stop() {
  const Awake awake;
  ck_assert_int_eq(gst_element_set_state(pipeline_.get(), GST_STATE_NULL),
                   GST_STATE_CHANGE_SUCCESS);
  expect_prompt("stopping", awake, kPromptMs);
}

void Watcher::clear() {
  std::lock_guard<std::mutex> lock(mutex_);
  watched_ = {};
}

Moments flashes_and_beeps(const Watched &watched) {
  Moments found;
  bool white = false, loud = false;
  for (const Frame &frame : watched.frames) {
    if (frame.mean() > 150 && !white)
      found.flashes.push_back(seconds(frame.pts));
    white = frame.mean() > 150;
  }
  for (const Block &block : watched.blocks) {
    const bool beeps = block.loud != GST_CLOCK_TIME_NONE;
    if (beeps && !loud)
      found.beeps.push_back(seconds(block.loud));
    loud = beeps;
  }
  return found;
}

void expect_constant(const Watched &watched, int fps) {
  ck_assert_uint_eq(watched.video_caps.size(), 1);
  ck_assert_uint_eq(watched.audio_caps.size(), 1);
  ck_assert_uint_gt(watched.frames.size(), 0);
  ck_assert_uint_gt(watched.blocks.size(), 0);
  for (std::size_t at = 0; at < watched.frames.size(); at++)
    ck_assert_uint_eq(watched.frames[at].pts,
                      gst_util_uint64_scale(at, GST_SECOND, static_cast<guint64>(fps)));
  guint64 samples = 0;
  for (const Block &block : watched.blocks) {
    ck_assert_uint_eq(block.pts, gst_util_uint64_scale(samples, GST_SECOND, kRate));
    ck_assert(!block.discont || samples == 0);
    samples += block.bytes / kBytesPerSample;
  }
  const double video = static_cast<double>(watched.frames.size()) / fps,
               audio = static_cast<double>(samples) / kRate;
  ck_assert_msg(!watched.video_eos || std::fabs(video - audio) <= 0.1,
                "%f s of video, %f s of audio", video, audio);
}

}  // namespace rtmscheck
