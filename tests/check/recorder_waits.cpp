// SPDX-License-Identifier: LGPL-2.1-or-later
// rtms-recorder and what does not answer: whoever reads its output, the kernel's tables. Webhooks
// are answered all the same, meetings recorded, and SIGTERM ends it.
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>

#include "adminport.h"
#include "live.h"
#include "slowdisk.h"

#include <glib/gstdio.h>
#include <algorithm>
#include <filesystem>

namespace {

using namespace rtmscheck;

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

// Two meetings have enough descriptors: a third one begins when one of them has ended.
GST_START_TEST(test_descriptors) {
  constexpr rlim_t kFew = 140;  // a quarter is for webhooks, 64 are for the process
  const rlimit few{kFew, kFew};
  ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
  RecorderRun run({"--no-video"});
  std::vector<std::unique_ptr<Server>> servers;
  for (int i = 0; i < 3; i++) {
    servers.push_back(serve(meeting_of(0)));
    run.announce(*servers.back(), i);
    run.wait_events(i < 2 ? "recording" : "refused", i < 2 ? i + 1 : 1);
  }
  ck_assert_uint_eq(run.events("descriptors").size(), 1);
  run.wait_messages(*servers[1], "audio", 50);
  servers[0]->end_stream(6);
  run.wait_events("recording", 3);
  run.wait_messages(*servers[2], "audio", 50);
  run.program().send(SIGTERM);
  run.expect_end();
  ck_assert_uint_eq(run.events("finished").size(), 3);
}
GST_END_TEST;

// Other programs have all threads that the system gives to a user: what runs goes on, and what was
// announced meanwhile is recorded when there are threads.
GST_START_TEST(test_no_threads) {
  TemporaryDirectory directory;
  const std::string none = directory.file("none");
  RecorderRun run(RecorderRun::Setup{{"--no-video"},
                                     "",
                                     {{"LD_PRELOAD", g_getenv("RTMS_NO_THREADS_MODULE")},
                                      {"ASAN_OPTIONS", "verify_asan_link_order=0"},
                                      {"RTMS_NO_THREADS", none}}});
  auto first = serve(meeting_of(0)), second = serve(meeting_of(0));
  run.announce(*first);
  run.wait_messages(*first, "audio", 50);
  ck_assert(g_file_set_contents(none.c_str(), "", 0, nullptr));
  run.announce(*second);
  run.wait_messages(*first, "audio", 200);
  ck_assert_uint_eq(run.events("recording").size(), 1);
  ck_assert_int_eq(g_unlink(none.c_str()), 0);
  run.wait_messages(*second, "audio", 50);
  run.program().send(SIGTERM);
  run.expect_end();
  ck_assert_uint_eq(run.events("finished").size(), 2);
}
GST_END_TEST;

static Suite *recorder_waits_suite() {
  Suite *suite = suite_create("recorder_waits");
  add_case(suite, "full-output", test_full_output);
  add_case(suite, "descriptors", test_descriptors);
  add_case(suite, "no-threads", test_no_threads);
  return suite;
}

GST_CHECK_MAIN(recorder_waits)
