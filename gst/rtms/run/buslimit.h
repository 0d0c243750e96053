// SPDX-License-Identifier: LGPL-2.1-or-later
// Limits the messages of an element that wait on the bus: a server may send events faster than an
// application reads them.
#pragma once

#include <gst/gst.h>

namespace rtms {

// Two lists with all participants of the largest meeting.
inline constexpr unsigned kMaxWaitingMessages = 20000;
inline constexpr gsize kMaxWaitingBytes = 64 << 20;  // of their texts

// Posts an element message. Drops it when too many of the element's wait on the bus; a warning with
// their number follows when half of them have been read. `reserve`: how many more may wait if they
// matter more than events. On one thread at a time.
void post_within_limit(GstElement *element, GstStructure *structure, unsigned reserve = 0);

}  // namespace rtms
