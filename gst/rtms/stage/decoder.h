// SPDX-License-Identifier: LGPL-2.1-or-later
// Elements that decode what rtmssrc pushes, chosen by their rank.
#pragma once

#include "elements.h"

#include <set>
#include <vector>

namespace rtms::program {

enum class Medium { Audio, Video };

// In the order in which the data flow, linked, in the bin, in no state yet. Empty: `missing` says
// what there is no element for. Factories in `failed` are not used again.
std::vector<GstElement *> make_decoder(GstBin *bin, Medium medium, GstCaps *caps,
                                       const std::set<std::string> &failed, std::string *missing);

}  // namespace rtms::program
