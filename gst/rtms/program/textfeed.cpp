// SPDX-License-Identifier: LGPL-2.1-or-later
#include "textfeed.h"

#include "refusals.h"

#include <cstring>

namespace rtms::program {
namespace {

// Converts a text with markup to plain text.
std::string without_markup(std::string text) {
  constexpr const char *kEntities[][2] = {{"&lt;", "<"},   {"&gt;", ">"},  {"&quot;", "\""},
                                          {"&apos;", "'"}, {"&#39;", "'"}, {"&amp;", "&"}};
  for (const auto &[entity, character] : kEntities)
    for (std::size_t at = 0; (at = text.find(entity, at)) != std::string::npos; at++)
      text.replace(at, std::strlen(entity), character);
  return text;
}

}  // namespace

TextFeed::TextFeed(GstElement *bin, GstPad *from, Scene *scene) : bin_(bin), scene_(scene) {
  if (!scene) {
    GstPadTemplate *of = gst_element_get_pad_template(bin, "captions");
    pad_.reset(GST_PAD(gst_object_ref_sink(gst_ghost_pad_new_from_template("captions", from, of))));
    gst_pad_set_event_function(pad_.get(), GST_DEBUG_FUNCPTR(upstream_event));
    const PadPtr inner(GST_PAD(gst_proxy_pad_get_internal(GST_PROXY_PAD(pad_.get()))));
    gst_pad_add_probe(inner.get(), GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, drop_collection, nullptr,
                      nullptr);
    gst_pad_set_active(pad_.get(), TRUE);
    gst_element_add_pad(bin, pad_.get());
    return;
  }
  pad_.reset(GST_PAD(gst_object_ref_sink(gst_pad_new("captions", GST_PAD_SINK))));
  gst_pad_set_element_private(pad_.get(), this);
  gst_pad_set_chain_function(pad_.get(), on_text);
  gst_pad_set_active(pad_.get(), TRUE);
  gst_pad_link_full(from, pad_.get(), GST_PAD_LINK_CHECK_NOTHING);
}

TextFeed::~TextFeed() {
  if (!scene_) {
    gst_element_remove_pad(bin_, pad_.get());
    return;
  }
  PadPtr from(gst_pad_get_peer(pad_.get()));
  if (from)
    gst_pad_unlink(from.get(), pad_.get());
  gst_pad_set_active(pad_.get(), FALSE);
}

GstFlowReturn TextFeed::on_text(GstPad *pad, GstObject *, GstBuffer *raw_buffer) {
  auto self = static_cast<TextFeed *>(gst_pad_get_element_private(pad));
  BufferPtr buffer(raw_buffer);
  CapsPtr caps(gst_pad_get_current_caps(pad));
  const GstStructure *structure = caps ? gst_caps_get_structure(caps.get(), 0) : nullptr;
  const GstClockTime start = running_time(pad, GST_BUFFER_PTS(buffer.get()));
  if (!structure || !gst_structure_has_name(structure, "text/x-raw") ||
      !GST_CLOCK_TIME_IS_VALID(start))
    return GST_FLOW_OK;
  ReadMap map(buffer.get());
  std::string text(reinterpret_cast<const char *>(map.data()), map.size());
  const char *format = gst_structure_get_string(structure, "format");
  if (format && std::strcmp(format, "pango-markup") == 0)
    text = without_markup(std::move(text));
  const GstClockTime duration =
      GST_BUFFER_DURATION_IS_VALID(buffer.get()) ? GST_BUFFER_DURATION(buffer.get()) : 0;
  self->scene_->caption(start, duration, text);
  return GST_FLOW_OK;
}

}  // namespace rtms::program
