// SPDX-License-Identifier: LGPL-2.1-or-later
// Helpers for GStreamer elements.
#pragma once

#include "media/gstptr.h"

#include <gst/gst.h>

#include <string>

namespace rtms::program {

// Adds a new element to the bin, which owns it. Returns null if its plugin is missing, and sets
// `missing` to its name if that is empty.
GstElement *add_element(GstBin *bin, const char *kind, const char *name, std::string *missing);
// Sets the element to NULL, and removes it from the bin.
void remove_element(GstBin *bin, GstElement *element);

// Sends the events of a new stream to a sink pad.
void begin_stream(GstPad *pad, const char *id, GstCaps *caps);

// Posts the error that what is linked to that pad of the bin does not accept its format.
void post_refused(GstElement *bin, const char *pad);

}  // namespace rtms::program
