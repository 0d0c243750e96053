// SPDX-License-Identifier: LGPL-2.1-or-later
#include "container.h"

#include "muxing/mkvindex.h"
#include "muxing/mp4boxes.h"
#include "muxing/videotrack.h"
#include "muxing/waiting.h"

namespace rtms::recorder {
namespace {

// Both files are playable up to the last write if the recorder is killed.
ElementPtr make_muxer(const Options &options) {
  ElementPtr mux = make_element(options.mp4 ? "mp4mux" : "matroskamux");
  if (options.mp4) {
    // Each fragment has its own index, and the file has an index of fragments: no table grows with
    // each sample, and no time is limited to 32 bits.
    constexpr unsigned kFragment_ms = 2000;
    g_object_set(mux.get(), "fragment-duration", kFragment_ms, nullptr);
  } else {
    // Limits what a player must scan. MkvIndex writes the index instead of the muxer.
    constexpr gint64 kLongestCluster = 2 * GST_SECOND;
    g_object_set(mux.get(), "max-cluster-duration", kLongestCluster, "min-index-interval",
                 G_MAXINT64, nullptr);
  }
  return mux;
}

// A header describes a track once; each frame contains the parameters that decoders need. After new
// caps, mp4mux writes wrong positions, and matroskamux stops.
GstPadProbeReturn keep_first_caps(GstPad *pad, GstPadProbeInfo *info, gpointer) {
  GstEvent *event = GST_PAD_PROBE_INFO_EVENT(info);
  if (GST_EVENT_TYPE(event) != GST_EVENT_CAPS)
    return GST_PAD_PROBE_OK;
  const CapsPtr current(gst_pad_get_current_caps(pad));
  GstCaps *caps = nullptr;
  gst_event_parse_caps(event, &caps);
  const auto is_video = [](GstCaps *one) {
    const GstStructure *first = one ? gst_caps_get_structure(one, 0) : nullptr;
    return first && (gst_structure_has_name(first, "video/x-h264") ||
                     gst_structure_has_name(first, "image/jpeg"));
  };
  return is_video(current.get()) && is_video(caps) ? GST_PAD_PROBE_DROP : GST_PAD_PROBE_OK;
}

bool has_size(GstCaps *caps) {
  const GstStructure *first = gst_caps_get_structure(caps, 0);
  return gst_structure_has_name(first, "video/x-h264") || gst_structure_has_field(first, "width");
}

// Returns the caps in front of a queue: the queue has none before data passes. The caps of JPEG and
// PNG have a size from the first frame on. All tracks wait for it, but only shortly: a camera may
// stay off.
CapsPtr caps_before(GstPad *exit) {
  ElementPtr queue(gst_pad_get_parent_element(exit));
  PadPtr entry(gst_element_get_static_pad(queue.get(), "sink"));
  PadPtr source(gst_pad_get_peer(entry.get()));
  CapsPtr caps;
  const gint64 deadline = g_get_monotonic_time() + G_TIME_SPAN_SECOND;
  while (source) {
    caps.reset(gst_pad_get_current_caps(source.get()));
    if (!caps || has_size(caps.get()) || g_get_monotonic_time() > deadline)
      break;
    g_usleep(20 * G_TIME_SPAN_MILLISECOND);
  }
  return caps;
}

// The headers of FLAC are in its caps, too. As buffers they have no time: matroskamux of GStreamer
// 1.22 would take them for the earliest data, and wait for no other track.
GstPadProbeReturn drop_headers(GstPad *, GstPadProbeInfo *info, gpointer) {
  GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER(info);
  const bool header =
      GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_HEADER) && !GST_BUFFER_PTS_IS_VALID(buffer);
  return header ? GST_PAD_PROBE_DROP : GST_PAD_PROBE_OK;
}

class Builder {
 public:
  Builder(GstBin *pipeline, GstElement *mux, bool mp4, Texts *texts)
      : pipeline_(pipeline), mux_(mux) {
    PadPtr muxed(gst_element_get_static_pad(mux, "src"));
    if (mp4)
      boxes_ = Mp4Boxes::attach(muxed.get());
    else
      MkvIndex::attach(muxed.get(), texts ? texts->late_lines() : nullptr);
    go_on_at_gaps(mux);
  }

  // Links the pad `src` of a bin to a new pad of the muxer.
  bool to_muxer(GstElement *bin, const char *templ) {
    PadPtr exit(gst_element_get_static_pad(bin, "src"));
    PadPtr entry(gst_element_request_pad_simple(mux_, templ));
    if (!exit || !entry)
      return false;
    gst_pad_add_probe(entry.get(), GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, keep_first_caps, nullptr,
                      nullptr);
    if (boxes_)
      Mp4Boxes::add_track(boxes_, entry.get());
    else
      gst_pad_add_probe(entry.get(), GST_PAD_PROBE_TYPE_BUFFER, drop_headers, nullptr, nullptr);
    return gst_pad_link(exit.get(), entry.get()) == GST_PAD_LINK_OK;
  }
  void add(const ElementPtr &bin) {
    gst_bin_add(pipeline_, bin.get());
    added_.push_back(bin.get());
  }
  bool add_branch(GstPad *pad, const std::string &description, const char *templ) {
    return add_bin(pad, make_bin(description), templ);
  }
  bool add_bin(GstPad *pad, const ElementPtr &bin, const char *templ) {
    if (!bin)
      return false;
    add(bin);
    PadPtr entry(gst_element_get_static_pad(bin.get(), "sink"));
    return (!templ || to_muxer(bin.get(), templ)) &&
           gst_pad_link(pad, entry.get()) == GST_PAD_LINK_OK;
  }
  bool add_source(const ElementPtr &bin, const char *templ) {
    if (!bin)
      return false;
    add(bin);
    return to_muxer(bin.get(), templ);
  }
  // Must be called when all tracks are linked: a muxer must know its tracks before data arrives.
  void start() {
    for (auto bin = added_.begin(); bin != added_.end(); ++bin)
      gst_element_sync_state_with_parent(*bin);
  }

