// SPDX-License-Identifier: LGPL-2.1-or-later
// How many messages of an element wait on the bus: a server can send events faster than an
// application reads them.
#pragma once

#include <gst/gst.h>

namespace rtms {

// Two lists of as many participants as any meeting has.
inline constexpr unsigned kMaxWaitingMessages = 20000;

// Posts an element message. When too many of the element's wait on the bus already, the message is
// dropped; a warning says how many were, as soon as half of them have been read. `reserve`: so many
// may wait beyond the limit, for messages that matter more than any event. On one thread at a time.
void post_within_limit(GstElement *element, GstStructure *structure, unsigned reserve = 0);

}  // namespace rtms
