// SPDX-License-Identifier: LGPL-2.1-or-later
#include "joinmedia.h"

#include "base/glibptr.h"
#include "common/gst.h"
#include "jointracks.h"
#include "muxing/waiting.h"

#include <algorithm>
#include <list>
#include <map>
#include <memory>
#include <mutex>

namespace rtms::recorder {
namespace {

// How far one track of a file may be demuxed ahead of another.
constexpr guint64 kAhead = 60 * GST_SECOND;
// Posted when all tracks of all parts are known.
constexpr char kComplete[] = "complete";
// In the STREAM_START events of tails.
constexpr char kContinues[] = "continues";

bool is_mp4(const std::string &file) {
  return g_str_has_suffix(file.c_str(), ".mp4");
}

// Returns "video" or "audio"; empty: not joined.
std::string taken_kind(const JoinInput &input, GstPad *pad) {
  std::string kind = kind_of(pad);
  const bool is_video = kind == "video";
  return input.takes == (is_video ? JoinInput::Takes::Audio : JoinInput::Takes::Video) ? "" : kind;
}

class Joiner {
 public:
  Joiner(const std::vector<JoinInput> &inputs, const std::string &file);
  ~Joiner() { gst_element_set_state(pipeline_.get(), GST_STATE_NULL); }
  std::string run();

 private:
  struct Pad {
    PadPtr pad;    // of the demuxer
    gulong probe;  // that blocks it
    PadPtr next;   // to which it will be linked
  };
  struct Input {
    Joiner *joiner;
    JoinInput input;
    ElementPtr demux;
    std::vector<Pad> pads;
    bool complete = false;
  };
  // A track of the result, joined from the parts' tracks.
  struct Track {
    static constexpr int64_t kTick = GST_MSECOND;  // of timestamps in MKV

    GstElement *concat = nullptr;
    bool is_video = false;
    GstClockTime end = 0;         // of the data so far
    GstClockTime others_end = 0;  // of the previous parts
    // Begin of the last buffer, and of that of the previous parts.
    int64_t last = -kTick, others_last = -kTick;
    bool continues = false, waits = false;  // for a keyframe

    void begin_part(bool is_tail) {
      others_end = end;
      others_last = last;
      continues = is_tail;
      waits = others_last >= 0;
    }
    // Whether the previous parts have the media at `start`. A video frame lasts until the next one,
    // whatever its duration, and the last audio of a part may have no duration.
    bool has(GstClockTime start, GstBuffer *buffer) {
      const bool delta = GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_DELTA_UNIT);
      const int64_t since = static_cast<int64_t>(start) - others_last;
      const bool there = start + GST_MSECOND < others_end || since < kTick;
      const bool left_out = there || (waits && is_video && delta);
      // A tail has the last frame of its part, too. Those after it need no keyframe.
      waits = left_out && !(continues && there && since > -kTick);
      return left_out;
    }
    void passed(GstClockTime start, GstClockTime duration) {
      const bool lasts = !is_video && GST_CLOCK_TIME_IS_VALID(duration);
      end = std::max(end, start + (lasts ? duration : 0));
      last = std::max(last, static_cast<int64_t>(start));
    }
  };
  static void on_pad_added(GstElement *demux, GstPad *pad, gpointer input);
  static GstPadProbeReturn on_blocked(GstPad *pad, GstPadProbeInfo *info, gpointer);
  static void on_no_more_pads(GstElement *demux, gpointer input);
  static GstPadProbeReturn on_data(GstPad *pad, GstPadProbeInfo *info, gpointer track);
  static GstPadProbeReturn on_event(GstPad *pad, GstPadProbeInfo *info, gpointer input);
  static GstPadProbeReturn on_part(GstPad *pad, GstPadProbeInfo *info, gpointer end);
  static GstPadProbeReturn on_caps(GstPad *pad, GstPadProbeInfo *info, gpointer);
  void add_input(const JoinInput &input);
  GstElement *add(const char *kind);
  Track &track(const std::string &kind, unsigned number);
  void prepare(Input *input);
  void link_all();

