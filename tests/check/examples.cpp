// SPDX-License-Identifier: LGPL-2.1-or-later
// The examples, compiled and run as they are.
#include "launch.h"
#include "recording.h"

namespace {

using namespace rtmscheck;

constexpr int64_t kLengthMs = 5000;

// Runs an example with a meeting's webhook until both end, and returns what it says. The camera
// comes late, and the next one has another size.
std::string run_example(std::vector<std::string> arguments, const TemporaryDirectory &directory) {
  MeetingOptions options;
  options.duration_ms = kLengthMs;
  options.sizes_differ = true;
  options.off[Media::Video] = {{0, 1500}};
  Config config;
  config.source = make_meeting(options);
  auto server = serve(config);
  ck_assert(g_file_set_contents(directory.file("webhook.json").c_str(),
                                server->webhook_json().c_str(), -1, nullptr));
  Program program(
      {arguments,
       directory.path(),
       {{"ZM_RTMS_CLIENT", config.client_id}, {"ZM_RTMS_SECRET", config.client_secret}}});
  ck_assert_msg(program.wait(static_cast<int>(kLengthMs) + 2 * kDeadlineMs), "no end\n%s",
                program.output().c_str());
  ck_assert_msg(program.succeeded(), "%s", program.output().c_str());
  expect_no_violations(*server);
  return program.output();
}

std::string built(const std::string &name) {
  return std::string(g_getenv("RTMS_EXAMPLES_BUILT")) + "/" + name;
}

std::string source(const std::string &name) {
  return std::string(g_getenv("RTMS_EXAMPLES")) + "/" + name;
}

}  // namespace

GST_START_TEST(test_minimal) {
  TemporaryDirectory directory;
  run_example({built("minimal"), "webhook.json", "meeting.mkv"}, directory);
  const std::string file = directory.file("meeting.mkv");
  expect_playable(file);
  auto tracks = tracks_of(file);
  ck_assert_uint_eq(tracks.size(), 2);
  // The file begins with the pipeline, some time before the meeting, whose last beep is a second
  // before its end.
  const std::vector<double> beeps = beeps_of(file);
  ck_assert_uint_ge(beeps.size(), 3);
  const double start = beeps.back() - (kLengthMs / 1000.0 - 1);
  expect_near("end of the sound", tracks["audio"].end - start, kLengthMs / 1000.0, 0.1);
  expect_near("end of the pictures", tracks["video"].end - start, kLengthMs / 1000.0, 0.1);
}
GST_END_TEST;

GST_START_TEST(test_transcript_printer) {
  TemporaryDirectory directory;
  const std::string said = run_example({built("transcript-printer"), "webhook.json"}, directory);
  ck_assert_msg(contains(said, "0:00:0") && contains(said, ": "), "%s", said.c_str());
}
GST_END_TEST;

GST_START_TEST(test_transcript) {
  TemporaryDirectory directory;
  const std::string said = run_example({source("transcript.py"), "webhook.json"}, directory);
  ck_assert_msg(contains(said, " speaks]") && contains(said, ": "), "%s", said.c_str());
}
GST_END_TEST;

// A beep at each second: some way down from full scale, and not silent.
GST_START_TEST(test_loudness) {
  TemporaryDirectory directory;
  const std::string said = run_example({source("loudness.py"), "webhook.json"}, directory);
  ck_assert_msg(contains(said, "    4 s ") && contains(said, " dBFS"), "%s", said.c_str());
  ck_assert_msg(!contains(said, "-100.0"), "%s", said.c_str());
}
GST_END_TEST;

static Suite *examples_suite() {
  constexpr double kPatienceSeconds = 60;
  Suite *suite = suite_create("examples");
  TCase *examples = tcase_create("examples");
  tcase_set_timeout(examples, kPatienceSeconds);
  tcase_add_test(examples, test_minimal);
  tcase_add_test(examples, test_transcript_printer);
  tcase_add_test(examples, test_transcript);
  tcase_add_test(examples, test_loudness);
  suite_add_tcase(suite, examples);
  return suite;
}

GST_CHECK_MAIN(examples)
