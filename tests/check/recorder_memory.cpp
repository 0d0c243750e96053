// SPDX-License-Identifier: LGPL-2.1-or-later
// What is left of the app's secrets in the memory of a program that has used and stopped the
// element, or whose recorder has ended.
#include "memorysearch.h"
#include "recorder_run.h"
#include "tls.h"

#include <fstream>

namespace {

using namespace rtmscheck;

// In no other text, and longer than what the C++ library keeps within a string.
constexpr char kSecret[] = "s3cr3t-Q7vXw2ZpLm-0fJ8sKd5-uYb1";
constexpr char kToken[] = "t0k3n-Rk4GhW9x-Zc6NvE2q-LpA7mB3";

Config meeting() {
  Config config = meeting_of(1000);
  config.client_secret = kSecret;
  return config;
}

std::vector<std::string> command(const char *mode) {
  return {g_getenv("RTMS_SECRETS_LEFT"), mode, Hidden::hide(kSecret), Hidden::hide(kToken)};
}

void expect_nothing_left(Program *program) {
  ck_assert_msg(program->wait(2 * kDeadlineMs), "no end: %s", program->output().c_str());
  ck_assert_msg(program->succeeded(), "%s", program->output().c_str());
}

}  // namespace

// By properties, and by the environment.
GST_START_TEST(test_element) {
  auto server = serve(meeting());
  TemporaryDirectory folder;
  Program::Options options{command(__i__ ? "environment" : "element"), folder.path(), {}};
  if (__i__)
    options.environment = {{"ZM_RTMS_SECRET", kSecret}, {"ZM_RTMS_WEBHOOK_SECRET", kToken}};
  Program program(options);
  const std::string url = "http://" + program.wait_output("listening at http://", "\n");
  const std::string body = server->webhook_json();
  ck_assert_int_eq(post(url, signed_headers(body, 0, kToken), body).status, 200);
  expect_nothing_left(&program);
}
GST_END_TEST;

GST_START_TEST(test_recorder) {
  auto server = serve(meeting());
  TemporaryDirectory folder;
  std::ofstream(folder.file("webhook.json")) << server->webhook_json();
  const std::string credentials = folder.file("credentials");
  const std::string lines = std::string("ZM_RTMS_CLIENT=test-client\nZM_RTMS_SECRET=\"") + kSecret +
                            "\"\nZM_RTMS_WEBHOOK_SECRET=" + kToken + "\n";
  ck_assert(g_file_set_contents_full(credentials.c_str(), lines.c_str(), -1,
                                     G_FILE_SET_CONTENTS_NONE, 0600, nullptr));
  auto arguments = command("recorder");
  for (const std::string &file : {credentials, folder.file("webhook.json"), folder.path()})
    arguments.push_back(file);
  Program program({arguments, folder.path(), {}});
  expect_nothing_left(&program);
}
GST_END_TEST;

// The key of an https:// port: the text of its file.
GST_START_TEST(test_https_key) {
  const auto made = make_self_signed();
  TemporaryDirectory folder;
  const std::string certificate = folder.file("cert.pem"), key = folder.file("key.pem");
  std::ofstream(certificate) << made.certificate;
  std::ofstream(key) << made.key;
  const std::size_t line = made.key.find('\n') + 1;
  constexpr std::size_t kAt = 44, kSize = 20;  // behind what all keys have in common
  auto arguments = command("https");
  arguments[2] = Hidden::hide(made.key.substr(line + kAt, kSize));
  arguments.insert(arguments.end(), {certificate, key});
  Program program({arguments, folder.path(), {}});
  expect_nothing_left(&program);
}
GST_END_TEST;

static Suite *recorder_memory_suite() {
  Suite *suite = suite_create("recorder_memory");
  add_case(suite, "element", test_element, 2);
  add_case(suite, "recorder", test_recorder);
  add_case(suite, "https-key", test_https_key);
  return suite;
}

GST_CHECK_MAIN(recorder_memory)
