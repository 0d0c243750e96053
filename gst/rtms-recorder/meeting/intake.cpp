// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intake.h"

#include "common/memory.h"
#include "common/names.h"

#include <algorithm>
#include <utility>

namespace rtms::recorder {
namespace {

// All meetings share one receiving thread.
constexpr char kContext[] = "rtms-recorder";
// A meeting is announced only once, so a service that starts slowly must not end the recording.
constexpr unsigned kConnectWindow_ms = 60000;
constexpr unsigned kTextWait_ms = 6000;
// As often as the mixer takes audio.
constexpr unsigned kBatch_ms = 100;

// A recording can wait for a stalled connection, which counts as lost after 65 s.
constexpr unsigned kStallWait_ms = 70000;
// The service keeps a stream for 60 s, counted from when it notices the loss itself, 30 to 65 s
// later. A media server may be away for longer than its buffers last: the rest is still recorded.
constexpr unsigned kSignalingWindow_ms = 130000, kMediaWindow_ms = 600000;

std::string media_types(const Options &options) {
  std::string types = "audio+transcript+chat";
  if (options.video)
    types += "+video";
  if (options.screen || options.program.shows_screen())
    types += "+screen";
  return types;
}

program::Input input(bool screen) {
  return screen ? program::Input::Screen : program::Input::Camera;
}

std::string text_of(GstBuffer *buffer) {
  std::string text(gst_buffer_get_size(buffer), '\0');
  gst_buffer_extract(buffer, 0, text.data(), text.size());
  return text;
}

}  // namespace

// The state of a pad's probe.
struct Intake::Passing {
  Intake *intake;
  Kind kind;
  GstClockTime last = GST_CLOCK_TIME_NONE;
  // Of pictures that wait for the file:
  ElementPtr queue = nullptr;
  std::unique_ptr<MemoryShare> share = nullptr;
  int64_t full_since_us = 0, left_out_us = 0;  // monotonic; 0: never
  unsigned left_out = 0;                       // frames that are not told yet
  bool skips = false;                          // up to a keyframe

  void set_apart(GstPadProbeInfo *info);
  bool takes(GstPad *pad, GstPadProbeInfo *info);
  bool is_full(uint64_t size);
  void tell_left_out(GstPad *pad);
};

// Makes timestamps unique: h264parse drops that of a second frame with the same time, and MP4 needs
// one.
void Intake::Passing::set_apart(GstPadProbeInfo *info) {
  GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER(info);
  const GstClockTime time = GST_BUFFER_PTS(buffer);
  if (!GST_CLOCK_TIME_IS_VALID(time))
    return;
  const bool apart = !GST_CLOCK_TIME_IS_VALID(last) || time > last;
  last = apart ? time : last + GST_MSECOND;
  if (apart)
    return;
  buffer = gst_buffer_make_writable(buffer);
  GST_BUFFER_PTS(buffer) = last;
  GST_BUFFER_DTS(buffer) = GST_CLOCK_TIME_NONE;
  info->data = buffer;
}

// The disk has been too slow for the queue for a while, or, with little memory, the audio too late.
bool Intake::Passing::is_full(uint64_t size) {
  constexpr int64_t kPatience_us = 2 * G_USEC_PER_SEC;
  guint waiting = 0;
  g_object_get(queue.get(), "current-level-bytes", &waiting, nullptr);
  const int64_t now_us = g_get_monotonic_time();
  if (waiting == 0 || waiting + size <= MemoryShare::bytes())
    full_since_us = 0;
  else if (!full_since_us)
    full_since_us = now_us;
  return full_since_us &&
         (waiting + size > MemoryShare::kMost || now_us - full_since_us > kPatience_us);
}

// A push into a full queue would stop the audio, which has the same thread: pictures are left out
// instead, up to a keyframe.
bool Intake::Passing::takes(GstPad *pad, GstPadProbeInfo *info) {
  constexpr int64_t kQuiet_us = 10 * G_USEC_PER_SEC;
  if (!intake->released_ || !queue)
    return true;
  GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER(info);
  const int64_t now_us = g_get_monotonic_time();
  if (is_full(gst_buffer_get_size(buffer)) ||
      (skips && GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_DELTA_UNIT))) {
    if (!left_out++)
      intake->listener_->intake_left_out(
          std::string(GST_PAD_NAME(pad)) +
          ": more pictures wait for the file than there is memory for: frames are left out");
    left_out_us = now_us;
    skips = true;
    return false;
  }
  if (std::exchange(skips, false)) {
    info->data = gst_buffer_make_writable(buffer);
    GST_BUFFER_FLAG_SET(GST_PAD_PROBE_INFO_BUFFER(info), GST_BUFFER_FLAG_DISCONT);
  }
  if (left_out && now_us - left_out_us > kQuiet_us)
    tell_left_out(pad);
  return true;
}

