// SPDX-License-Identifier: LGPL-2.1-or-later
// What follows after a recording has ended, as a table.
#include "streams/nextstep.h"

#include <gst/check/gstcheck.h>

namespace {

using namespace rtms::recorder;
using Cause = EndedPart::Cause;
using Next = NextStep::Next;

constexpr bool kShort = true, kLong = false, kAgain = true;

struct Row {
  const char *what;
  EndedPart part;
  NextStep step;
};

EndedPart part(Cause cause, bool is_short = kLong, unsigned shorts = 0, bool again = false) {
  return {cause, is_short, shorts, again};
}
EndedPart in(Mode mode, EndedPart part) {
  part.mode = mode;
  return part;
}
EndedPart at(Stopping stopping, EndedPart part) {
  part.stopping = stopping;
  return part;
}
EndedPart forgotten(EndedPart part) {
  part.is_kept = false;
  return part;
}

const Row kRows[] = {
    {"the stream ended", part(Cause::Ended), {Next::Nothing, Over::Ended, 0}},
    {"ended, short", part(Cause::Ended, kShort, 3), {Next::Nothing, Over::Ended, 0}},
    {"ended, announced again",
     part(Cause::Ended, kLong, 0, kAgain),
     {Next::NewRecording, Over::Ended, 0}},
    {"refused", part(Cause::Refused, kShort, 3), {Next::Nothing, Over::Failed, 0}},
    {"refused, announced again",
     part(Cause::Refused, kShort, 0, kAgain),
     {Next::NewRecording, Over::Failed, 0}},
    {"broken off", part(Cause::BrokenOff), {Next::PartNow, Over::Failed, 0}},
    {"broken off after short ones",
     part(Cause::BrokenOff, kLong, 4),
     {Next::PartNow, Over::Failed, 0}},
    {"short", part(Cause::BrokenOff, kShort), {Next::PartLater, Over::Failed, 1}},
    {"the sixth short one", part(Cause::BrokenOff, kShort, 5), {Next::PartLater, Over::Failed, 6}},
    {"the seventh", part(Cause::BrokenOff, kShort, 6), {Next::Nothing, Over::Failed, 7}},
    {"the seventh, announced again",
     part(Cause::BrokenOff, kShort, 6, kAgain),
     {Next::PartLater, Over::Failed, 1}},
    {"broken off, announced again",
     part(Cause::BrokenOff, kLong, 0, kAgain),
     {Next::PartNow, Over::Failed, 0}},
    {"disk full", part(Cause::DiskFull), {Next::PartLater, Over::Released, 0}},
    {"disk full, the seventh short one",
     part(Cause::DiskFull, kShort, 6),
     {Next::Nothing, Over::Released, 7}},
    {"--once, broken off",
     in(Mode::Once, part(Cause::BrokenOff)),
     {Next::PartNow, Over::Failed, 0}},
    {"--once, short",
     in(Mode::Once, part(Cause::BrokenOff, kShort)),
     {Next::Leave, Over::Failed, 1}},
    {"--once, disk full", in(Mode::Once, part(Cause::DiskFull)), {Next::Leave, Over::Released, 0}},
    {"SIGTERM", at(Stopping::Continues, part(Cause::Left)), {Next::Leave, Over::Released, 0}},
    {"SIGTERM, announced again",
     at(Stopping::Continues, part(Cause::Left, kLong, 0, kAgain)),
     {Next::Leave, Over::Released, 0}},
    {"SIGTERM after the end",
     at(Stopping::Continues, part(Cause::Ended)),
     {Next::Nothing, Over::Ended, 0}},
    {"SIGTERM after the end, announced again",
     at(Stopping::Continues, part(Cause::Ended, kLong, 0, kAgain)),
     {Next::NewRecording, Over::Ended, 0}},
    {"SIGTERM while a broken one is finished",
     at(Stopping::Continues, part(Cause::BrokenOff)),
     {Next::Leave, Over::Failed, 0}},
    {"the same, short",
     at(Stopping::Continues, part(Cause::BrokenOff, kShort)),
     {Next::Leave, Over::Failed, 1}},
    {"the same, the disk is full",
     at(Stopping::Continues, part(Cause::DiskFull)),
     {Next::Leave, Over::Released, 0}},
    {"the same, the seventh short one",
     at(Stopping::Continues, part(Cause::BrokenOff, kShort, 6)),
     {Next::Nothing, Over::Failed, 7}},
    {"SIGINT",
     at(Stopping::ForGood, forgotten(part(Cause::BrokenOff))),
     {Next::Nothing, Over::Failed, 0}},
    {"SIGINT, announced again",
     at(Stopping::ForGood, forgotten(part(Cause::Ended, kLong, 0, kAgain))),
     {Next::NewRecording, Over::Ended, 0}},
    {"cluster, ended", in(Mode::Cluster, part(Cause::Ended)), {Next::Nothing, Over::Ended, 0}},
    {"cluster, ended, announced again",
     in(Mode::Cluster, part(Cause::Ended, kLong, 0, kAgain)),
     {Next::Nothing, Over::Ended, 0}},
    {"left, and the recorder goes on", part(Cause::Left), {Next::Leave, Over::Released, 0}},
    {"cluster, refused",
     in(Mode::Cluster, part(Cause::Refused, kShort)),
     {Next::Nothing, Over::Failed, 0}},
    {"cluster, broken off",
     in(Mode::Cluster, part(Cause::BrokenOff)),
     {Next::Nothing, Over::Failed, 0}},
    {"cluster, disk full",
     in(Mode::Cluster, part(Cause::DiskFull)),
     {Next::Nothing, Over::Released, 0}},
    {"cluster, let go", in(Mode::Cluster, part(Cause::Left)), {Next::Nothing, Over::Released, 0}},
};

}  // namespace

GST_START_TEST(test_rows) {
  for (const Row &row : kRows) {
    const NextStep step = next_step(row.part);
    ck_assert_msg(step.next == row.step.next, "%s: next %d", row.what, static_cast<int>(step.next));
    ck_assert_msg(step.over == row.step.over, "%s: over %d", row.what, static_cast<int>(step.over));
    ck_assert_msg(step.shorts == row.step.shorts, "%s: %u short parts", row.what, step.shorts);
  }
}
GST_END_TEST;

static Suite *nextstep_suite() {
  Suite *suite = suite_create("nextstep");
  TCase *tcase = tcase_create("table");
  tcase_add_test(tcase, test_rows);
  suite_add_tcase(suite, tcase);
  return suite;
}

GST_CHECK_MAIN(nextstep)
