// SPDX-License-Identifier: LGPL-2.1-or-later
#include "padfill.h"

namespace rtms {
namespace {

// A network stalls for less than that; nobody minds a still picture for so long.
constexpr GstClockTime kStill = 3 * GST_SECOND;
// Players seek to keyframes, and streams are cut at them.
constexpr GstClockTime kInterval = GST_SECOND;

}  // namespace

void PadFill::shown_until(GstClockTime end) {
  off_ = false;
  shown_ = end;
  filled_ = GST_CLOCK_TIME_NONE;
}

bool PadFill::is_due(GstClockTime until) const {
  return off_ || !GST_CLOCK_TIME_IS_VALID(shown_) || until >= shown_ + kStill;
}

bool PadFill::stands(GstClockTime until) const {
  return GST_CLOCK_TIME_IS_VALID(filled_) && until < filled_ + kInterval;
}

}  // namespace rtms
