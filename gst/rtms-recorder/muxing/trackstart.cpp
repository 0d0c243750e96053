// SPDX-License-Identifier: LGPL-2.1-or-later
#include "trackstart.h"

#include "media/blackframe.h"
#include "media/picturesize.h"
#include "videotrack.h"

#include <memory>
#include <utility>

namespace rtms::recorder {
namespace {

constexpr GstClockTime kPatience = 5 * GST_SECOND;
constexpr int kUsualWidth = 1280, kUsualHeight = 720;
constexpr auto kData =
    static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM);

bool can_be_muxed(GstCaps *caps) {
  const GstStructure *first = gst_caps_get_structure(caps, 0);
  int width = 0, height = 0;
  return gst_structure_get_int(first, "width", &width) && width > 0 &&
         gst_structure_get_int(first, "height", &height) && height > 0 &&
         gst_structure_has_field(first, "codec_data");
}

}  // namespace

void TrackStart::guard(GstElement *bin, GstPad *entry, GstPad *exit, Without without) {
  const std::shared_ptr<TrackStart> self(new TrackStart(bin, entry, without));
  const auto add = [&](GstPad *pad, GstPadProbeCallback callback) {
    gst_pad_add_probe(
        pad, kData, callback, new std::shared_ptr<TrackStart>(self),
        [](gpointer data) { delete static_cast<std::shared_ptr<TrackStart> *>(data); });
  };
  add(entry, on_entry);
  add(exit, on_exit);
}

GstPadProbeReturn TrackStart::on_entry(GstPad *, GstPadProbeInfo *info, gpointer data) {
  TrackStart &self = **static_cast<std::shared_ptr<TrackStart> *>(data);
  if (self.begun_ || self.is_given_)
    return GST_PAD_PROBE_OK;
  if (GST_PAD_PROBE_INFO_TYPE(info) & GST_PAD_PROBE_TYPE_BUFFER) {
    GstBuffer *frame = GST_PAD_PROBE_INFO_BUFFER(info);
    self.at(GST_BUFFER_PTS(frame));
    // The parser of GStreamer 1.26 ends at a frame from which it has no caps.
    const bool passes = self.is_given_ || picture_size(Codec::H264, frame);
    return passes ? GST_PAD_PROBE_OK : GST_PAD_PROBE_DROP;
  }
  GstEvent *event = GST_PAD_PROBE_INFO_EVENT(info);
  GstClockTime start = GST_CLOCK_TIME_NONE;
  if (GST_EVENT_TYPE(event) == GST_EVENT_GAP) {
    gst_event_parse_gap(event, &start, nullptr);
    self.at(start);
  } else if (GST_EVENT_TYPE(event) == GST_EVENT_EOS) {
    self.end();
  }
  return GST_PAD_PROBE_OK;
}

// A dropped event is sent again, before the first buffer that passes.
GstPadProbeReturn TrackStart::on_exit(GstPad *, GstPadProbeInfo *info, gpointer data) {
  TrackStart &self = **static_cast<std::shared_ptr<TrackStart> *>(data);
  if (self.begun_)
    return GST_PAD_PROBE_OK;
  if (GST_PAD_PROBE_INFO_TYPE(info) & GST_PAD_PROBE_TYPE_BUFFER)
    return GST_PAD_PROBE_DROP;
  GstEvent *event = GST_PAD_PROBE_INFO_EVENT(info);
  if (GST_EVENT_TYPE(event) == GST_EVENT_STREAM_START || GST_EVENT_TYPE(event) == GST_EVENT_EOS)
    return GST_PAD_PROBE_OK;
  GstCaps *caps = nullptr;
  if (GST_EVENT_TYPE(event) == GST_EVENT_CAPS)
    gst_event_parse_caps(event, &caps);
  self.begun_ = caps && can_be_muxed(caps);
  return self.begun_ ? GST_PAD_PROBE_OK : GST_PAD_PROBE_DROP;
}

void TrackStart::at(GstClockTime time) {
  if (!GST_CLOCK_TIME_IS_VALID(first_))
    first_ = time;
  else if (without_ == Without::Black && GST_CLOCK_TIME_IS_VALID(time) &&
           time >= first_ + kPatience)
    push_black();
}

void TrackStart::end() {
  if (!GST_CLOCK_TIME_IS_VALID(first_))
    return;
  if (without_ == Without::Black)
    push_black();
  else
    GST_ELEMENT_ERROR(bin_, STREAM, DECODE, ("No frame of the track has a readable SPS and PPS."),
                      (nullptr));
}

void TrackStart::push_black() {
  is_given_ = true;
  GST_ELEMENT_WARNING(
      bin_, STREAM, DECODE,
      ("%s: no frame so far has a readable SPS and PPS. The track begins with a black "
       "frame. If it stays black, check the sender.",
       VideoTrack::name_of(GST_OBJECT(bin_)).c_str()),
      (nullptr));
  GstBuffer *black = BlackFrames().next(size()).release();
  GST_BUFFER_PTS(black) = first_;
  GST_BUFFER_FLAG_SET(black, GST_BUFFER_FLAG_DISCONT);
  gst_pad_chain(entry_, black);
}

PictureSize TrackStart::size() const {
  PictureSize size;
  const CapsPtr caps(gst_pad_get_current_caps(entry_));
  if (caps) {
    const GstStructure *first = gst_caps_get_structure(caps.get(), 0);
    gst_structure_get_int(first, "width", &size.width);
    gst_structure_get_int(first, "height", &size.height);
  }
  return BlackFrames::can_have(size) ? size : PictureSize{kUsualWidth, kUsualHeight, ""};
}

}  // namespace rtms::recorder
