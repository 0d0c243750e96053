// SPDX-License-Identifier: LGPL-2.1-or-later
#include "videotrack.h"

#include "media/nal.h"
#include "trackstart.h"

#include <gst/app/gstappsink.h>
#include <gst/video/video.h>
#include <utility>

namespace rtms::recorder {
namespace {

constexpr char kPrefix[] = "video-track-";
// avc3: the parameter sets stay in the stream, because each camera may have its own.
constexpr char kH264Joint[] =
    "h264parse name=joint config-interval=-1 ! "
    "capsfilter name=end caps=video/x-h264,stream-format=avc3,alignment=au";
constexpr char kJpegJoint[] = "valve name=joint ! valve name=end";
// H.264 needs even widths and heights; a shared window may have odd ones.
const std::string kEven =
    "videoconvert ! videoscale ! capsfilter caps=\"video/x-raw,format=I420,"
    "colorimetry=bt709,width=[2,8192,2],height=[2,8192,2],pixel-aspect-ratio=1/1\"";
// Frames that fail to decode or encode are skipped.
constexpr char kNone[] = "valve";
constexpr char kFront[] = "errorignore convert-to=ok ! ";
constexpr GstClockTime kPatience = 10 * GST_SECOND;  // of a busy machine
// Where JPEG and PNG are missing, a picture comes after a pause, and again each time so much later.
constexpr GstClockTime kPause = GST_SECOND, kEach = 2 * GST_SECOND;
constexpr int kUsualWidth = 1280, kUsualHeight = 720;

GstElement *child(GstElement *bin, const char *name) {
  return gst_bin_get_by_name(GST_BIN(bin), name);
}

void add_ghost(GstElement *bin, const char *element, const char *pad) {
  ElementPtr inner(child(bin, element));
  PadPtr target(gst_element_get_static_pad(inner.get(), pad));
  gst_element_add_pad(bin, gst_ghost_pad_new(pad, target.get()));
}

// The elements before a track must not depend on those after it: muxers accept only the caps that
// they already have.
GstPadProbeReturn accept_any(GstPad *, GstPadProbeInfo *info, gpointer) {
  GstQuery *query = GST_PAD_PROBE_INFO_QUERY(info);
  const CapsPtr any(gst_caps_new_any());
  if (GST_QUERY_TYPE(query) == GST_QUERY_ACCEPT_CAPS)
    gst_query_set_accept_caps_result(query, TRUE);
  else if (GST_QUERY_TYPE(query) == GST_QUERY_CAPS)
    gst_query_set_caps_result(query, any.get());
  else
    return GST_PAD_PROBE_OK;
  return GST_PAD_PROBE_HANDLED;
}

// h264parse takes durations from the stream, which may state another frame rate than the caps:
// matroskamux would write them in a kind of block in which each frame counts as a keyframe.
GstPadProbeReturn forget_duration(GstPad *, GstPadProbeInfo *info, gpointer) {
  info->data = gst_buffer_make_writable(GST_PAD_PROBE_INFO_BUFFER(info));
  GST_BUFFER_DURATION(GST_PAD_PROBE_INFO_BUFFER(info)) = GST_CLOCK_TIME_NONE;
  return GST_PAD_PROBE_OK;
}

}  // namespace

// The muxer takes it from the first frame's caps.
std::string VideoTrack::rate_of(GstCaps *caps) {
  int numerator = 0, denominator = 1;
  if (caps)
    gst_structure_get_fraction(gst_caps_get_structure(caps, 0), "framerate", &numerator,
                               &denominator);
  if (numerator <= 0)
    return "25/1";
  return std::to_string(numerator) + "/" + std::to_string(denominator);
}

VideoTrack::Format VideoTrack::format_of(GstCaps *caps) {
  Format format;
  const GstStructure *first = caps ? gst_caps_get_structure(caps, 0) : nullptr;
  if (!first || gst_structure_has_name(first, "video/x-h264"))
    return format;
  format.codec = gst_structure_has_name(first, "image/png") ? Codec::Png : Codec::Jpeg;
  gst_structure_get_int(first, "width", &format.width);
  gst_structure_get_int(first, "height", &format.height);
  return format;
}

ElementPtr VideoTrack::make(const std::string &name, GstCaps *caps, bool matroska, Source source) {
  Format from = format_of(caps);
  if (from.codec != Codec::H264 && !from.width)
    from.width = kUsualWidth, from.height = kUsualHeight;
  const Format to = matroska && from.codec == Codec::Jpeg ? from : Format{};
  GError *failure = nullptr;
  const std::string parts =
      std::string("valve name=gate  ") + (to.codec == Codec::Jpeg ? kJpegJoint : kH264Joint);
  ElementPtr bin(gst_parse_bin_from_description(parts.c_str(), FALSE, &failure));
  ErrorPtr owned(failure);
  if (!bin || failure)
    return nullptr;
  gst_object_ref_sink(bin.get());
  gst_object_set_name(GST_OBJECT(bin.get()), (kPrefix + name).c_str());
  add_ghost(bin.get(), "gate", "sink");
  add_ghost(bin.get(), "end", "src");
  PadPtr muxed(gst_element_get_static_pad(ElementPtr(child(bin.get(), "end")).get(), "src"));
  PadPtr behind(gst_pad_get_peer(muxed.get()));  // a capsfilter asks it directly
  auto self = new VideoTrack(bin.get(), to, matroska, source);
  self->rate_ = rate_of(caps);
  g_object_set_data_full(G_OBJECT(bin.get()), kPrefix, self,
                         [](gpointer data) { delete static_cast<VideoTrack *>(data); });
  for (GstPad *pad : {self->exit_.get(), behind.get()})
    gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_QUERY_DOWNSTREAM, accept_any, nullptr, nullptr);
  if (matroska)
    gst_pad_add_probe(muxed.get(), GST_PAD_PROBE_TYPE_BUFFER, forget_duration, nullptr, nullptr);
  if (to.codec == Codec::H264)
    TrackStart::guard(
        bin.get(), self->entry_.get(), muxed.get(),
        source == Source::Live ? TrackStart::Without::Black : TrackStart::Without::Error);
  if (!self->connect(from, from.codec != Codec::H264 && source != Source::Journal))
    return nullptr;
  gst_pad_add_probe(
      self->exit_.get(),
      static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM),
      on_data, self, nullptr);
  return bin;
}

