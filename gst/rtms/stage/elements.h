// SPDX-License-Identifier: LGPL-2.1-or-later
// What the files of this room share of GStreamer.
#pragma once

#include "media/gstptr.h"

#include <gst/gst.h>

#include <string>

namespace rtms::program {

// An element of the bin, which owns it. Null where there is no such plugin: `missing` then has its
// name, if it had none before.
GstElement *add_element(GstBin *bin, const char *kind, const char *name, std::string *missing);
// Set to NULL, and out of the bin.
void remove_element(GstBin *bin, GstElement *element);

// Events of a stream that begins; the pad is a sink pad.
void begin_stream(GstPad *pad, const char *id, GstCaps *caps);

}  // namespace rtms::program
