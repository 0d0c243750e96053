// SPDX-License-Identifier: LGPL-2.1-or-later
#include "picturetrack.h"

namespace rtms::recorder {
namespace {

constexpr char kPrefix[] = "pictures-";
// avc3: the parameter sets stay in the stream, where each camera may have its own.
constexpr char kH264Joint[] =
    "h264parse name=joint config-interval=-1 ! "
    "capsfilter name=end caps=video/x-h264,stream-format=avc3,alignment=au";
constexpr char kJpegJoint[] = "valve name=joint ! valve name=end";
// H.264 has even numbers of lines and columns; a screen's window has any.
constexpr char kToH264[] =
    "x264enc tune=zerolatency speed-preset=veryfast pass=qual quantizer=23 "
    "key-int-max=50 ! capsfilter caps=video/x-h264,stream-format=byte-stream";
constexpr char kEven[] =
    "videoconvert ! videoscale ! capsfilter caps=\"video/x-raw,format=I420,"
    "colorimetry=bt709,width=[2,8192,2],height=[2,8192,2],pixel-aspect-ratio=1/1\"";
// What cannot be decoded, or encoded, is left out.
constexpr char kFront[] = "errorignore convert-to=ok ! ";

GstElement *child(GstElement *bin, const char *name) {
  return gst_bin_get_by_name(GST_BIN(bin), name);
}

// A header needs a frame of each track; JPEG and PNG have no black ones of the source's own.
std::string black_of(GstCaps *caps) {
  int width = 0, height = 0;
  const GstStructure *first = caps ? gst_caps_get_structure(caps, 0) : nullptr;
  if (!first || !gst_structure_get_int(first, "width", &width) ||
      !gst_structure_get_int(first, "height", &height)) {
    width = 1280;
    height = 720;
  }
  return "videotestsrc num-buffers=1 pattern=black ! "
         "video/x-raw,format=I420,framerate=25/1,width=" +
         std::to_string(width & ~1) + ",height=" + std::to_string(height & ~1);
}

void add_ghost(GstElement *bin, const char *element, const char *pad) {
  ElementPtr inner(child(bin, element));
  PadPtr target(gst_element_get_static_pad(inner.get(), pad));
  gst_element_add_pad(bin, gst_ghost_pad_new(pad, target.get()));
}

// Neither does what is in front of a track depend on what is behind it, nor the other way: muxers
// accept the caps that they have only.
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

}  // namespace

PictureTrack::Codec PictureTrack::codec_of(GstCaps *caps) {
  const GstStructure *first = caps ? gst_caps_get_structure(caps, 0) : nullptr;
  if (first && gst_structure_has_name(first, "image/jpeg"))
    return Codec::Jpeg;
  return first && gst_structure_has_name(first, "image/png") ? Codec::Png : Codec::H264;
}

ElementPtr PictureTrack::make(const std::string &name, GstCaps *caps, bool matroska) {
  const Codec from = codec_of(caps);
  const Codec to = matroska && from == Codec::Jpeg ? Codec::Jpeg : Codec::H264;
  GError *failure = nullptr;
  const std::string parts =
      std::string("valve name=gate  ") + (to == Codec::Jpeg ? kJpegJoint : kH264Joint);
  ElementPtr bin(gst_parse_bin_from_description(parts.c_str(), FALSE, &failure));
  ErrorPtr owned(failure);
  if (!bin || failure)
    return nullptr;
  gst_object_ref_sink(bin.get());
  gst_object_set_name(GST_OBJECT(bin.get()), (kPrefix + name).c_str());
  add_ghost(bin.get(), "gate", "sink");
  add_ghost(bin.get(), "end", "src");
  ElementPtr end(child(bin.get(), "end"));
  PadPtr muxed(gst_element_get_static_pad(end.get(), "src"));
  auto self = new PictureTrack(bin.get(), to, matroska);
  g_object_set_data_full(G_OBJECT(bin.get()), kPrefix, self,
                         [](gpointer data) { delete static_cast<PictureTrack *>(data); });
  for (GstPad *pad : {self->exit_.get(), muxed.get()})
    gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_QUERY_DOWNSTREAM, accept_any, nullptr, nullptr);
  if (!self->connect(from, from == Codec::H264 ? "" : black_of(caps)))
    return nullptr;
  gst_pad_add_probe(
      self->exit_.get(),
      static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM),
      on_data, self, nullptr);
  return bin;
}

PictureTrack::PictureTrack(GstElement *bin, Codec track, bool matroska)
    : bin_(bin), track_(track), matroska_(matroska), from_(track), next_(track) {
  ElementPtr gate(child(bin, "gate")), joint(child(bin, "joint"));
  exit_.reset(gst_element_get_static_pad(gate.get(), "src"));
  entry_.reset(gst_element_get_static_pad(joint.get(), "sink"));
}

PictureTrack::~PictureTrack() = default;

std::string PictureTrack::name_of(GstObject *object) {
  for (; object; object = GST_OBJECT_PARENT(object))
    if (GST_OBJECT_NAME(object) && g_str_has_prefix(GST_OBJECT_NAME(object), kPrefix))
      return GST_OBJECT_NAME(object) + sizeof(kPrefix) - 1;
  return "";
}