void Intake::Passing::tell_left_out(GstPad *pad) {
  if (const unsigned frames = std::exchange(left_out, 0))
    intake->listener_->intake_left_out(
        std::string(GST_PAD_NAME(pad)) + ": " + std::to_string(frames) +
        " frames are not in the file: the disk was too slow, or the audio too late");
}

Intake::Intake(const Options &options, const std::string &webhook, GstBin *pipeline, Sound *sound,
               Texts *texts, CaptureTime *capture, IntakeListener *listener, IntakeTap *tap)
    : pipeline_(pipeline),
      sound_(sound),
      texts_(texts),
      capture_(capture),
      listener_(listener),
      tap_(tap),
      holds_screen_(options.screen),
      src_(make_element("rtmssrc")) {
  GObject *src = G_OBJECT(src_.get());
  g_object_set(src, "webhook", webhook.c_str(), "client-id", options.client_id.c_str(),
               "client-secret", options.client_secret.c_str(), "context", kContext, "buffer-data",
               TRUE, "audio-rate", static_cast<int>(options.audio_rate), nullptr);
  gst_util_set_object_arg(src, "fill", "black");
  // JSON contains all versions of a line, and its real start.
  gst_util_set_object_arg(src, "transcript-format", "json");
  // Media this late keeps its place; lines may be a little later than other media.
  g_object_set(src, "latency", static_cast<guint>(Frontier::kStandstill / GST_MSECOND), "text-wait",
               kTextWait_ms, "batch-time", kBatch_ms, "share-thread", TRUE, "stall-wait",
               kStallWait_ms, "connect-window", kConnectWindow_ms, "signaling-reconnect-window",
               kSignalingWindow_ms, "media-reconnect-window", kMediaWindow_ms, nullptr);
  gst_util_set_object_arg(src, "media-types", media_types(options).c_str());
  gst_util_set_object_arg(src, "audio-streams", options.speakers ? "per-participant" : "mixed");
  for (const char *name : {"video-resolution", "screen-resolution"})
    gst_util_set_object_arg(src, name, options.video_resolution.c_str());
  if (!options.ca_file.empty())
    g_object_set(src, "tls-ca-file", options.ca_file.c_str(), nullptr);
  g_signal_connect(src, "pad-added", G_CALLBACK(on_pad_added), this);
  // Of a participant, whose input stays behind.
  const auto removed = +[](GstElement *, GstPad *pad, gpointer data) {
    auto self = static_cast<Intake *>(data);
    const auto own = GST_BIN(gst_object_ref(self->pipeline_));
    self->later_([self, pipeline = std::shared_ptr<GstBin>(own, gst_object_unref),
                  name = std::string(GST_PAD_NAME(pad))] {
      self->sound_->disconnect(pipeline.get(), name);
    });
  };
  g_signal_connect(src, "pad-removed", G_CALLBACK(removed), this);
  gst_bin_add(pipeline, src_.get());
  // Handled synchronously: a participant may return and speak before the main thread handles the
  // leave message.
  bus_.reset(gst_element_get_bus(GST_ELEMENT(pipeline)));
  gst_bus_enable_sync_message_emission(bus_.get());
  g_signal_connect(bus_.get(), "sync-message::element", G_CALLBACK(on_message), this);
}

Intake::~Intake() {
  g_signal_handlers_disconnect_by_data(src_.get(), this);
  g_signal_handlers_disconnect_by_data(bus_.get(), this);
  gst_bus_disable_sync_message_emission(bus_.get());
}

StructurePtr Intake::stats() const {
  GstStructure *stats = nullptr;
  g_object_get(src_.get(), "stats", &stats, nullptr);
  return StructurePtr(stats);
}

void Intake::notify(const std::string &webhook) {
  g_signal_emit_by_name(src_.get(), "notify-webhook", webhook.c_str());
}

void Intake::send_eos() {
  gst_element_send_event(src_.get(), gst_event_new_eos());
}

