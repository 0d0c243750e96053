// SPDX-License-Identifier: LGPL-2.1-or-later
#include "madedecoder.h"

#include <initializer_list>

#include "gst_check.h"

namespace rtmscheck {
namespace {

MadeDecoder made;

// As in elements of other languages, the pad's chain function needs the data that it came with.
GstFlowReturn chain(GstPad *pad, GstObject *parent, GstBuffer *buffer) {
  const auto own = static_cast<GstPadChainFunction *>(pad->chaindata);
  return (*own)(pad, parent, buffer);
}

void init(GTypeInstance *instance, gpointer) {
  GstElement *element = GST_ELEMENT(instance);
  for (const char *name : {"sink", "src"}) {
    GstPad *pad = gst_pad_new_from_template(gst_element_get_pad_template(element, name), name);
    if (gst_pad_get_direction(pad) == GST_PAD_SINK) {
      gst_pad_set_chain_function_full(
          pad, chain, new GstPadChainFunction(made.chain),
          [](gpointer own) { delete static_cast<GstPadChainFunction *>(own); });
      if (made.event)
        gst_pad_set_event_function(pad, made.event);
    }
    gst_element_add_pad(element, pad);
  }
}

void init_class(gpointer klass, gpointer) {
  const auto add = [klass](const char *name, GstPadDirection direction, const char *text) {
    GstCaps *caps = gst_caps_from_string(text);
    gst_element_class_add_pad_template(GST_ELEMENT_CLASS(klass),
                                       gst_pad_template_new(name, direction, GST_PAD_ALWAYS, caps));
    gst_caps_unref(caps);
  };
  add("sink", GST_PAD_SINK, made.takes);
  add("src", GST_PAD_SRC, made.makes);
  gst_element_class_set_static_metadata(GST_ELEMENT_CLASS(klass), "made", "Codec/Decoder/Video",
                                        "made", "a test");
}

}  // namespace

void register_decoder(const MadeDecoder &decoder) {
  made = decoder;
  const GTypeInfo info = {sizeof(GstElementClass), nullptr, nullptr, init_class, nullptr, nullptr,
                          sizeof(GstElement),      0,       init,    nullptr};
  const GType type =
      g_type_register_static(GST_TYPE_ELEMENT, "RtmsCheckDecoder", &info, GTypeFlags(0));
  ck_assert(gst_element_register(nullptr, "rtmscheckdecoder", made.rank, type));
}

}  // namespace rtmscheck
