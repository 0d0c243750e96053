// SPDX-License-Identifier: LGPL-2.1-or-later
// Selects, by rank, the elements that decode the media of rtmssrc.
#pragma once

#include "elements.h"

#include <set>
#include <vector>

namespace rtms::program {

enum class Medium { Audio, Video };

// Returns linked elements in the bin, in the order of the data flow, in no state yet. If there is
// none, `missing` names the caps that nothing decodes. Factories in `failed` are not used.
std::vector<GstElement *> make_decoder(GstBin *bin, Medium medium, GstCaps *caps,
                                       const std::set<std::string> &failed, std::string *missing);

// Posts a warning: the program continues without those media.
void warn_undecoded(GstBin *bin, const std::string &missing);

}  // namespace rtms::program
