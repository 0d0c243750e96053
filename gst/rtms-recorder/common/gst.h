// SPDX-License-Identifier: LGPL-2.1-or-later
// Helpers for GStreamer: statistics, elements by name, the end of pipelines.
#pragma once

#include "media/gstptr.h"

#include <functional>
#include <string>

namespace rtms::recorder {

using MessagePtr = std::unique_ptr<GstMessage, UnrefMiniObject>;

// Reads a field of rtmssrc's `stats`; 0 if missing.
uint64_t counter(const GstStructure *stats, const char *name);
// The same of one kind of media in it, such as "audio".
uint64_t counter(const GstStructure *stats, const char *media, const char *name);

// Makes a bin with ghost pads from a gst-launch description. Null if an element is missing or the
// description is wrong; missing_element() names the element.
ElementPtr make_bin(const std::string &description);

// `kind` must be one that missing_element() has found.
ElementPtr make_element(const char *kind);
// EOS of this element is not the pipeline's. A pipeline that has posted EOS forgets which sinks
// have ended, and would wait for them after a file sink is added.
void set_no_sink(GstElement *element);

// Returns an error for the first missing element, with its package; empty: none is missing.
std::string missing_element(const std::string &names);

// Sends EOS, waits for it up to `patience`, and sets the pipeline to NULL, on another thread,
// because its output may block. Then calls `done` on the main thread.
void retire(ElementPtr pipeline, GstClockTime patience, std::function<void()> done);
// Returns the number of pipelines being retired.
unsigned retiring();

// Runs fn on the main thread, later. Any thread.
void post(std::function<void()> fn);

}  // namespace rtms::recorder
