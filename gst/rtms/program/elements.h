// SPDX-License-Identifier: LGPL-2.1-or-later
// What the files of this room share of GStreamer.
#pragma once

#include "media/gstptr.h"

#include <gst/gst.h>

#include <string>

namespace rtms::program {

struct UnrefObject {
  template <typename T>
  void operator()(T *object) const {
    gst_object_unref(object);
  }
};
using ElementPtr = std::unique_ptr<GstElement, UnrefObject>;
using PadPtr = std::unique_ptr<GstPad, UnrefObject>;
using ClockPtr = std::unique_ptr<GstClock, UnrefObject>;

// An element of the bin, which owns it. Null where there is no such plugin: `missing` then has its
// name, if it had none before.
GstElement *add_element(GstBin *bin, const char *kind, const char *name, std::string *missing);
// Set to NULL, and out of the bin.
void remove_element(GstBin *bin, GstElement *element);

// Of a time in the pad's segment; GST_CLOCK_TIME_NONE where there is none.
GstClockTime running_time(GstPad *pad, GstClockTime time);

// Events of a stream that begins; the pad is a sink pad.
void begin_stream(GstPad *pad, const char *id, GstCaps *caps);

}  // namespace rtms::program
