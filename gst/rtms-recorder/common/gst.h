// SPDX-License-Identifier: LGPL-2.1-or-later
// What the recorder's files share of GStreamer: statistics, elements by name, pipelines that end.
#pragma once

#include "media/gstptr.h"

#include <functional>
#include <string>

namespace rtms::recorder {

using MessagePtr = std::unique_ptr<GstMessage, UnrefMiniObject>;

// Of rtmssrc's `stats`, or what it has for one kind of media; 0 where there is none.
uint64_t counter(const GstStructure *stats, const char *name);

// A bin of a gst-launch description, with ghost pads. Null where something is missing or wrong:
// missing_element() tells which.
ElementPtr make_bin(const std::string &description);

// Of a kind that missing_element() has found.
ElementPtr make_element(const char *kind);
// EOS there is not the pipeline's. A pipeline that has posted EOS forgets which of its sinks are
// over: it would wait for them once it has a file.
void set_no_sink(GstElement *element);

// The first of the elements that this machine does not have, with its package; empty: all there.
std::string missing_element(const std::string &names);

// Down to NULL on another thread, for what the pipeline writes to may be slow; after an EOS, for
// which it waits so long. Then `done`, on the main thread.
void retire(ElementPtr pipeline, GstClockTime patience, std::function<void()> done);
// How many are on their way.
unsigned retiring();

// Runs fn on the main thread, later.
void post(std::function<void()> fn);

}  // namespace rtms::recorder