void PictureTrack::give_up(GstBin *pipeline, const std::string &name) {
  ElementPtr bin(gst_bin_get_by_name(pipeline, (kPrefix + name).c_str()));
  if (!bin)
    return;
  const auto end = [](GstElement *track, gpointer) {
    PadPtr src(gst_element_get_static_pad(track, "src"));
    gst_pad_push_event(src.get(), gst_event_new_eos());
  };
  gst_element_call_async(bin.get(), end, nullptr, nullptr);
}

std::string PictureTrack::converter(Codec from, Codec to, const std::string &black) {
  std::string decoder = "h264parse ! avdec_h264";
  if (from != Codec::H264)
    decoder = from == Codec::Jpeg ? "jpegdec max-errors=-1" : "pngdec max-errors=-1";
  const std::string first = black.empty() ? "" : "concat name=all adjust-base=false ";
  const std::string end = black.empty() ? "" : " ! all. ";
  if (from == to && black.empty())
    return "valve";
  if (from == to)
    return first + "! valve  " + black + " ! jpegenc ! all. valve ! all.";
  const std::string encoder = to == Codec::H264 ? kToH264 : "jpegenc";
  if (black.empty())
    return kFront + decoder + " ! " + kEven + " ! " + encoder;
  return first + "! " + encoder + "  " + black + end + kFront + decoder + " ! " + kEven + end;
}

bool PictureTrack::connect(Codec from, const std::string &black) {
  from_ = next_ = from;
  converter_ = make_bin(converter(from, track_, black));
  if (!converter_)
    return false;
  gst_bin_add(GST_BIN(bin_), converter_.get());
  PadPtr in(gst_element_get_static_pad(converter_.get(), "sink"));
  PadPtr out(gst_element_get_static_pad(converter_.get(), "src"));
  // What the source has now may be another codec already: there is a queue in between.
  const bool linked =
      in && out &&
      gst_pad_link_full(exit_.get(), in.get(), GST_PAD_LINK_CHECK_NOTHING) == GST_PAD_LINK_OK &&
      gst_pad_link(out.get(), entry_.get()) == GST_PAD_LINK_OK;
  gst_element_sync_state_with_parent(converter_.get());
  return linked;
}

void PictureTrack::disconnect() {
  if (!converter_)
    return;
  gst_element_set_state(converter_.get(), GST_STATE_NULL);
  gst_bin_remove(GST_BIN(bin_), converter_.get());
  converter_.reset();
}

GstPadProbeReturn PictureTrack::on_data(GstPad *, GstPadProbeInfo *info, gpointer data) {
  auto self = static_cast<PictureTrack *>(data);
  if (GST_PAD_PROBE_INFO_TYPE(info) & GST_PAD_PROBE_TYPE_BUFFER)
    return self->buffer(GST_PAD_PROBE_INFO_BUFFER(info));
  return self->event(GST_PAD_PROBE_INFO_EVENT(info));
}

// The converter does not know the other codec. It is replaced where a pad may be linked anew: in
// front of the next buffer.
GstPadProbeReturn PictureTrack::event(GstEvent *event) {
  if (GST_EVENT_TYPE(event) != GST_EVENT_CAPS)
    return GST_PAD_PROBE_OK;
  GstCaps *caps = nullptr;
  gst_event_parse_caps(event, &caps);
  const Codec codec = codec_of(caps);
  if (codec == from_ && codec == next_)
    return GST_PAD_PROBE_OK;
  const bool waits = next_ != from_;
  next_ = codec;
  if (!waits)
    gst_pad_add_probe(
        exit_.get(),
        static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BLOCK | GST_PAD_PROBE_TYPE_BUFFER),
        on_switch, this, nullptr);
  return GST_PAD_PROBE_DROP;
}

GstPadProbeReturn PictureTrack::on_switch(GstPad *, GstPadProbeInfo *, gpointer data) {
  auto self = static_cast<PictureTrack *>(data);
  self->disconnect();
  if (!self->connect(self->next_, "")) {
    self->disconnect();
    GST_ELEMENT_WARNING(self->bin_, STREAM, CODEC_NOT_FOUND,
                        ("A track of video is not recorded any more: an element that converts what "
                         "the service sends now is missing. Install the plugins good, ugly and "
                         "libav of GStreamer."),
                        (nullptr));
  }
  return GST_PAD_PROBE_REMOVE;
}

GstPadProbeReturn PictureTrack::buffer(GstBuffer *buffer) const {
  // In Matroska a frame stays until the next one: black needs no frames that repeat it, and each
  // that is left is one to seek to.
  const bool repeats = matroska_ && GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_GAP) &&
                       GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_DELTA_UNIT);
  if (converter_ && !repeats)
    return GST_PAD_PROBE_OK;
  if (!converter_)
    gst_pad_send_event(entry_.get(),
                       gst_event_new_gap(GST_BUFFER_PTS(buffer), GST_BUFFER_DURATION(buffer)));
  return GST_PAD_PROBE_DROP;
}

}  // namespace rtms::recorder