VideoTrack::VideoTrack(GstElement *bin, Format track, bool matroska, Source source)
    : bin_(bin), matroska_(matroska), source_(source), track_(track) {
  ElementPtr gate(child(bin, "gate")), joint(child(bin, "joint"));
  exit_.reset(gst_element_get_static_pad(gate.get(), "src"));
  entry_.reset(gst_element_get_static_pad(joint.get(), "sink"));
}

VideoTrack::~VideoTrack() = default;

std::string VideoTrack::name_of(GstObject *object) {
  for (; object; object = GST_OBJECT_PARENT(object))
    if (GST_OBJECT_NAME(object) && g_str_has_prefix(GST_OBJECT_NAME(object), kPrefix))
      return GST_OBJECT_NAME(object) + sizeof(kPrefix) - 1;
  return "";
}

void VideoTrack::give_up(GstBin *pipeline, const std::string &name) {
  ElementPtr bin(gst_bin_get_by_name(pipeline, (kPrefix + name).c_str()));
  if (!bin)
    return;
  const auto end = [](GstElement *track, gpointer) {
    PadPtr src(gst_element_get_static_pad(track, "src"));
    gst_pad_push_event(src.get(), gst_event_new_eos());
  };
  gst_element_call_async(bin.get(), end, nullptr, nullptr);
}

