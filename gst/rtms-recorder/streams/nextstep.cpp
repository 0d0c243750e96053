// SPDX-License-Identifier: LGPL-2.1-or-later
#include "nextstep.h"

namespace rtms::recorder {
namespace {

using Cause = EndedPart::Cause;
using Next = NextStep::Next;

bool breaks(Cause cause) {
  return cause == Cause::BrokenOff || cause == Cause::DiskFull;
}

Over over(Cause cause) {
  if (cause == Cause::Left || cause == Cause::DiskFull)
    return Over::Released;
  return cause == Cause::Ended ? Over::Ended : Over::Failed;
}

Next next(const EndedPart &part, unsigned shorts) {
  // In a cluster, its recorders agree on who continues.
  if (part.mode == Mode::Cluster)
    return Next::Nothing;
  if (!part.is_kept || !(breaks(part.cause) || part.cause == Cause::Left))
    return part.announced_again ? Next::NewRecording : Next::Nothing;
  if (part.cause == Cause::Left)
    return Next::Leave;
  if (shorts > kMostShort)
    return Next::Nothing;
  const bool waits = part.cause == Cause::DiskFull || part.is_short;
  if (part.stopping == Stopping::Continues || (waits && part.mode == Mode::Once))
    return Next::Leave;
  return waits ? Next::PartLater : Next::PartNow;
}

}  // namespace

NextStep next_step(const EndedPart &part) {
  NextStep step;
  if (breaks(part.cause) && part.is_short)
    step.shorts = 1 + (part.announced_again ? 0 : part.shorts);
  step.over = over(part.cause);
  step.next = next(part, step.shorts);
  return step;
}

}  // namespace rtms::recorder
