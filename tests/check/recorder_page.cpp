// SPDX-License-Identifier: LGPL-2.1-or-later
// The operator's page in a browser, while a meeting is recorded and afterwards. RTMS_SCREENSHOT:
// the file that gets a picture of it, in place of the test.
#include <csignal>

#include "adminport.h"

namespace {

using namespace rtmscheck;

constexpr int64_t kMeeting_ms = 9000;
constexpr char kMarkup[] = R"({"state":"failed","started":"2026-01-02T03:04:05.000Z",
"meeting_id":"<img src=x onerror=document.title='run'>","duration_s":1.5,"error":"<b>error</b>",
"participant_count":1,"tracks":[{"speakers":[{"user_name":"<script>1</script>"}]}]})";

// adminpage.py with these arguments.
Program::Options browser(const OldRecordings &old, const std::vector<std::string> &arguments) {
  Program::Options options;
  options.arguments = {"python3", CHECK_SOURCE_ROOT "/tests/check/adminpage.py"};
  options.arguments.insert(options.arguments.end(), arguments.begin(), arguments.end());
  options.folder = old.outside("");
  return options;
}

void expect_success(Program *browser) {
  ck_assert_msg(browser->wait(6 * kDeadlineMs), "no end: %.3000s", browser->output().c_str());
  ck_assert_msg(browser->succeeded(), "%.3000s", browser->output().c_str());
}

}  // namespace

GST_START_TEST(test_page) {
  OldRecordings old;
  write_file(old.add("2026-01-02T03-04-05Z_markup") + "/meeting.json", kMarkup);
  auto server = serve(meeting_of(0));
  AdminPort admin(
      {{"--format=mp4", "--speakers=2", "--video-resolution=sd"}, old.path(), {}, true});
  admin.run().announce(*server);
  Program page(browser(old, {admin.url()}));
  const auto seen = [&] { return page.output().find("has seen the meeting") != std::string::npos; };
  if (page.wait_until(seen, 6 * kDeadlineMs))
    server->end_stream(6);
  expect_success(&page);
  admin.run().program().send(SIGTERM);
  admin.run().expect_end();
}
GST_END_TEST;

GST_START_TEST(test_screenshot) {
  OldRecordings old;
  AdminPort admin({{"--format=mp4", "--speakers=2"}, old.path(), {}, true});
  auto first = serve(meeting_of(kMeeting_ms));
  admin.run().announce(*first);
  admin.run().wait_events("finished", 1, 2 * kDeadlineMs);
  MeetingOptions crowd;
  crowd.speakers = 4;
  auto second = serve(meeting_of(0)), third = serve(meeting_of(0, crowd));
  admin.run().announce(*second);
  admin.run().announce(*third);
  Program page(browser(old, {admin.url(), g_getenv("RTMS_SCREENSHOT")}));
  expect_success(&page);
  admin.run().program().send(SIGTERM);
  admin.run().expect_end();
}
GST_END_TEST;

static Suite *recorder_page_suite() {
  Suite *suite = suite_create("recorder_page");
  if (g_getenv("RTMS_SCREENSHOT"))
    add_case(suite, "screenshot", test_screenshot);
  else
    add_case(suite, "page", test_page);
  return suite;
}

GST_CHECK_MAIN(recorder_page)