// Muxers wait for frames of each track; rtmssrc makes no black ones for JPEG and PNG.
std::string VideoTrack::black_of(const Format &format) const {
  return "videotestsrc num-buffers=1 pattern=black ! video/x-raw,framerate=" + rate_ +
         ",format=" + std::string(format.codec == Codec::Png ? "RGB" : "I420") +
         ",width=" + std::to_string(format.width ? format.width : kUsualWidth) +
         ",height=" + std::to_string(format.height ? format.height : kUsualHeight);
}

BufferPtr VideoTrack::make_black(const Format &format) const {
  const ElementPtr bin =
      make_bin(black_of(format) + " ! " + (format.codec == Codec::Png ? "pngenc" : "jpegenc") +
               " ! appsink name=black sync=false");
  if (!bin)
    return nullptr;
  const ElementPtr sink(child(bin.get(), "black"));
  gst_element_set_state(bin.get(), GST_STATE_PLAYING);
  const SamplePtr sample(gst_app_sink_try_pull_sample(GST_APP_SINK(sink.get()), kPatience));
  BufferPtr black(sample ? gst_buffer_ref(gst_sample_get_buffer(sample.get())) : nullptr);
  gst_element_set_state(bin.get(), GST_STATE_NULL);
  return black;
}

std::string VideoTrack::to_h264() const {
  return std::string("x264enc tune=zerolatency speed-preset=veryfast pass=qual quantizer=23 ") +
         (source_ != Source::Live ? "key-int-max=1" : "key-int-max=50") +
         " ! capsfilter caps=video/x-h264,stream-format=byte-stream";
}

std::string VideoTrack::converter(const Format &from) const {
  const bool jpeg = track_.codec == Codec::Jpeg;
  if (from.codec == track_.codec && (!jpeg || !from.width || from == track_))
    return kNone;
  std::string decoder = "h264parse ! avdec_h264";
  if (from.codec != Codec::H264)
    decoder = from.codec == Codec::Jpeg ? "jpegdec max-errors=-1" : "pngdec max-errors=-1";
  if (!jpeg)
    return kFront + decoder + " ! " + kEven + " ! " + to_h264();
  return kFront + decoder +
         " ! videoconvert ! videoscale add-borders=true ! "
         "capsfilter caps=video/x-raw,format=I420,pixel-aspect-ratio=1/1,width=" +
         std::to_string(track_.width) + ",height=" + std::to_string(track_.height) + " ! jpegenc";
}

// With `begins`, a black frame comes first: a muxer's header needs one.
bool VideoTrack::connect(const Format &from, bool begins) {
  const bool needs_black = from.codec != Codec::H264 && source_ == Source::Live;
  if (!needs_black)
    black_.reset();
  else if (!black_ || from_.codec != from.codec)
    black_ = make_black(from);
  from_ = next_ = from;
  picture_.reset();
  std::string parts = converter(from);
  if (begins)
    parts = "concat name=all adjust-base=false ! valve  " + black_of(from) + " ! " +
            (track_.codec == Codec::Jpeg ? "jpegenc" : kEven + " ! " + to_h264()) + " ! all.  " +
            parts + " ! all.";
  converter_ = make_bin(parts);
  if (!converter_)
    return false;
  gst_bin_add(GST_BIN(bin_), converter_.get());
  PadPtr in(gst_element_get_static_pad(converter_.get(), "sink"));
  PadPtr out(gst_element_get_static_pad(converter_.get(), "src"));
  // A queue precedes the converter: the pad may already have another codec.
  const bool linked =
      in && out &&
      gst_pad_link_full(exit_.get(), in.get(), GST_PAD_LINK_CHECK_NOTHING) == GST_PAD_LINK_OK &&
      gst_pad_link(out.get(), entry_.get()) == GST_PAD_LINK_OK;
  gst_element_sync_state_with_parent(converter_.get());
  return linked;
}

void VideoTrack::disconnect() {
  if (!converter_)
    return;
  gst_element_set_state(converter_.get(), GST_STATE_NULL);
  gst_bin_remove(GST_BIN(bin_), converter_.get());
  converter_.reset();
}

