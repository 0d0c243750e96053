// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>

namespace rtms::recorder {

// Returns the bytes of memory that this process may use: those of the machine, or of its control
// group. Read at the first call.
uint64_t memory_limit();

}  // namespace rtms::recorder
