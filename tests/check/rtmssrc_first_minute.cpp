// SPDX-License-Identifier: LGPL-2.1-or-later
// The webhook is often faster than the service's own servers, and a meeting is announced once: what
// passes is tried again from the first attempt on.
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <thread>

#include "failures.h"
#include "faults.h"
#include "hostile.h"

using namespace rtmscheck;

namespace {

// A busy machine makes a healthy server late: where tries are counted, that is no try.
constexpr unsigned kBusy = 3;
const unsigned kPatienceMs = kBusy * kTimeoutMs;

// A server that does that to so many connections, signaling or media; the others are served.
struct Flawed {
  std::atomic<unsigned> bad{0};
  RawServer server;

  Flawed(const RawServer::Talk &talk, bool media, unsigned times)
      : server(media ? RawServer::Talk() : at_most(talk, times, RawServer::Talk()),
               at_most(media ? talk : RawServer::Talk(), media ? times : 0, be_nice)) {}

 private:
  RawServer::Talk at_most(const RawServer::Talk &talk, unsigned times, RawServer::Talk nice) {
    return [this, talk, times, nice = std::move(nice)](RawPeer &peer) {
      const unsigned before = times ? bad.fetch_add(1) : times;
      if (before < times)
        talk(peer);
      else if (nice)
        nice(peer);
      else if (peer.signaling_handshake())
        peer.linger();
    };
  }
};

Setup with_window(const RawServer &server, unsigned window_ms, unsigned timeout_ms = kTimeoutMs) {
  return [&server, window_ms, timeout_ms](GstElement *src) {
    server.client()(src);
    g_object_set(src, "connect-window", window_ms, "timeout", timeout_ms, nullptr);
  };
}

// A balancer whose server is starting: it answers in clear text where TLS is expected.
class ClearText {
 public:
  ClearText() : listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto any = reinterpret_cast<sockaddr *>(&address);
    ck_assert(bind(listener_, any, size) == 0 && listen(listener_, 8) == 0 &&
              getsockname(listener_, any, &size) == 0);
    url_ = "wss://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/signaling";
    thread_ = std::thread([this] { serve(); });
  }
  ~ClearText() {
    shutdown(listener_, SHUT_RDWR);
    thread_.join();
    close(listener_);
  }
  ClearText(const ClearText &) = delete;
  ClearText &operator=(const ClearText &) = delete;

  const char *url() const { return url_.c_str(); }

 private:
  void serve() const {
    for (int fd = -1; (fd = accept(listener_, nullptr, nullptr)) >= 0; close(fd)) {
      constexpr std::string_view kAnswer = "HTTP/1.1 503 Service Unavailable\r\n\r\n";
      char hello[4096];
      if (recv(fd, hello, sizeof hello, 0) > 0)
        send(fd, kAnswer.data(), kAnswer.size(), MSG_NOSIGNAL);
    }
  }

  const int listener_;
  std::string url_;
  std::thread thread_;
};

std::size_t progress_tries(const Record &record) {
  std::size_t tries = 0;
  for (const MessagePtr &message : record.messages) {
    if (GST_MESSAGE_TYPE(message.get()) != GST_MESSAGE_PROGRESS)
      continue;
    char *raw_text = nullptr;
    gst_message_parse_progress(message.get(), nullptr, nullptr, &raw_text);
    const CharPtr text(raw_text);
    tries += contains(text.get(), "Trying again (try ");
  }
  return tries;
}

}  // namespace

namespace {

void expect_passing(const Fault &fault, bool media) {
  constexpr unsigned kTimes = 2;
  Flawed flawed(fault.talk, media, kTimes);
  Player player(with_window(flawed.server, 20000, kPatienceMs));
  player.play();
  wait_last(player);
  player.stop();
  ck_assert_uint_eq(progress_tries(player.record()), kTimes);
  ck_assert_uint_eq(player.record().count(GST_MESSAGE_ERROR), 0);
  ck_assert_uint_eq(player.record().count(GST_MESSAGE_WARNING), 0);
  flawed.server.finish();
}

void expect_final(const Fault &fault, bool media) {
  Flawed flawed(fault.talk, media, 1000);
  Player player(with_window(flawed.server, 20000, kPatienceMs));
  player.play();
  const Failure failure = player.wait_error();
  player.stop();
  ck_assert_msg(contains(failure.text, fault.word), "%s: %s", fault.name, failure.text.c_str());
  ck_assert_uint_eq(flawed.bad, 1);
  ck_assert_uint_eq(progress_tries(player.record()), 0);
  flawed.server.finish();
}

}  // namespace

// One fault, twice, on the signaling connection or the media one: the meeting is there, and the
// tries are told.
GST_START_TEST(test_passes) {
  expect_passing(passing_faults()[static_cast<std::size_t>(__i__ / 2)], __i__ % 2 != 0);
}
GST_END_TEST;