GstPadProbeReturn VideoTrack::on_data(GstPad *, GstPadProbeInfo *info, gpointer data) {
  auto self = static_cast<VideoTrack *>(data);
  if (!(GST_PAD_PROBE_INFO_TYPE(info) & GST_PAD_PROBE_TYPE_BUFFER))
    return self->event(info);
  if (self->from_.codec == Codec::H264 && clean_h264(info) == GST_PAD_PROBE_DROP)
    return self->leave_out(GST_PAD_PROBE_INFO_BUFFER(info));
  return self->buffer(GST_PAD_PROBE_INFO_BUFFER(info));
}

// The muxer does not wait for what is no H.264. A journal that begins so has no video.
GstPadProbeReturn VideoTrack::leave_out(GstBuffer *buffer) {
  if (source_ == Source::Journal && !GST_CLOCK_TIME_IS_VALID(last_)) {
    GST_ELEMENT_ERROR(bin_, STREAM, DECODE, ("The first frame is no H.264."), (nullptr));
    return GST_PAD_PROBE_DROP;
  }
  if (!std::exchange(told_left_out_, true))
    GST_ELEMENT_WARNING(bin_, STREAM, DECODE,
                        ("The service sends video without the start codes of H.264: such frames "
                         "are not in the recording."),
                        (nullptr));
  GstEvent *gap = gst_event_new_gap(GST_BUFFER_PTS(buffer), GST_BUFFER_DURATION(buffer));
  gst_event_set_gap_flags(gap, GST_GAP_FLAG_MISSING_DATA);
  gst_pad_push_event(exit_.get(), gap);
  return GST_PAD_PROBE_DROP;
}

GstPadProbeReturn VideoTrack::event(GstPadProbeInfo *info) {
  GstEvent *event = GST_PAD_PROBE_INFO_EVENT(info);
  GstCaps *now = nullptr;
  const GstSegment *segment = nullptr;
  switch (GST_EVENT_TYPE(event)) {
    case GST_EVENT_SEGMENT:
      gst_event_parse_segment(event, &segment);
      if (black_ && !GST_CLOCK_TIME_IS_VALID(last_)) {
        last_ = segment->start;
        is_repeated_ = true;
      }
      return forward(info);
    case GST_EVENT_GAP:
      return gap(info);
    case GST_EVENT_CAPS:
      gst_event_parse_caps(event, &now);
      if (caps(now) == GST_PAD_PROBE_DROP)
        return GST_PAD_PROBE_DROP;
      if (track_.codec == Codec::Jpeg && !from_.width) {
        info->data = sized(now);
        gst_event_unref(event);
      }
      return GST_PAD_PROBE_OK;
    default:
      return forward(info);
  }
}

// Without a converter nothing is behind the pad.
GstPadProbeReturn VideoTrack::forward(GstPadProbeInfo *info) {
  if (converter_)
    return GST_PAD_PROBE_OK;
  gst_pad_send_event(entry_.get(), gst_event_ref(GST_PAD_PROBE_INFO_EVENT(info)));
  return GST_PAD_PROBE_DROP;
}

// rtmssrc knows no size before the first frame, without which matroskamux refuses the caps.
GstEvent *VideoTrack::sized(GstCaps *caps) const {
  const CapsPtr copy(gst_caps_copy(caps));
  gst_caps_set_simple(copy.get(), "width", G_TYPE_INT, track_.width, "height", G_TYPE_INT,
                      track_.height, nullptr);
  return gst_event_new_caps(copy.get());
}

