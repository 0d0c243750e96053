// SPDX-License-Identifier: LGPL-2.1-or-later
// A clock that only moves when it is told to: the linker puts it in place of GLib's timers, time
// and chance (-Wl,--wrap), so that a minute of waiting costs nothing and every run is the same.
#pragma once

#include <cstdint>

namespace rtmsfuzz {

void reset_clock();
// Runs the thread's main context, and the clock from one timer to the next, for so many ms.
void advance(int64_t ms);
// Runs what is due now.
void settle();

}  // namespace rtmsfuzz