GST_START_TEST(test_closes) {
  const Fault &fault = refusing_closes()[static_cast<std::size_t>(__i__ / 2)];
  if (__i__ % 2 == 0)
    expect_final(fault, false);
  else
    expect_passing(fault, true);
}
GST_END_TEST;

// A connection for each kind of media: the kind that is late comes, and nothing of the others is
// lost.
GST_START_TEST(test_kinds) {
  constexpr const char *kPads[] = {"audio", "video", "screen", "transcript", "chat"};
  const Media late = kAllMedia[static_cast<std::size_t>(__i__)];
  const auto &all = passing_faults();
  const auto fault = std::find_if(all.begin(), all.end(),
                                  [](const Fault &f) { return f.name == std::string("503"); });
  FlawedMeeting meeting(*fault, late, 500);
  Player player([&](GstElement *src) {
    set(src, "media-types", "audio+video+screen+transcript+chat");
    g_object_set(src, "webhook", meeting.webhook_json().c_str(), "client-id", "test-client",
                 "client-secret", "test-secret", "retry-delay", 200, nullptr);
  });
  player.play();
  player.wait_eos();
  player.stop();
  const Record &record = player.record();
  for (Media m : kAllMedia)
    ck_assert_uint_eq(record.packets(kPads[static_cast<std::size_t>(m)]), meeting.sent(m));
  ck_assert_uint_ge(meeting.faults(), 2);
  ck_assert_uint_eq(progress_tries(record), meeting.faults());
  ck_assert_uint_eq(record.count(GST_MESSAGE_ERROR), 0);
  ck_assert_uint_eq(record.count(GST_MESSAGE_WARNING), 0);
}
GST_END_TEST;

// It does not pass: one error, which names the last cause and how often it was tried.
GST_START_TEST(test_lasts) {
  const Fault &fault = passing_faults()[static_cast<std::size_t>(__i__ / 2)];
  Flawed flawed(fault.talk, __i__ % 2 != 0, 1000);
  // A busy machine delays an answer, too; only faults without an answer need a short limit.
  const bool silent = contains(fault.word, "within");
  Player player(with_window(flawed.server, 500, silent ? kTimeoutMs : kPatienceMs));
  player.play();
  const Failure failure = player.wait_error();
  player.stop();
  ck_assert_msg(contains(failure.text, fault.word) && contains(failure.text, "This was try "),
                "%s: %s", fault.name, failure.text.c_str());
  ck_assert_uint_eq(player.record().count(GST_MESSAGE_ERROR), 1);
  flawed.server.finish();
}
GST_END_TEST;

// What means this client is told at once, however long the window.
GST_START_TEST(test_final) {
  expect_final(final_faults()[static_cast<std::size_t>(__i__ / 2)], __i__ % 2 != 0);
}
GST_END_TEST;

// No window: one try.
GST_START_TEST(test_no_window) {
  Flawed flawed([](RawPeer &peer) { peer.reset(); }, __i__ != 0, 1000);
  Player player(with_window(flawed.server, 0));
  player.play();
  const Failure failure = player.wait_error();
  player.stop();
  ck_assert_msg(!contains(failure.text, "This was try "), "%s", failure.text.c_str());
  ck_assert_uint_eq(flawed.bad, 1);
  flawed.server.finish();
}
GST_END_TEST;

GST_START_TEST(test_clear_text) {
  const ClearText balancer;
  RawServer server;
  Player player([&](GstElement *src) {
    with_window(server, 2000)(src);
    set(src, "signaling-url", balancer.url());
  });
  player.play();
  const Failure failure = player.wait_error();
  player.stop();
  ck_assert_uint_ge(progress_tries(player.record()), 2);
  ck_assert_msg(contains(failure.text, "TLS"), "%s", failure.text.c_str());
}
GST_END_TEST;

static Suite *rtmssrc_first_minute_suite() {
  Suite *suite = suite_create("rtmssrc_first_minute");
  const auto add = [suite](const char *name, TFun test, std::size_t count) {
    TCase *tcase = tcase_create(name);
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, test, 0, static_cast<int>(count));
    suite_add_tcase(suite, tcase);
  };
  add("passes", test_passes, 2 * passing_faults().size());
  add("closes", test_closes, 2 * refusing_closes().size());
  add("kinds", test_kinds, kMediaCount);
  add("lasts", test_lasts, 2 * passing_faults().size());
  add("final", test_final, 2 * final_faults().size());
  add("no-window", test_no_window, 2);
  add("clear-text", test_clear_text, 1);
  return suite;
}

GST_CHECK_MAIN(rtmssrc_first_minute)
