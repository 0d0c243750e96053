// SPDX-License-Identifier: LGPL-2.1-or-later
// What a pad's streaming task pushes: items of the queue, and GAPs in pauses.
#pragma once

#include "padstate.h"

namespace rtms {

// Used on the streaming task.

void push_buffer(PadState *state, BufferPtr buffer);
void push_event(PadState *state, EventPtr event);
// Pushes a GAP, or a black frame instead, if one is due.
void push_silence(PadState *state);
// Pushes stream-start, caps and segment to a new link.
void push_stored_events(PadState *state);
// Pushes EOS, after a GAP if nothing was pushed before.
void push_eos(PadState *state, EventPtr eos);

}  // namespace rtms
