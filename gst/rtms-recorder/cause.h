// SPDX-License-Identifier: LGPL-2.1-or-later
// Why a recording has ended.
#pragma once

#include "meeting/meeting.h"
#include "streams/nextstep.h"

namespace rtms::recorder {

// `left`: the stream continues elsewhere, or later. `disk_full`: now.
inline EndedPart::Cause cause_of(const Outcome &outcome, bool left, bool disk_full) {
  using Cause = EndedPart::Cause;
  if (outcome.stopped)
    return Cause::Ended;
  if (left)
    return Cause::Left;
  if (!outcome.good && (outcome.disk_full || (disk_full && outcome.broken_off)))
    return Cause::DiskFull;
  if (!outcome.cut_short)
    return Cause::Ended;
  const bool is_short = outcome.length < kShort_s * GST_SECOND;
  return is_short && !outcome.broken_off ? Cause::Refused : Cause::BrokenOff;
}

}  // namespace rtms::recorder
