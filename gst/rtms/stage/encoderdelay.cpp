// SPDX-License-Identifier: LGPL-2.1-or-later
#include "encoderdelay.h"

#include <cstring>

namespace rtms::program {
namespace {

constexpr int kRate = 48000;
constexpr unsigned kFarthest = 32;  // elements to search

// Measured. Opus and Vorbis streams state their delay.
struct Known {
  const char *kind;
  guint64 samples;
};
constexpr Known kKnown[] = {{"avenc_aac", 1024}};

// Returns the pad of the element inside a bin.
PadPtr innermost(PadPtr pad) {
  while (pad && GST_IS_GHOST_PAD(pad.get()))
    pad.reset(gst_ghost_pad_get_target(GST_GHOST_PAD(pad.get())));
  return pad;
}

// Returns the pad that is linked to the source pad, or to that of a bin around it.
PadPtr next(GstPad *source) {
  PadPtr peer(gst_pad_get_peer(source));
  if (peer && GST_IS_PROXY_PAD(peer.get()) && !GST_IS_GHOST_PAD(peer.get())) {
    PadPtr ghost(GST_PAD(gst_proxy_pad_get_internal(GST_PROXY_PAD(peer.get()))));
    return ghost ? next(ghost.get()) : nullptr;
  }
  return innermost(std::move(peer));
}

PadPtr first_source(GstElement *element) {
  GST_OBJECT_LOCK(element);
  GstPad *pad = element->srcpads ? GST_PAD(gst_object_ref(element->srcpads->data)) : nullptr;
  GST_OBJECT_UNLOCK(element);
  return PadPtr(pad);
}

}  // namespace

GstClockTime encoder_delay(GstPad *pad) {
  PadPtr source(GST_PAD(gst_object_ref(pad)));
  for (unsigned count = 0; source && count < kFarthest; count++) {
    PadPtr sink = next(source.get());
    ElementPtr element(sink ? gst_pad_get_parent_element(sink.get()) : nullptr);
    GstElementFactory *factory = element ? gst_element_get_factory(element.get()) : nullptr;
    if (!factory)
      return 0;
    for (const Known &known : kKnown)
      if (std::strcmp(GST_OBJECT_NAME(factory), known.kind) == 0)
        return gst_util_uint64_scale(known.samples, GST_SECOND, kRate);
    if (gst_element_factory_list_is_type(factory, GST_ELEMENT_FACTORY_TYPE_ENCODER))
      return 0;
    source = first_source(element.get());
  }
  return 0;
}

}  // namespace rtms::program