// A share that does not change stays as it is; a camera that is off becomes black. GAPs do not pass
// encoders, which get the picture again.
GstPadProbeReturn VideoTrack::gap(GstPadProbeInfo *info) {
  if (!black_)
    return forward(info);
  GstEvent *event = GST_PAD_PROBE_INFO_EVENT(info);
  GstClockTime start = 0;
  GstGapFlags flags{};
  gst_event_parse_gap(event, &start, nullptr);
  gst_event_parse_gap_flags(event, &flags);
  const bool encodes = converter(from_) != kNone;
  const bool stays = flags & GST_GAP_FLAG_MISSING_DATA;
  GstBuffer *picture = stays && picture_ ? picture_.get() : black_.get();
  if ((encodes || !stays) && GST_CLOCK_TIME_IS_VALID(last_) &&
      start >= last_ + (is_repeated_ ? kEach : kPause))
    repeat(picture, start);
  if (encodes && converter_)
    return GST_PAD_PROBE_DROP;
  // matroskamux of GStreamer 1.26 writes an empty block for one without the flag.
  event = GST_EVENT(gst_mini_object_make_writable(GST_MINI_OBJECT(event)));
  gst_event_set_gap_flags(event, GST_GAP_FLAG_MISSING_DATA);
  info->data = event;
  return forward(info);
}

// Of an encoder: fragments of MP4 begin with one, and --join leaves black frames out.
void VideoTrack::ask_for_keyframe() const {
  if (track_.codec == Codec::H264)
    gst_pad_push_event(entry_.get(),
                       gst_video_event_new_upstream_force_key_unit(GST_CLOCK_TIME_NONE, TRUE, 0));
}

void VideoTrack::repeat(GstBuffer *picture, GstClockTime time) {
  const PadPtr in(gst_pad_get_peer(exit_.get()));
  if (!in || !converter_)
    return;
  GstBuffer *copy = gst_buffer_copy(picture);
  GST_BUFFER_PTS(copy) = last_ = time;
  GST_BUFFER_DTS(copy) = GST_BUFFER_DURATION(copy) = GST_CLOCK_TIME_NONE;
  is_repeated_ = true;
  ask_for_keyframe();
  gst_pad_chain(in.get(), copy);
}

// The converter does not support the new format. It is replaced before the next buffer, where the
// pads may be linked again.
GstPadProbeReturn VideoTrack::caps(GstCaps *caps) {
  const Format format = format_of(caps);
  const bool waits = !(next_ == from_);
  if (!waits && from_.codec == format.codec && converter(from_) == converter(format)) {
    from_ = next_ = format;
    return GST_PAD_PROBE_OK;
  }
  next_ = format;
  if (!waits)
    gst_pad_add_probe(
        exit_.get(),
        static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BLOCK | GST_PAD_PROBE_TYPE_BUFFER),
        on_switch, this, nullptr);
  return GST_PAD_PROBE_DROP;
}

GstPadProbeReturn VideoTrack::on_switch(GstPad *, GstPadProbeInfo *, gpointer data) {
  auto self = static_cast<VideoTrack *>(data);
  self->disconnect();
  if (!self->connect(self->next_, false)) {
    self->disconnect();
    GST_ELEMENT_WARNING(self->bin_, STREAM, CODEC_NOT_FOUND,
                        ("A track of video is not recorded any more: an element that converts what "
                         "the service sends now is missing. Install the plugins good, ugly and "
                         "libav of GStreamer."),
                        (nullptr));
  }
  return GST_PAD_PROBE_REMOVE;
}

GstPadProbeReturn VideoTrack::buffer(GstBuffer *buffer) {
  // In Matroska a frame lasts until the next one: black frames need no repetition, and each
  // remaining one is a seek point.
  const bool repeats = matroska_ && GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_GAP) &&
                       GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_DELTA_UNIT);
  if (repeats)
    return GST_PAD_PROBE_DROP;
  last_ = GST_BUFFER_PTS(buffer);
  if (std::exchange(is_repeated_, false))
    ask_for_keyframe();
  if (black_)
    picture_.reset(gst_buffer_ref(buffer));
  if (converter_)
    return GST_PAD_PROBE_OK;
  GstEvent *gap = gst_event_new_gap(GST_BUFFER_PTS(buffer), GST_BUFFER_DURATION(buffer));
  gst_event_set_gap_flags(gap, GST_GAP_FLAG_MISSING_DATA);
  gst_pad_send_event(entry_.get(), gap);
  return GST_PAD_PROBE_DROP;
}

}  // namespace rtms::recorder
