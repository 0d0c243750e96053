// SPDX-License-Identifier: LGPL-2.1-or-later
// Who else on the machine and on the network may read what rtms-recorder has.
#include "recorder_run.h"
#include "settings/options.h"
#include "settings/process.h"
#include "settings/rtmpurl.h"

#include <sys/resource.h>
#include <sys/stat.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif
#include <csignal>
#include <cstdlib>
#include <filesystem>

namespace {

using namespace rtmscheck;
using namespace rtms::recorder;
namespace fs = std::filesystem;

unsigned mode_of(const fs::path &path) {
  struct stat status;
  ck_assert_int_eq(lstat(path.c_str(), &status), 0);
  return status.st_mode & 0777;
}

}  // namespace

// Recordings are the user's, or the group's as well; nothing is anybody's.
GST_START_TEST(test_modes) {
  const bool group = __i__ != 0;
  auto server = serve(meeting_of(1000));
  RecorderRun run(group ? std::vector<std::string>{"--group-readable"}
                        : std::vector<std::string>{});
  run.announce(*server);
  run.wait_events("finished", 1, 2 * kDeadlineMs);
  run.program().send(SIGTERM);
  run.expect_end();
  int files = 0;
  for (const auto &entry : fs::recursive_directory_iterator(run.output())) {
    const unsigned mode = mode_of(entry.path());
    const bool is_state = contains(entry.path(), "/.running");
    const unsigned wanted =
        entry.is_directory() ? 0700u | (group ? 050u : 0) : 0600u | (group ? 040u : 0);
    ck_assert_msg(is_state ? (mode & 077) == 0 : mode == wanted, "%s: %o", entry.path().c_str(),
                  mode);
    files += entry.is_regular_file();
  }
  ck_assert_int_ge(files, 2);
  ck_assert_uint_eq(mode_of(fs::path(run.output()).parent_path() / "log") & 037, 0);
}
GST_END_TEST;

// Core dumps and debuggers of other processes do not get at the secrets.
GST_START_TEST(test_process) {
  protect_process(false);
  rlimit limit{};
  getrlimit(RLIMIT_CORE, &limit);
  ck_assert_uint_eq(limit.rlim_cur, 0);
#ifdef __linux__
  ck_assert_int_eq(prctl(PR_GET_DUMPABLE), 0);
#endif
}
GST_END_TEST;

GST_START_TEST(test_environment) {
  TemporaryDirectory directory;
  const std::string file = directory.file("credentials");
  g_file_set_contents_full(file.c_str(),
                           "ZM_RTMS_CLIENT=c\nRTMS_RECORDER_RTMP=rtmp://localhost/live/k3y\n", -1,
                           G_FILE_SET_CONTENTS_NONE, 0600, nullptr);
  g_setenv("ZM_RTMS_SECRET", "s3cr3t", TRUE);
  g_setenv("ZM_RTMS_WEBHOOK_SECRET", "t0k3n", TRUE);
  std::string words[] = {"rtms-recorder", "--credentials-file=" + file};
  char *argv[] = {words[0].data(), words[1].data(), nullptr};
  const auto parsed = parse_options(2, argv);
  auto options = std::get_if<Options>(&parsed);
  ck_assert(options != nullptr);
  ck_assert(options->client_secret.view() == "s3cr3t" && options->secret_token.view() == "t0k3n");
  expect_text(options->program.rtmp, "rtmp://localhost/live/k3y");
  ck_assert(!g_getenv("ZM_RTMS_SECRET") && !g_getenv("ZM_RTMS_WEBHOOK_SECRET"));
}
GST_END_TEST;

// The way to an RTMP server is told as insecure where it is.
GST_START_TEST(test_rtmp) {
  for (const char *url : {"rtmp://localhost/live/x", "rtmp://127.0.0.1/live/x", "rtmp://[::1]/x",
                          "rtmps://rtmp.example/live/x", ""})
    ck_assert_msg(!is_open_to_the_network(url), "%s", url);
  for (const char *url : {"rtmp://rtmp.example/live/x", "rtmp://192.0.2.1/live/{stream}",
                          "rtmp://localhost.example/x"})
    ck_assert_msg(is_open_to_the_network(url), "%s", url);
  RecorderRun run({"--rtmp=rtmp://192.0.2.1/live/k3y"});
  run.wait_events("push-not-encrypted", 1);
  ck_assert(!contains(run.events("push-not-encrypted")[0], "k3y"));
  run.program().send(SIGTERM);
  run.expect_end();
}
GST_END_TEST;

static Suite *recorder_privacy_suite() {
  Suite *suite = suite_create("recorder_privacy");
  TCase *tc = tcase_create("privacy");
  suite_add_tcase(suite, tc);
  tcase_add_loop_test(tc, test_modes, 0, 2);
  tcase_add_test(tc, test_process);
  tcase_add_test(tc, test_environment);
  tcase_add_test(tc, test_rtmp);
  return suite;
}

GST_CHECK_MAIN(recorder_privacy)
