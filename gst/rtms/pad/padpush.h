// SPDX-License-Identifier: LGPL-2.1-or-later
// What a pad's streaming task pushes: what it took from the queue, and what tells of silence.
#pragma once

#include "padstate.h"

namespace rtms {

// On the streaming task.

void push_buffer(PadState *state, BufferPtr buffer);
void push_event(PadState *state, EventPtr event);
// A GAP, or the black frame in its place, where one is due.
void push_silence(PadState *state);
// EOS, with a GAP in front of it where nothing was pushed before.
void push_eos(PadState *state, EventPtr eos);

}  // namespace rtms