  const bool mp4_;
  ElementPtr pipeline_{GST_ELEMENT(gst_object_ref_sink(gst_pipeline_new(nullptr)))};
  GstElement *const mux_, *const sink_;
  std::list<Input> inputs_;
  std::map<std::string, Track> tracks_;
  std::mutex mutex_;
};

Joiner::Joiner(const std::vector<JoinInput> &inputs, const std::string &file)
    : mp4_(is_mp4(file)), mux_(add(mp4_ ? "mp4mux" : "matroskamux")), sink_(add("filesink")) {
  g_object_set(sink_, "location", file.c_str(), "async", FALSE, nullptr);
  gst_element_link(mux_, sink_);
  go_on_at_gaps(mux_);
  // A muxer of GStreamer 1.26 that has started reads a new pad before its track is set.
  for (GstElement *element : {mux_, sink_})
    gst_element_set_locked_state(element, TRUE);
  for (const JoinInput &input : inputs)
    add_input(input);
}

GstElement *Joiner::add(const char *kind) {
  GstElement *element = gst_element_factory_make(kind, nullptr);
  gst_bin_add(GST_BIN(pipeline_.get()), element);
  return element;
}

void Joiner::add_input(const JoinInput &input) {
  GstElement *source = add("filesrc"), *demux = add(mp4_ ? "qtdemux" : "matroskademux");
  g_object_set(source, "location", input.file.c_str(), nullptr);
  gst_element_link(source, demux);
  inputs_.push_back({this, input, ElementPtr(GST_ELEMENT(gst_object_ref(demux))), {}, false});
  g_signal_connect(demux, "pad-added", G_CALLBACK(on_pad_added), &inputs_.back());
  g_signal_connect(demux, "no-more-pads", G_CALLBACK(on_no_more_pads), &inputs_.back());
}

// Data wait until the pad is linked, and so does the end of a track without data: nobody would push
// it again.
GstPadProbeReturn Joiner::on_blocked(GstPad *, GstPadProbeInfo *info, gpointer) {
  const bool waits = !(GST_PAD_PROBE_INFO_TYPE(info) & GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM) ||
                     GST_EVENT_TYPE(GST_PAD_PROBE_INFO_EVENT(info)) == GST_EVENT_EOS;
  return waits ? GST_PAD_PROBE_OK : GST_PAD_PROBE_PASS;
}

// Blocks the pad until all tracks of all parts are known.
void Joiner::on_pad_added(GstElement *, GstPad *pad, gpointer data) {
  auto input = static_cast<Input *>(data);
  std::lock_guard<std::mutex> lock(input->joiner->mutex_);
  const gulong probe =
      gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BLOCK_DOWNSTREAM, on_blocked, nullptr, nullptr);
  input->pads.push_back({PadPtr(GST_PAD(gst_object_ref(pad))), probe, nullptr});
}

void Joiner::on_no_more_pads(GstElement *demux, gpointer data) {
  auto input = static_cast<Input *>(data);
  Joiner *joiner = input->joiner;
  std::lock_guard<std::mutex> lock(joiner->mutex_);
  // matroskademux says so again at the end of a file that has a header only.
  if (input->complete)
    return;
  input->complete = true;
  if (std::all_of(joiner->inputs_.begin(), joiner->inputs_.end(),
                  [](const Input &one) { return one.complete; }))
    gst_element_post_message(
        demux, gst_message_new_application(GST_OBJECT(demux), gst_structure_new_empty(kComplete)));
}

// Buffer timestamps are those of the file. The segment of qtdemux starts where the last track
// starts, which would shift all tracks.
GstPadProbeReturn Joiner::on_event(GstPad *, GstPadProbeInfo *info, gpointer data) {
  GstEvent *event = GST_PAD_PROBE_INFO_EVENT(info);
  const JoinInput &input = static_cast<Input *>(data)->input;
  if (GST_EVENT_TYPE(event) == GST_EVENT_STREAM_START && input.continues) {
    event = gst_event_make_writable(event);
    gst_structure_set(gst_event_writable_structure(event), kContinues, G_TYPE_BOOLEAN, TRUE,
                      nullptr);
    GST_PAD_PROBE_INFO_DATA(info) = event;
  }
  if (GST_EVENT_TYPE(event) != GST_EVENT_SEGMENT)
    return GST_PAD_PROBE_OK;
  const int64_t offset_ms = input.offset_ms;
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  segment.base = static_cast<guint64>(std::max<int64_t>(offset_ms, 0)) * GST_MSECOND;
  segment.start = segment.time =
      static_cast<guint64>(std::max<int64_t>(-offset_ms, 0)) * GST_MSECOND;
  GST_PAD_PROBE_INFO_DATA(info) = gst_event_new_segment(&segment);
  gst_event_unref(event);
  return GST_PAD_PROBE_OK;
}

