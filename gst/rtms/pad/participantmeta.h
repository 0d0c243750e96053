// SPDX-License-Identifier: LGPL-2.1-or-later
// The participant of media: tags on pads, a GstCustomMeta `GstRtmsParticipantMeta` on buffers.
#pragma once

#include "media/gstptr.h"
#include "protocol/participant.h"

namespace rtms {

// Title: the name; extended comment: the id. Null if both are unknown.
EventPtr participant_tags(const Speaker &speaker);

// Adds the participant whose audio, video or text the buffer holds.
void add_participant(GstBuffer *buffer, const Speaker &speaker);
// Must be called once before that.
void register_participant_meta();

}  // namespace rtms