void Intake::on_message(GstBus *, GstMessage *message, gpointer data) {
  auto self = static_cast<Intake *>(data);
  const GstStructure *structure = gst_message_get_structure(message);
  Sound *sound = self->sound_;
  if (self->tap_)
    self->tap_->tap_message(structure);
  guint64 user = 0;
  gst_structure_get_uint64(structure, "user-id", &user);
  const char *name = gst_structure_get_string(structure, "user-name");
  if (gst_structure_has_name(structure, "rtms-participant-joined"))
    sound->joined(std::to_string(user), name ? name : "");
  else if (gst_structure_has_name(structure, "rtms-participant-left"))
    sound->left(std::to_string(user));
  else if (gst_structure_has_name(structure, "rtms-active-speaker"))
    sound->levels()->active(shown(name ? name : ""));
}

// ---- pads ----------------------------------------------------------------------------

Intake::Kind Intake::kind_of(GstPad *pad) {
  StringPtr name(gst_pad_get_name(pad));
  if (g_str_has_prefix(name.get(), "audio"))
    return Kind::Audio;
  if (g_str_has_prefix(name.get(), "video"))
    return Kind::Video;
  if (g_str_equal(name.get(), "screen"))
    return Kind::Screen;
  return g_str_equal(name.get(), "transcript") ? Kind::Transcript : Kind::Chat;
}

void Intake::on_pad_added(GstElement *, GstPad *pad, gpointer self) {
  static_cast<Intake *>(self)->add(pad);
}

void Intake::add(GstPad *pad) {
  const Kind kind = kind_of(pad);
  pads_++;
  const auto passing = new Passing{this, kind};
  gst_pad_add_probe(
      pad,
      static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM),
      on_data, passing, [](gpointer data) { delete static_cast<Passing *>(data); });
  if (kind == Kind::Audio) {
    if (!sound_->connect(pipeline_, pad))
      leave_out(pad);
  } else if (kind == Kind::Chat || kind == Kind::Transcript) {
    has_transcript_ = has_transcript_ || kind == Kind::Transcript;
    swallow(pad);
  } else if (kind == Kind::Screen && !holds_screen_) {
    swallow(pad);
  } else {
    hold(pad, passing);
  }
}

// Links the pad to an element, which it adds to the pipeline.
void Intake::follow(GstPad *pad, GstElement *element) {
  gst_bin_add(pipeline_, element);
  gst_element_sync_state_with_parent(element);
  PadPtr entry(gst_element_get_static_pad(element, "sink"));
  gst_pad_link(pad, entry.get());
}

void Intake::swallow(GstPad *pad) {
  GstElement *sink = gst_element_factory_make("fakesink", nullptr);
  set_no_sink(sink);
  g_object_set(sink, "sync", FALSE, "async", FALSE, nullptr);
  follow(pad, sink);
}

void Intake::leave_out(GstPad *pad) {
  const CapsPtr caps(gst_pad_get_current_caps(pad));
  const std::string format =
      caps ? std::string(" (") + StringPtr(gst_caps_to_string(caps.get())).get() + ")" : "";
  listener_->intake_left_out(GST_PAD_NAME(pad) + format +
                             ": it comes too late, or GStreamer has no decoder for it");
  swallow(pad);
}

// Blocks the pad until all tracks are known, because a container's header lists them. The queue has
// room for the media that waits until the audio of the same time is mixed.
void Intake::hold(GstPad *pad, Passing *passing) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (complete_) {
    leave_out(pad);
    return;
  }
  GstElement *queue = gst_element_factory_make("queue", nullptr);
  g_object_set(queue, "max-size-time", G_GUINT64_CONSTANT(0), "max-size-buffers", 0,
               "max-size-bytes", static_cast<guint>(MemoryShare::kMost), nullptr);
  passing->queue.reset(GST_ELEMENT(gst_object_ref_sink(queue)));
  passing->share = std::make_unique<MemoryShare>();
  PadPtr exit(gst_element_get_static_pad(queue, "src"));
  const gulong probe = gst_pad_add_probe(
      exit.get(), GST_PAD_PROBE_TYPE_BLOCK_DOWNSTREAM,
      [](GstPad *, GstPadProbeInfo *, gpointer) { return GST_PAD_PROBE_OK; }, nullptr, nullptr);
  held_.push_back({GST_PAD_NAME(pad), std::move(exit), probe});
  follow(pad, queue);
}