// Drops the silence and black frames at the end of a part, which would hide the next part's media
// of that time.
GstPadProbeReturn Joiner::on_part(GstPad *pad, GstPadProbeInfo *info, gpointer data) {
  const GstClockTime end = *static_cast<GstClockTime *>(data);
  GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER(info);
  const GstClockTime start = running_time(pad, GST_BUFFER_PTS(buffer));
  const GstClockTime duration = GST_BUFFER_DURATION(buffer);
  if (!GST_CLOCK_TIME_IS_VALID(start))
    return GST_PAD_PROBE_OK;
  if (start + kShortest > end)
    return GST_PAD_PROBE_DROP;
  if (!GST_CLOCK_TIME_IS_VALID(duration) || start + duration <= end)
    return GST_PAD_PROBE_OK;
  if (GstBuffer *some = cut(pad, buffer, 0, start + duration - end)) {
    gst_buffer_unref(buffer);
    GST_PAD_PROBE_INFO_DATA(info) = some;
  }
  return GST_PAD_PROBE_OK;
}

// Takes media that two parts have from the first.
GstPadProbeReturn Joiner::on_data(GstPad *pad, GstPadProbeInfo *info, gpointer data) {
  auto track = static_cast<Track *>(data);
  if (GST_PAD_PROBE_INFO_TYPE(info) & GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM) {
    GstEvent *event = GST_PAD_PROBE_INFO_EVENT(info);
    if (GST_EVENT_TYPE(event) == GST_EVENT_STREAM_START)
      track->begin_part(gst_structure_has_field(gst_event_get_structure(event), kContinues));
    return GST_PAD_PROBE_OK;
  }
  GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER(info);
  const GstClockTime start = running_time(pad, GST_BUFFER_PTS(buffer));
  const bool too_short = !track->is_video && GST_BUFFER_DURATION(buffer) < kShortest;
  if (!GST_CLOCK_TIME_IS_VALID(start) || too_short)
    return GST_PAD_PROBE_DROP;
  if (track->has(start, buffer)) {
    GstBuffer *rest =
        start < track->others_end ? cut(pad, buffer, track->others_end - start, 0) : nullptr;
    if (!rest)
      return GST_PAD_PROBE_DROP;
    gst_buffer_unref(buffer);
    GST_PAD_PROBE_INFO_DATA(info) = buffer = rest;
  }
  track->passed(running_time(pad, GST_BUFFER_PTS(buffer)), GST_BUFFER_DURATION(buffer));
  return GST_PAD_PROBE_OK;
}

// Each frame contains the parameters that decoders need: see container.cpp.
GstPadProbeReturn Joiner::on_caps(GstPad *pad, GstPadProbeInfo *info, gpointer) {
  GstEvent *event = GST_PAD_PROBE_INFO_EVENT(info);
  const CapsPtr first(gst_pad_get_current_caps(pad));
  if (GST_EVENT_TYPE(event) != GST_EVENT_CAPS || !first)
    return GST_PAD_PROBE_OK;
  GstCaps *next = nullptr;
  gst_event_parse_caps(event, &next);
  if (!is_same_track(gst_caps_get_structure(first.get(), 0), gst_caps_get_structure(next, 0)))
    GST_ELEMENT_ERROR(GST_PAD_PARENT(pad), STREAM, WRONG_TYPE,
                      ("The parts have different codecs or sample rates, and are joined without "
                       "encoding them again. Join the parts of each codec alone."),
                      (nullptr));
  return GST_PAD_PROBE_DROP;
}

