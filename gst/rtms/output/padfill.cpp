// SPDX-License-Identifier: LGPL-2.1-or-later
#include "padfill.h"

namespace rtms {
namespace {

// A network stalls for less than that; nobody minds a still picture for so long.
constexpr GstClockTime kStill = 3 * GST_SECOND;

}  // namespace

void PadFill::shown_until(GstClockTime end) {
  off_ = false;
  shown_ = end;
  filling_ = false;
}

bool PadFill::is_due(GstClockTime until) const {
  return off_ || !GST_CLOCK_TIME_IS_VALID(shown_) || until >= shown_ + kStill;
}

}  // namespace rtms
