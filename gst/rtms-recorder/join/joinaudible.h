// SPDX-License-Identifier: LGPL-2.1-or-later
// Finds the audio that only a later part has: the earlier one has silence as filler there.
#pragma once

#include "joinmedia.h"
#include "joinplan.h"

#include <optional>
#include <string>
#include <vector>

namespace rtms::recorder {

// Decodes the first audio track of an input, if there is one. None if it cannot be decoded.
std::optional<JoinAudio> read_audio(const JoinInput &input);

// Returns the inputs; if later ones have audio where the earlier ones have silence only, in pieces
// that have it. `lacks`: what may be missing, as sentences.
std::vector<JoinInput> fill_silence(const std::vector<JoinInput> &inputs,
                                    std::vector<std::string> *lacks);

}  // namespace rtms::recorder
