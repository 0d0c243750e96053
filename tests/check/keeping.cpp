// SPDX-License-Identifier: LGPL-2.1-or-later
// The files of running meetings in an output folder that recorders share.
#include "disk/keeping.h"

#include <filesystem>
#include <fstream>

#include "recording.h"

using namespace rtms::recorder;
using namespace rtmscheck;

namespace {

constexpr char kStream[] = "stream";

void finish(const Keeping &keeping) {
  while (keeping.busy())
    g_main_context_iteration(nullptr, TRUE);
}

void keep(Keeping *keeping, const char *folder, unsigned part) {
  keeping->keep(kStream, {"{}", folder, part, "recording"});
  finish(*keeping);
}

std::string report_in(const std::string &folder) {
  std::ifstream file(folder + "/meeting.json");
  return std::string((std::istreambuf_iterator<char>(file)), {});
}

}  // namespace

// Another recorder of the cluster takes a stream over: it ends the part of one that died, and
// leaves that of one that finishes its files to that one.
GST_START_TEST(test_taken_over) {
  const bool dies = __i__ == 0;
  const TemporaryDirectory output;
  const std::string part = output.file("one");
  std::filesystem::create_directory(part);
  const std::string running = "{\"state\":\"recording\",\"files\":[]}\n";
  std::ofstream(part + "/meeting.json") << running;
  Keeping other(output.path(), nullptr);
  {
    Keeping first(output.path(), nullptr);
    keep(&first, "one", 1);
    if (!dies)
      keep(&other, "two", 2);
  }
  if (dies)
    keep(&other, "two", 2);
  const std::string report = report_in(part);
  if (dies)
    ck_assert_msg(contains(report, "\"interrupted\"") && contains(report, "\"next_part\":\"two\""),
                  "%s", report.c_str());
  else
    ck_assert_str_eq(report.c_str(), running.c_str());
}
GST_END_TEST;

static Suite *keeping_suite() {
  Suite *suite = suite_create("keeping");
  TCase *tcase = tcase_create("keeping");
  tcase_add_loop_test(tcase, test_taken_over, 0, 2);
  suite_add_tcase(suite, tcase);
  return suite;
}

GST_CHECK_MAIN(keeping)
