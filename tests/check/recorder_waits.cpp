// SPDX-License-Identifier: LGPL-2.1-or-later
// rtms-recorder and what does not answer: whoever reads its output, disks, RTMP servers, the
// kernel's tables. Webhooks are answered all the same, meetings recorded, and SIGTERM ends it.
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>

#include "recorder_run.h"

namespace {

using namespace rtmscheck;

const int kAnswerMs = static_cast<int>(1000 * slowness());

// How long a webhook takes; it has to be answered.
int64_t answer_ms(const std::string &url) {
  const int64_t start = g_get_monotonic_time();
  ck_assert_int_eq(post_signed(url, kChallenge).status, 200);
  return (g_get_monotonic_time() - start) / 1000;
}

void expect_answers(const std::string &url) {
  const int64_t took = answer_ms(url);
  g_print("a webhook is answered in %d ms\n", static_cast<int>(took));
  ck_assert_int_le(took, kAnswerMs);
}

// A pipe that is full, and that nobody reads before it is asked.
class Unread {
 public:
  Unread() {
    ck_assert_int_eq(pipe2(fds_, O_CLOEXEC), 0);
    fcntl(fds_[1], F_SETFL, O_NONBLOCK);
    const std::string part(4096, '\n');
    while (write(fds_[1], part.data(), part.size()) > 0) {
    }
    fcntl(fds_[1], F_SETFL, 0);
  }
  ~Unread() {
    for (int fd : fds_)
      close(fd);
  }
  int entry() const { return fds_[1]; }
  void give_away() {
    close(fds_[1]);
    fds_[1] = -1;
  }

 private:
  int fds_[2] = {-1, -1};
};

std::string last_line(const std::string &file) {
  char *text = nullptr;
  g_file_get_contents(file.c_str(), &text, nullptr, nullptr);
  Ptr<char, g_free> owned(text);
  const std::string all = text ? text : "";
  const std::size_t end = all.find_last_not_of('\n');
  const std::size_t start = end == std::string::npos ? end : all.rfind('\n', end);
  return all.substr(start == std::string::npos ? 0 : start + 1);
}

}  // namespace

// Standard output is full.
GST_START_TEST(test_full_output) {
  TemporaryDirectory folder;
  Unread pipe;
  const std::string log = folder.file("events");
  const std::string command =
      "exec " + std::string(g_getenv("RTMS_RECORDER")) +
      " --json --min-free=0 --listen=http://127.0.0.1:0/webhook --log=" + log +
      " --output=" + folder.path() + " >&" + std::to_string(pipe.entry());
  Program program({{"bash", "-c", command},
                   folder.path(),
                   {{"ZM_RTMS_CLIENT", "test-client"},
                    {"ZM_RTMS_SECRET", "test-secret"},
                    {"ZM_RTMS_WEBHOOK_SECRET", kWebhookToken}},
                   pipe.entry()});
  pipe.give_away();
  std::string url;
  const std::string before = "\"url\":\"";
  ck_assert(program.wait_until([&] {
    const std::string line = last_line(log);
    const std::size_t at = line.find(before);
    url = at == std::string::npos ? "" : line.substr(at + before.size());
    url = url.substr(0, url.find('"'));
    return !url.empty();
  }));
  auto server = serve(meeting_of(0));
  ck_assert_int_eq(post_signed(url, server->webhook_json()).status, 200);
  for (int i = 0; i < 20; i++)
    expect_answers(url);
  ck_assert(
      server->wait_for([](const Server &s) { return s.sent(Media::Video) > 50; }, kDeadlineMs));
  program.send(SIGTERM);
  ck_assert_msg(program.wait(kDeadlineMs), "SIGTERM does not end it");
  ck_assert_msg(program.succeeded(), "%s", program.output().c_str());
  expect_no_violations(*server);
}
GST_END_TEST;

static Suite *recorder_waits_suite() {
  Suite *suite = suite_create("recorder_waits");
  add_case(suite, "full-output", test_full_output);
  return suite;
}

GST_CHECK_MAIN(recorder_waits)
