// SPDX-License-Identifier: LGPL-2.1-or-later
// A monotonic clock that also advances while the machine sleeps or the process is stopped.
#pragma once

#include <glib.h>
#include <cstdint>
#include <ctime>

namespace rtms {

inline int64_t sleep_clock_us() {
#ifdef CLOCK_BOOTTIME
  timespec now;
  if (clock_gettime(CLOCK_BOOTTIME, &now) == 0)
    return int64_t{now.tv_sec} * G_USEC_PER_SEC + now.tv_nsec / 1000;
#endif
  return g_get_monotonic_time();
}

}  // namespace rtms
