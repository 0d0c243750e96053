// SPDX-License-Identifier: LGPL-2.1-or-later
// The delay of an audio encoder behind the program, if neither its stream nor files state it.
#pragma once

#include "elements.h"

namespace rtms::program {

// Returns the delay of the first encoder behind the source pad; 0: there is none, or its delay is
// stated.
GstClockTime encoder_delay(GstPad *pad);

}  // namespace rtms::program
