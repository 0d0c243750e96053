// SPDX-License-Identifier: LGPL-2.1-or-later
#include "container.h"

#include "mkvindex.h"
#include "mp4boxes.h"

namespace rtms::recorder {
namespace {

constexpr unsigned kFileBuffer = 16 << 10;

// avc3: the parameter sets stay in the stream, where each camera may have its own. The element
// fills with black, so that the muxer has parameter sets and a size from the beginning.
constexpr char kVideoBranch[] =
    "h264parse config-interval=-1 ! capsfilter caps=video/x-h264,stream-format=avc3,alignment=au";

// Both can be played to where they came when the program is killed.
ElementPtr make_muxer(const Options &options) {
  ElementPtr mux = make_element(options.mp4 ? "mp4mux" : "matroskamux");
  if (options.mp4) {
    // Each fragment has its own index, and the file one of the fragments: no table grows with each
    // sample, and no time is of 32 bits.
    constexpr unsigned kFragment_ms = 2000;
    g_object_set(mux.get(), "fragment-duration", kFragment_ms, nullptr);
  } else {
    // Where keyframes are rare, or there is no video, a player reads that much in vain.
    constexpr gint64 kLongestCluster = 5 * GST_SECOND;
    constexpr guint64 kIndexInterval = GST_SECOND;
    g_object_set(mux.get(), "max-cluster-duration", kLongestCluster, "min-index-interval",
                 kIndexInterval, nullptr);
  }
  return mux;
}

// When the size of the H.264 changes in mid-file, mp4mux writes wrong positions into the sample
// table of what follows. It need not know of it: the parameter sets are in the stream.
GstPadProbeReturn keep_first_caps(GstPad *pad, GstPadProbeInfo *info, gpointer) {
  GstEvent *event = GST_PAD_PROBE_INFO_EVENT(info);
  if (GST_EVENT_TYPE(event) != GST_EVENT_CAPS)
    return GST_PAD_PROBE_OK;
  const CapsPtr current(gst_pad_get_current_caps(pad));
  GstCaps *caps = nullptr;
  gst_event_parse_caps(event, &caps);
  const auto is_h264 = [](GstCaps *one) {
    return one && gst_structure_has_name(gst_caps_get_structure(one, 0), "video/x-h264");
  };
  return is_h264(current.get()) && is_h264(caps) ? GST_PAD_PROBE_DROP : GST_PAD_PROBE_OK;
}

class Builder {
 public:
  Builder(GstBin *pipeline, GstElement *mux, bool mp4) : pipeline_(pipeline), mux_(mux) {
    PadPtr muxed(gst_element_get_static_pad(mux, "src"));
    if (mp4)
      boxes_ = Mp4Boxes::attach(muxed.get());
    else
      MkvIndex::attach(muxed.get());
  }

  // From a bin with a pad `src` to a new pad of the muxer.
  bool to_muxer(GstElement *bin, const char *templ) {
    PadPtr exit(gst_element_get_static_pad(bin, "src"));
    PadPtr entry(gst_element_request_pad_simple(mux_, templ));
    if (!exit || !entry)
      return false;
    gst_pad_add_probe(entry.get(), GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, keep_first_caps, nullptr,
                      nullptr);
    if (boxes_)
      Mp4Boxes::add_track(boxes_, entry.get());
    return gst_pad_link(exit.get(), entry.get()) == GST_PAD_LINK_OK;
  }
  void add(const ElementPtr &bin) {
    gst_bin_add(pipeline_, bin.get());
    added_.push_back(bin.get());
  }
  bool add_branch(GstPad *pad, const std::string &description, const char *templ) {
    ElementPtr bin = make_bin(description);
    if (!bin)
      return false;
    add(bin);
    PadPtr entry(gst_element_get_static_pad(bin.get(), "sink"));
    return (!templ || to_muxer(bin.get(), templ)) &&
           gst_pad_link(pad, entry.get()) == GST_PAD_LINK_OK;
  }
  bool add_sound(Sound *sound, unsigned track) {
    ElementPtr bin = sound->make_source(track);
    if (!bin)
      return false;
    add(bin);
    return to_muxer(bin.get(), "audio_%u");
  }
  // When all are linked: nothing comes to a muxer that does not know its tracks.
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

bool add_waiting(const Options &options, Builder *builder, const Waiting &waiting) {
  if (waiting.name != "transcript")
    return builder->add_branch(waiting.exit.get(), kVideoBranch, "video_%u");
  // The text has a file of its own; MKV shows it as well.
  if (!options.mp4)
    return builder->add_branch(waiting.exit.get(), "identity", "subtitle_%u");
  return builder->add_branch(waiting.exit.get(), "fakesink sync=false async=false", nullptr);
}

}  // namespace

std::string elements_for(const Options &options) {
  std::string names =
      "rtmssrc appsrc audioconvert audioresample taginject queue identity h264parse";
  names += options.mp4 ? " mp4mux" : " matroskamux";
  if (options.audio_codec != "pcm")
    names += options.audio_codec == "opus" ? " opusenc" : " flacenc";
  if (!options.rtmp.empty())
    names += " avdec_h264 compositor videotestsrc x264enc avenc_aac flvmux rtmp2sink";
  return names;
}

const char *file_name(const Options &options) {
  return options.mp4 ? "meeting.mp4" : "meeting.mkv";
}

std::string add_container(const Options &options, const std::string &folder, GstBin *pipeline,
                          const std::vector<Waiting> &all, Sound *sound) {
  ElementPtr mux = make_muxer(options);
  ElementPtr file = make_element("filesink");
  g_object_set(file.get(), "location", (folder + "/" + file_name(options)).c_str(), "sync", FALSE,
               "async", FALSE, nullptr);
  // What is kept back is lost in a crash. MP4 comes in a few large pieces, MKV in many small ones.
  if (options.mp4)
    gst_util_set_object_arg(G_OBJECT(file.get()), "buffer-mode", "unbuffered");
  else
    g_object_set(file.get(), "buffer-size", kFileBuffer, nullptr);
  Builder builder(pipeline, mux.get(), options.mp4);
  builder.add(file);
  builder.add(mux);
  if (!gst_element_link(mux.get(), file.get()))
    return "the file";
  // The first track of a kind is the one that players choose.
  for (const char *name : {"video", "screen", "transcript"})
    for (const Waiting &waiting : all)
      if (waiting.name == name && !add_waiting(options, &builder, waiting))
        return name;
  for (unsigned track = 0; track < sound->tracks(); track++)
    if (!builder.add_sound(sound, track))
      return "sound";
  builder.start();
  return "";
}

}  // namespace rtms::recorder
