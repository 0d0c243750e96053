// SPDX-License-Identifier: LGPL-2.1-or-later
// What a pad's streaming thread pushes: items of the queue, and GAPs in pauses.
#pragma once

#include "padstate.h"

namespace rtms {

// The function of a pad's task; `state` is its PadState.
void push_loop(gpointer state);
// The same for a thread that pads share: pushes what is in the queue.
PadThread::After push_turn(PadState *state);
// Whether this thread is pushing on a pad of the element.
bool is_pushing(const GstElement *element);

}  // namespace rtms
