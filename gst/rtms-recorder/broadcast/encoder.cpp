// SPDX-License-Identifier: LGPL-2.1-or-later
#include "encoder.h"

#include <algorithm>

namespace rtms::recorder {
namespace {

// Parameters that servers, players and editors support. A viewer who joins waits at most two
// seconds for a keyframe.
std::string video_description(int height) {
  struct Rate {
    int height, kbit;
  };
  constexpr Rate kRates[] = {{360, 1000}, {720, 2500}, {1080, 4500}};
  constexpr int kHighest = 8000;
  int kbit = kHighest;
  for (const Rate &rate : kRates)
    if (height <= rate.height) {
      kbit = rate.kbit;
      break;
    }
  return "queue ! x264enc tune=zerolatency speed-preset=veryfast key-int-max=50 bitrate=" +
         std::to_string(kbit) + " ! video/x-h264,stream-format=avc,alignment=au";
}

constexpr char kAudio[] = "queue ! audioconvert ! avenc_aac";
// The listener is in front of it: a disk that does not answer, or fails, holds up the file alone.
// If the queue is full, the file lacks the oldest frames.
constexpr char kExit[] =
    " ! queue name=exit max-size-buffers=0 max-size-time=0 max-size-bytes=33554432 "
    "leaky=downstream ! errorignore convert-to=ok";

GstClockTime to_running(const GstSegment *segment, GstClockTime time) {
  return GST_CLOCK_TIME_IS_VALID(time) ? gst_segment_to_running_time(segment, GST_FORMAT_TIME, time)
                                       : GST_CLOCK_TIME_NONE;
}

}  // namespace

Encoder::Encoder(GstBin *pipeline, GstPad *video, GstPad *audio, const Output &output,
                 Listener listener)
    : listener_(std::move(listener)) {
  if (!output.path.empty())
    mux_ = make_file(pipeline, output.path);
  good_ = (output.path.empty() || mux_) &&
          add(pipeline, video, true, video_description(output.height)) &&
          add(pipeline, audio, false, kAudio);
}

// Fragments make an unfinished file playable; a finished file has one index, as any other MP4 file.
GstElement *Encoder::make_file(GstBin *pipeline, const std::string &path) {
  constexpr unsigned kFragment_ms = 2000;
  GstElement *mux = gst_element_factory_make("mp4mux", nullptr);
  GstElement *file = file_ = gst_element_factory_make("filesink", nullptr);
  if (!mux || !file)
    return nullptr;
  g_object_set(mux, "fragment-duration", kFragment_ms, nullptr);
  gst_util_set_object_arg(G_OBJECT(mux), "fragment-mode", "first-moov-then-finalise");
  g_object_set(file, "location", path.c_str(), "sync", FALSE, "async", FALSE, nullptr);
  gst_util_set_object_arg(G_OBJECT(file), "buffer-mode", "unbuffered");
  gst_bin_add_many(pipeline, mux, file, nullptr);
  for (GstElement *element : {mux, file})
    elements_.emplace_back(GST_ELEMENT(gst_object_ref(element)));
  return gst_element_link(mux, file) ? mux : nullptr;
}

bool Encoder::has(GstObject *element) const {
  return std::any_of(elements_.begin(), elements_.end(), [element](const ElementPtr &one) {
    return element == GST_OBJECT(one.get()) ||
           gst_object_has_as_ancestor(element, GST_OBJECT(one.get()));
  });
}

bool Encoder::writes(GstObject *element) const {
  return mux_ && (element == GST_OBJECT(mux_) || element == GST_OBJECT(file_));
}

bool Encoder::add(GstBin *pipeline, GstPad *from, bool video, const std::string &description) {
  const ElementPtr bin = make_bin(description + kExit);
  if (!bin)
    return false;
  gst_bin_add(pipeline, bin.get());
  elements_.emplace_back(GST_ELEMENT(gst_object_ref(bin.get())));
  const PadPtr entry(gst_element_get_static_pad(bin.get(), "sink")),
      exit(gst_element_get_static_pad(bin.get(), "src"));
  const ElementPtr queue(gst_bin_get_by_name(GST_BIN(bin.get()), "exit"));
  const PadPtr encoded(gst_element_get_static_pad(queue.get(), "sink"));
  gst_pad_add_probe(encoded.get(), GST_PAD_PROBE_TYPE_BUFFER, on_buffer, video ? &video_ : &audio_,
                    nullptr);
  if (gst_pad_link(from, entry.get()) != GST_PAD_LINK_OK)
    return false;
  if (mux_) {
    const PadPtr track(gst_element_request_pad_simple(mux_, video ? "video_%u" : "audio_%u"));
    return track && gst_pad_link(exit.get(), track.get()) == GST_PAD_LINK_OK;
  }
  GstElement *sink = gst_element_factory_make("fakesink", nullptr);
  g_object_set(sink, "sync", FALSE, "async", FALSE, nullptr);
  gst_bin_add(pipeline, sink);
  return gst_element_link(bin.get(), sink);
}

// Converts to running time, because x264enc shifts its timestamps and its segment.
GstPadProbeReturn Encoder::on_buffer(GstPad *pad, GstPadProbeInfo *info, gpointer data) {
  auto exit = static_cast<Exit *>(data);
  if (!exit->encoder->listener_)
    return GST_PAD_PROBE_OK;
  const EventPtr event(gst_pad_get_sticky_event(pad, GST_EVENT_SEGMENT, 0));
  const CapsPtr caps(gst_pad_get_current_caps(pad));
  if (!event || !caps)
    return GST_PAD_PROBE_OK;
  const GstSegment *segment = nullptr;
  gst_event_parse_segment(event.get(), &segment);
  const BufferPtr copy(gst_buffer_copy(GST_PAD_PROBE_INFO_BUFFER(info)));
  GST_BUFFER_PTS(copy.get()) = to_running(segment, GST_BUFFER_PTS(copy.get()));
  GST_BUFFER_DTS(copy.get()) = to_running(segment, GST_BUFFER_DTS(copy.get()));
  exit->encoder->listener_(exit->video, copy.get(), caps.get());
  return GST_PAD_PROBE_OK;
}

}  // namespace rtms::recorder