Joiner::Track &Joiner::track(const std::string &kind, unsigned number) {
  Track &track = tracks_[kind + std::to_string(number)];
  if (track.concat)
    return track;
  track.concat = add("concat");
  track.is_video = kind == "video";
  g_object_set(track.concat, "adjust-base", FALSE, nullptr);
  PadPtr exit(gst_element_get_static_pad(track.concat, "src"));
  PadPtr entry(gst_element_request_pad_simple(mux_, (kind + "_%u").c_str()));
  gst_pad_add_probe(
      exit.get(),
      static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM),
      on_data, &track, nullptr);
  gst_pad_add_probe(entry.get(), GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, on_caps, nullptr, nullptr);
  gst_pad_link(exit.get(), entry.get());
  gst_element_sync_state_with_parent(track.concat);
  return track;
}

void Joiner::prepare(Input *input) {
  std::map<std::string, unsigned> count;
  for (Pad &pad : input->pads) {
    const std::string kind = taken_kind(input->input, pad.pad.get());
    GstElement *next = kind.empty() ? add("fakesink") : add("queue"), *last = next;
    if (kind.empty())
      g_object_set(next, "async", FALSE, "sync", FALSE, nullptr);
    else
      g_object_set(next, "max-size-time", kAhead, "max-size-bytes", 0, "max-size-buffers", 0,
                   nullptr);
    PadPtr entry(gst_element_get_static_pad(next, "sink"));
    const JoinInput &from = input->input;
    gst_pad_add_probe(entry.get(), GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, on_event, input, nullptr);
    const int64_t end_ms = kind == "audio" ? from.audio_end_ms : from.video_end_ms;
    if (!kind.empty() && end_ms >= 0)
      gst_pad_add_probe(entry.get(), GST_PAD_PROBE_TYPE_BUFFER, on_part,
                        new GstClockTime(static_cast<GstClockTime>(
                                             std::max<int64_t>(from.offset_ms + end_ms, 0)) *
                                         GST_MSECOND),
                        [](gpointer data) { delete static_cast<GstClockTime *>(data); });
    // matroskamux does not accept the header in matroskademux's caps.
    if (is_flac(pad.pad.get())) {
      last = add("flacparse");
      gst_element_link(next, last);
      gst_element_sync_state_with_parent(last);
    }
    if (!kind.empty())
      gst_element_link(last, track(kind, count[kind]++).concat);
    gst_element_sync_state_with_parent(next);
    pad.next = std::move(entry);
  }
}

// Prepares the tracks in the order of the parts, in which concat plays its pads. The demuxers are
// linked last: their events pass a blocked pad, and a muxer forgets a segment that came before its
// start. Runs on the thread that started the pipeline: the pipeline's state change must not run
// beside those of new elements.
void Joiner::link_all() {
  for (Input &input : inputs_)
    prepare(&input);
  for (GstElement *element : {mux_, sink_}) {
    gst_element_set_locked_state(element, FALSE);
    gst_element_sync_state_with_parent(element);
  }
  for (Input &input : inputs_)
    for (const Pad &pad : input.pads) {
      gst_pad_link(pad.pad.get(), pad.next.get());
      gst_pad_remove_probe(pad.pad.get(), pad.probe);
    }
}

std::string Joiner::run() {
  gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING);
  BusPtr bus(gst_element_get_bus(pipeline_.get()));
  for (;;) {
    MessagePtr message(
        gst_bus_timed_pop_filtered(bus.get(), GST_CLOCK_TIME_NONE,
                                   static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR |
                                                               GST_MESSAGE_APPLICATION)));
    if (GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_EOS)
      return "";
    if (GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_APPLICATION) {
      link_all();
      continue;
    }
    GError *raw_error = nullptr;
    gst_message_parse_error(message.get(), &raw_error, nullptr);
    const ErrorPtr error(raw_error);
    return error->message;
  }
}

}  // namespace

std::string join_media(const std::vector<JoinInput> &inputs, const std::string &file) {
  const std::string missing =
      missing_element(is_mp4(file) ? "qtdemux mp4mux concat queue"
                                   : "matroskademux matroskamux concat queue flacparse");
  return missing.empty() ? Joiner(inputs, file).run() : missing;
}

}  // namespace rtms::recorder