std::vector<Waiting> Intake::waiting() {
  std::lock_guard<std::mutex> lock(mutex_);
  complete_ = true;
  std::vector<Waiting> all;
  for (const Held &held : held_)
    all.push_back({held.name, PadPtr(GST_PAD(gst_object_ref(held.exit.get()))), nullptr,
                   VideoTrack::Source::Live});
  return all;
}

void Intake::release() {
  std::lock_guard<std::mutex> lock(mutex_);
  for (const Held &held : held_)
    gst_pad_remove_probe(held.exit.get(), held.probe);
  held_.clear();
  released_ = true;
}

// ---- data ----------------------------------------------------------------------------

GstPadProbeReturn Intake::on_data(GstPad *pad, GstPadProbeInfo *info, gpointer data) {
  auto passing = static_cast<Passing *>(data);
  if (passing->kind == Kind::Video || passing->kind == Kind::Screen) {
    if (GST_PAD_PROBE_INFO_TYPE(info) & GST_PAD_PROBE_TYPE_BUFFER) {
      passing->set_apart(info);
      if (!passing->takes(pad, info)) {
        if (IntakeTap *tap = passing->intake->tap_)
          tap->tap_buffer(input(passing->kind == Kind::Screen), pad,
                          GST_PAD_PROBE_INFO_BUFFER(info));
        return GST_PAD_PROBE_DROP;
      }
    } else if (GST_EVENT_TYPE(GST_PAD_PROBE_INFO_EVENT(info)) == GST_EVENT_SEGMENT) {
      passing->last = GST_CLOCK_TIME_NONE;
    } else if (GST_EVENT_TYPE(GST_PAD_PROBE_INFO_EVENT(info)) == GST_EVENT_EOS) {
      passing->tell_left_out(pad);
    }
  }
  if (GST_PAD_PROBE_INFO_TYPE(info) & GST_PAD_PROBE_TYPE_BUFFER)
    passing->intake->buffer(passing->kind, pad, GST_PAD_PROBE_INFO_BUFFER(info));
  else
    passing->intake->event(passing->kind, pad, GST_PAD_PROBE_INFO_EVENT(info));
  return GST_PAD_PROBE_OK;
}

void Intake::buffer(Kind kind, GstPad *pad, GstBuffer *buffer) {
  const GstClockTime start = running_time(pad, GST_BUFFER_PTS(buffer));
  if (!GST_CLOCK_TIME_IS_VALID(start))
    return;
  if (kind != Kind::Chat && !GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_GAP))
    sound_->came();
  if (tap_ && (kind == Kind::Video || kind == Kind::Screen))
    tap_->tap_buffer(input(kind == Kind::Screen), pad, buffer);
  if (kind == Kind::Transcript || kind == Kind::Chat) {
    text(kind, start, buffer);
    return;
  }
  if (kind == Kind::Video || (kind == Kind::Screen && holds_screen_))
    sound_->waits(start, gst_buffer_get_size(buffer));
  capture_->note(buffer, start, kind == Kind::Audio);
  // Audio counts when it is mixed.
  reached(start, false);
}

void Intake::reached(GstClockTime running, bool audio) {
  sound_->reached(running, audio);
  texts_->reached(running);
}

void Intake::text(Kind kind, GstClockTime start, GstBuffer *buffer) {
  const std::string json = text_of(buffer);
  if (kind == Kind::Chat)
    texts_->chat(json);
  else if (const auto spoken = read_spoken(json)) {
    const GstClockTime place = capture_->running_time(spoken->start_ms, start);
    texts_->transcript(*spoken, place);
    if (tap_)
      tap_->tap_line(*spoken, place);
  }
}

void Intake::event(Kind kind, GstPad *pad, GstEvent *event) {
  if (tap_ && (kind == Kind::Video || kind == Kind::Screen))
    tap_->tap_event(input(kind == Kind::Screen), pad, event);
  if (GST_EVENT_TYPE(event) == GST_EVENT_GAP) {
    GstClockTime start = 0, duration = 0;
    gst_event_parse_gap(event, &start, &duration);
    const GstClockTime end = GST_CLOCK_TIME_IS_VALID(duration) ? start + duration : start;
    const GstClockTime running = running_time(pad, end);
    if (GST_CLOCK_TIME_IS_VALID(running))
      reached(running, kind == Kind::Audio);
  } else if (GST_EVENT_TYPE(event) == GST_EVENT_EOS) {
    if (kind == Kind::Audio)
      sound_->ended();
    if (kind == Kind::Transcript)
      texts_->finish();
    ended_++;
    listener_->intake_ended();
  }
}

}  // namespace rtms::recorder
