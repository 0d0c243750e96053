// SPDX-License-Identifier: LGPL-2.1-or-later
// Whose media it is, on pads as tags and on buffers as a GstCustomMeta `GstRtmsParticipantMeta`.
#pragma once

#include "media/gstptr.h"
#include "protocol/participant.h"

namespace rtms {

// The name as title, the id as extended comment. Null where neither is known.
EventPtr participant_tags(const Speaker &speaker);

// Puts who is speaking, or is seen, on the buffer.
void add_participant(GstBuffer *buffer, const Speaker &speaker);
// To be called once before that.
void register_participant_meta();

}  // namespace rtms