 private:
  GstBin *pipeline_;
  GstElement *mux_;
  std::vector<GstElement *> added_;
  std::shared_ptr<Mp4Boxes> boxes_;
};

GstPadProbeReturn on_output(GstPad *, GstPadProbeInfo *info, gpointer data) {
  const GstClockTime time = GST_BUFFER_PTS(GST_PAD_PROBE_INFO_BUFFER(info));
  auto &reached = **static_cast<std::shared_ptr<Reached> *>(data);
  if (GST_CLOCK_TIME_IS_VALID(time) && time > reached)
    reached = time;
  return GST_PAD_PROBE_OK;
}

void follow(GstElement *file, std::shared_ptr<Reached> reached) {
  const PadPtr entry(gst_element_get_static_pad(file, "sink"));
  gst_pad_add_probe(entry.get(), GST_PAD_PROBE_TYPE_BUFFER, on_output,
                    new std::shared_ptr<Reached>(std::move(reached)),
                    [](gpointer data) { delete static_cast<std::shared_ptr<Reached> *>(data); });
}

bool leave_out(Builder *builder, GstPad *pad) {
  return builder->add_branch(pad, "fakesink sync=false async=false", nullptr);
}

bool add_waiting(const Options &options, Builder *builder, Waiting *waiting) {
  GstPad *pad = waiting->exit.get();
  // The appsrc of a journal has no queue.
  if (waiting->source == VideoTrack::Source::Live)
    waiting->caps = caps_before(pad);
  if (!waiting->caps)
    waiting->caps.reset(gst_caps_new_empty_simple("video/x-h264"));
  ElementPtr track =
      VideoTrack::make(waiting->name, waiting->caps.get(), !options.mp4, waiting->source);
  if (track)
    return builder->add_bin(pad, track, "video_%u");
  waiting->caps.reset();
  ElementPtr pipeline(gst_pad_get_parent_element(pad));
  GST_ELEMENT_WARNING(pipeline.get(), STREAM, CODEC_NOT_FOUND,
                      ("%s is not recorded: an element that converts what the service sends is "
                       "missing. Install the plugins good, bad, ugly and libav of GStreamer.",
                       waiting->name.c_str()),
                      (nullptr));
  return leave_out(builder, pad);
}

}  // namespace

std::string elements_for(const Options &options) {
  std::string names = "rtmssrc appsrc audioconvert audioresample queue h264parse";
  names += options.mp4 ? " mp4mux" : " matroskamux";
  if (options.audio_codec != "pcm")
    names += options.audio_codec == "opus" ? " opusenc" : " flacenc";
  if (options.program.wanted())
    names += " avdec_h264 compositor audiomixer textoverlay x264enc avenc_aac";
  if (!options.program.file.empty())
    names += " mp4mux";
  if (!options.program.rtmp.empty())
    names += " flvmux rtmp2sink";
  return names;
}

const char *file_name(const Options &options) {
  return options.mp4 ? "meeting.mp4" : "meeting.mkv";
}

GrowingFile::Check file_check(const Options &options) {
  return options.mp4 ? Mp4Boxes::problem_of : nullptr;
}

std::string add_container(const Options &options, const std::string &path, GstBin *pipeline,
                          std::vector<Waiting> *all, Sources *sources, Texts *texts,
                          std::shared_ptr<Reached> reached) {
  ElementPtr mux = make_muxer(options);
  ElementPtr file = make_element("filesink");
  g_object_set(file.get(), "location", path.c_str(), "sync", FALSE, "async", FALSE, nullptr);
  // Buffered data is lost in a crash. MP4 is written in a few large pieces, MKV in many small ones.
  gst_util_set_object_arg(G_OBJECT(file.get()), "buffer-mode", "unbuffered");
  if (reached)
    follow(file.get(), std::move(reached));
  Builder builder(pipeline, mux.get(), options.mp4, texts);
  builder.add(file);
  builder.add(mux);
  if (!gst_element_link(mux.get(), file.get()))
    return "the file";
  // Players select the first track of a kind.
  for (const char *name : {"video", "screen"})
    for (Waiting &waiting : *all)
      if (waiting.name == name && !add_waiting(options, &builder, &waiting))
        return name;
  // The transcript has a file of its own; MKV contains it too.
  if (texts && !options.mp4 && !builder.add_source(texts->make_subtitles(), "subtitle_%u"))
    return "transcript";
  for (unsigned track = 0; track < sources->tracks(); track++)
    if (!builder.add_source(sources->make(track), "audio_%u"))
      return "sound";
  builder.start();
  return "";
}

}  // namespace rtms::recorder
