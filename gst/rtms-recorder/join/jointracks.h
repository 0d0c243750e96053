// SPDX-License-Identifier: LGPL-2.1-or-later
// The tracks of the files that --join joins.
#pragma once

#include "common/gst.h"

#include <string>

namespace rtms::recorder {

// Matroska rounds timestamps to 1 ms: a shorter packet could have that of the next one.
inline constexpr GstClockTime kShortest = 2 * GST_MSECOND;

// Returns "video" or "audio"; empty: not joined.
std::string kind_of(GstPad *pad);
bool is_flac(GstPad *pad);
// Of two caps.
bool is_same_track(const GstStructure *one, const GstStructure *other);
// Returns the samples without `first` at the start and `last` at the end; null if too few are left,
// and for other media, which cannot be cut.
GstBuffer *cut(GstPad *pad, GstBuffer *buffer, GstClockTime first, GstClockTime last);

}  // namespace rtms::recorder
