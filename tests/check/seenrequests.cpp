// SPDX-License-Identifier: LGPL-2.1-or-later
// What is left of signed requests on a disk that fills up: those after the gap count, too.
#include "disk/seenrequests.h"

#include <sys/resource.h>
#include <csignal>
#include <cstdlib>
#include <filesystem>

#include "recording.h"

using namespace rtms::recorder;
using namespace rtmscheck;

namespace {

// As Webhook::request: a digest.
std::string request(char digit) {
  return std::string(64, digit);
}

void finish(const SeenRequests &seen) {
  while (seen.busy())
    g_main_context_iteration(nullptr, TRUE);
}

void load(SeenRequests *seen) {
  bool loaded = false;
  seen->load([&loaded] { loaded = true; });
  while (!loaded)
    g_main_context_iteration(nullptr, TRUE);
}

void limit_files(rlim_t bytes) {
  rlimit limit{};
  ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
  limit.rlim_cur = bytes;
  ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

}  // namespace

GST_START_TEST(test_disk_fills_up) {
  std::signal(SIGXFSZ, SIG_IGN);
  TemporaryDirectory folder;
  Log log;
  unsigned problems = 0;
  log.set_screen([&problems](const std::string &) { problems++; });
  SeenRequests first(folder.path(), &log);
  load(&first);
  first.add(request('a'));
  finish(first);
  // In the middle of the next line.
  const auto size =
      std::filesystem::file_size(std::filesystem::directory_iterator(folder.path())->path());
  limit_files(size + size / 2);
  first.add(request('b'));
  finish(first);
  ck_assert_uint_eq(problems, 1);
  limit_files(RLIM_INFINITY);
  first.add(request('c'));
  finish(first);
  ck_assert_uint_eq(problems, 1);

  SeenRequests second(folder.path(), &log);
  load(&second);
  ck_assert(!second.add(request('a')));
  ck_assert(second.add(request('b')));
  ck_assert(!second.add(request('c')));
  finish(second);
}
GST_END_TEST;

static Suite *seenrequests_suite() {
  Suite *suite = suite_create("seenrequests");
  add_case(suite, "disk-fills-up", test_disk_fills_up);
  return suite;
}

GST_CHECK_MAIN(seenrequests)
