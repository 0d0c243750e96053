// SPDX-License-Identifier: LGPL-2.1-or-later
// Which part gives the joined file its audio.
#include "join/joinplan.h"

#include <gst/check/gstcheck.h>
#include <string>

namespace {

using namespace rtms::recorder;

// "0:0-100 1:100-200": the input, and its span.
std::string text_of(const std::vector<JoinPiece> &pieces) {
  std::string text;
  for (const JoinPiece &piece : pieces)
    text += (text.empty() ? "" : " ") + std::to_string(piece.input) + ":" +
            std::to_string(piece.span.from) + "-" + std::to_string(piece.span.until);
  return text;
}

void expect(const std::vector<JoinAudio> &inputs, const char *pieces, const char *filled) {
  const JoinPlan plan = plan_audio(inputs);
  const std::string all = text_of(plan.pieces), of_later = text_of(plan.filled);
  ck_assert_str_eq(all.c_str(), pieces);
  ck_assert_str_eq(of_later.c_str(), filled);
}

}  // namespace

GST_START_TEST(test_in_order) {
  expect({}, "", "");
  const JoinAudio first = {{0, 1000}, {{0, 1000}}}, later = {{1500, 2000}, {{1500, 2000}}};
  expect({first, later}, "0:0-1000 1:1500-2000", "");
  // What both have is taken from the first.
  expect({first, {{500, 2000}, {{500, 2000}}}}, "0:0-1000 1:1000-2000", "");
  expect({first, {{200, 900}, {{200, 900}}}}, "0:0-1000", "");
  // A tail begins before the end of its file, whose silence it does not fill.
  const JoinAudio silent = {{0, 1000}, {{0, 300}}};
  expect({silent, {{200, 900}, {{400, 900}}, true}}, "0:0-1000", "");
}
GST_END_TEST;

GST_START_TEST(test_silence) {
  const JoinAudio first = {{0, 1000}, {{0, 300}, {700, 1000}}};
  expect({first, {{200, 2000}, {{200, 750}, {900, 2000}}}},
         "0:0-300 1:300-700 0:700-1000 1:1000-2000", "1:300-700");
  // With its pauses, without the silence around it.
  expect({first, {{200, 900}, {{400, 450}, {550, 600}}}}, "0:0-400 1:400-600 0:600-1000",
         "1:400-600");
  // The clocks of the two differ.
  expect({first, {{200, 900}, {{200, 310}, {690, 900}}}}, "0:0-1000", "");
  // Nobody has more than silence.
  expect({first, {{200, 900}, {}}}, "0:0-1000", "");
}
GST_END_TEST;

GST_START_TEST(test_three) {
  const JoinAudio first = {{0, 1000}, {{0, 300}, {700, 1000}}},
                  second = {{200, 1500}, {{300, 500}, {1200, 1500}}};
  expect({first, second, {{0, 2000}, {{500, 700}, {1000, 1200}, {1900, 2000}}}},
         "0:0-300 1:300-500 2:500-700 0:700-1000 2:1000-1200 1:1200-1500 2:1500-2000",
         "1:300-500 2:500-700 2:1000-1200");
}
GST_END_TEST;

static Suite *joinplan_suite() {
  Suite *suite = suite_create("joinplan");
  TCase *tc = tcase_create("plan");
  suite_add_tcase(suite, tc);
  tcase_add_test(tc, test_in_order);
  tcase_add_test(tc, test_silence);
  tcase_add_test(tc, test_three);
  return suite;
}

GST_CHECK_MAIN(joinplan)
