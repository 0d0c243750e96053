// SPDX-License-Identifier: LGPL-2.1-or-later
#include "decoder.h"

#include "media/nal.h"

#include <cstring>

namespace rtms::program {
namespace {

bool is_raw(GstCaps *caps) {
  return gst_structure_has_name(gst_caps_get_structure(caps, 0), "audio/x-raw");
}

// Returns the caps of the factory's source pad template.
CapsPtr source_caps(GstElementFactory *factory) {
  for (const GList *one = gst_element_factory_get_static_pad_templates(factory); one;
       one = one->next) {
    auto pad = static_cast<GstStaticPadTemplate *>(one->data);
    if (pad->direction == GST_PAD_SRC)
      return CapsPtr(gst_static_caps_get(&pad->static_caps));
  }
  return CapsPtr(gst_caps_new_empty());
}

// Some decoders output only memory of their own, which the mixer cannot read.
bool makes(GstElementFactory *factory, const char *wanted) {
  if (!wanted)
    return true;
  CapsPtr made = source_caps(factory), raw(gst_caps_from_string(wanted));
  return gst_caps_can_intersect(made.get(), raw.get());
}

bool has_start_codes(GstCaps *caps) {
  const char *format = gst_structure_get_string(gst_caps_get_structure(caps, 0), "stream-format");
  return !format || std::strcmp(format, "byte-stream") == 0;
}

// Removes what H.264 parsers fail at, and what decoders allocate too much memory for.
void clean_for(GstElement *first) {
  const PadPtr sink(gst_element_get_static_pad(first, "sink"));
  gst_pad_add_probe(
      sink.get(), GST_PAD_PROBE_TYPE_BUFFER,
      [](GstPad *, GstPadProbeInfo *info, gpointer) { return clean_h264(info); }, nullptr, nullptr);
}

class Chain {
 public:
  explicit Chain(GstBin *bin) : bin_(bin) {}

  bool append(GstElement *element) {
    if (!element)
      return false;
    gst_bin_add(bin_, element);
    const bool linked = elements_.empty() || gst_element_link(elements_.back(), element);
    elements_.push_back(element);
    return linked;
  }
  bool append(const char *kind) { return append(gst_element_factory_make(kind, nullptr)); }
  void clear() {
    for (GstElement *element : elements_)
      remove_element(bin_, element);
    elements_.clear();
  }
  std::vector<GstElement *> take() { return std::move(elements_); }

 private:
  GstBin *bin_;
  std::vector<GstElement *> elements_;
};

// Returns the element of the highest rank that can be created and opened: hardware may be in use.
GstElement *best(GstElementFactoryListType type, GstCaps *caps, const char *wanted,
                 const std::set<std::string> &failed) {
  GList *all = gst_element_factory_list_get_elements(type, GST_RANK_MARGINAL);
  GList *fitting = gst_element_factory_list_filter(all, caps, GST_PAD_SINK, FALSE);
  GstElement *found = nullptr;
  for (GList *one = fitting; one && !found; one = one->next) {
    auto factory = GST_ELEMENT_FACTORY(one->data);
    if (failed.count(GST_OBJECT_NAME(factory)) || !makes(factory, wanted))
      continue;
    GstElement *element = gst_element_factory_create(factory, nullptr);
    if (!element)
      continue;
    gst_object_ref_sink(element);
    if (gst_element_set_state(element, GST_STATE_READY) == GST_STATE_CHANGE_FAILURE) {
      gst_element_set_state(element, GST_STATE_NULL);
      gst_object_unref(element);
      continue;
    }
    g_object_force_floating(G_OBJECT(element));
    found = element;
  }
  gst_plugin_feature_list_free(fitting);
  gst_plugin_feature_list_free(all);
  return found;
}

constexpr const char *kRawVideo = "video/x-raw", *kRawAudio = "audio/x-raw";

bool append_decoder(Chain *chain, Medium medium, GstCaps *caps,
                    const std::set<std::string> &failed) {
  if (is_raw(caps))
    return true;
  CapsPtr coded(gst_caps_ref(caps));
  if (gst_structure_has_name(gst_caps_get_structure(caps, 0), "application/x-rtp")) {
    GstElement *unpack = best(GST_ELEMENT_FACTORY_TYPE_DEPAYLOADER, caps, nullptr, failed);
    if (!chain->append(unpack))
      return false;
    coded = source_caps(gst_element_get_factory(unpack));
  }
  // Some decoders refuse caps without what only the stream tells, such as the profile. Others do
  // without a parser, which may not be installed.
  const bool is_h264 =
      gst_structure_has_name(gst_caps_get_structure(coded.get(), 0), "video/x-h264");
  GstElement *parser = is_h264 ? gst_element_factory_make("h264parse", nullptr) : nullptr;
  if (parser && !chain->append(parser))
    return false;
  GstElement *decoder = best(GST_ELEMENT_FACTORY_TYPE_DECODER, coded.get(),
                             medium == Medium::Audio ? kRawAudio : kRawVideo, failed);
  if (!chain->append(decoder))
    return false;
  if (is_h264 && has_start_codes(coded.get()))
    clean_for(parser ? parser : decoder);
  return true;
}

}  // namespace

std::vector<GstElement *> make_decoder(GstBin *bin, Medium medium, GstCaps *caps,
                                       const std::set<std::string> &failed, std::string *missing) {
  Chain chain(bin);
  bool made = append_decoder(&chain, medium, caps, failed);
  if (made && medium == Medium::Audio)
    made = chain.append("audioresample") && chain.append("audioconvert");
  if (!made) {
    chain.clear();
    StringPtr text(gst_caps_to_string(caps));
    *missing = text.get();
    return {};
  }
  return chain.take();
}

void warn_undecoded(GstBin *bin, const std::string &missing) {
  GST_ELEMENT_WARNING(bin, STREAM, CODEC_NOT_FOUND,
                      ("The program goes on without %s: no element decodes it. Install a GStreamer "
                       "plugin that does, such as gstreamer1.0-libav.",
                       missing.c_str()),
                      (nullptr));
}

}  // namespace rtms::program
