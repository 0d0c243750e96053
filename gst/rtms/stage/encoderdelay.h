// SPDX-License-Identifier: LGPL-2.1-or-later
// How late an audio encoder behind the program makes the audio, where files and streams do not say.
#pragma once

#include "elements.h"

namespace rtms::program {

// Of the first encoder that follows the source pad; 0: there is none, or its delay is stated.
GstClockTime encoder_delay(GstPad *pad);

}  // namespace rtms::program
