// SPDX-License-Identifier: LGPL-2.1-or-later
// The webhook is often faster than the service's own servers, and a meeting is announced once: what
// passes is tried again from the first attempt on.
#include "failures.h"
#include "hostile.h"

using namespace rtmscheck;

namespace {

void reset(RawPeer &peer) {
  peer.reset();
}

void close_with(RawPeer &peer, unsigned code) {
  peer.send(raw_frame(0x88, {static_cast<char>(code >> 8), static_cast<char>(code & 0xff)}));
}

// The answer to the handshake on that path.
void answer(RawPeer &peer, const std::string &members) {
  const bool media = contains(peer.path(), "/media");
  if (peer.upgrade() && peer.expect(media ? 3 : 1))
    peer.send_json("{\"msg_type\":" + std::string(media ? "4" : "2") + "," + members + "}");
}

void close_after_hello(RawPeer &peer, unsigned code) {
  const bool media = contains(peer.path(), "/media");
  if (peer.upgrade() && peer.expect(media ? 3 : 1) && code)
    close_with(peer, code);
}

void refuse_upgrade(RawPeer &peer, const std::string &status) {
  peer.send("HTTP/1.1 " + status + "\r\nContent-Length: 0\r\n\r\n");
}

struct Fault {
  const char *name;
  RawServer::Talk talk;
  const char *word;  // of the error that ends the tries
};

const std::vector<Fault> &passing() {
  static const std::vector<Fault> all = {
      {"reset", reset, "reset"},
      {"hung up", [](RawPeer &) {}, "hung up"},
      {"hung up after the handshake request", [](RawPeer &p) { close_after_hello(p, 0); },
       "closed"},
      {"429", [](RawPeer &p) { refuse_upgrade(p, "429 Too Many Requests"); }, "429"},
      {"500", [](RawPeer &p) { refuse_upgrade(p, "500 Oops"); }, "500"},
      {"502", [](RawPeer &p) { refuse_upgrade(p, "502 Bad Gateway"); }, "502"},
      {"503", [](RawPeer &p) { refuse_upgrade(p, "503 Service Unavailable"); }, "503"},
      {"no answer to the upgrade", [](RawPeer &p) { p.linger(); }, "within"},
      {"no answer to the handshake",
       [](RawPeer &p) {
         if (p.upgrade())
           p.linger();
       },
       "did not answer"},
      {"closed with 1001", [](RawPeer &p) { close_after_hello(p, 1001); }, "1001"},
      {"closed with 1011", [](RawPeer &p) { close_after_hello(p, 1011); }, "1011"},
      {"closed with 1012", [](RawPeer &p) { close_after_hello(p, 1012); }, "1012"},
      {"closed with 1013", [](RawPeer &p) { close_after_hello(p, 1013); }, "1013"},
      {"status 8", [](RawPeer &p) { answer(p, "\"status_code\":8"); }, "DUPLICATE_SIGNAL"},
      {"status 16", [](RawPeer &p) { answer(p, "\"status_code\":16"); }, "DUPLICATE_MEDIA"},
      {"status 45", [](RawPeer &p) { answer(p, "\"status_code\":45"); }, "INTERNAL"},
  };
  return all;
}

const std::vector<Fault> & final() {
  static const std::vector<Fault> all = {
      {"401", [](RawPeer &p) { refuse_upgrade(p, "401 Unauthorized"); }, "401"},
      {"403", [](RawPeer &p) { refuse_upgrade(p, "403 Forbidden"); }, "403"},
      {"404", [](RawPeer &p) { refuse_upgrade(p, "404 Not Found"); }, "404"},
      {"302", [](RawPeer &p) { refuse_upgrade(p, "302 Found\r\nLocation: ws://127.0.0.1/"); },
       "302"},
      {"a page", [](RawPeer &p) { refuse_upgrade(p, "200 OK"); }, "200"},
      {"no HTTP", [](RawPeer &p) { p.send("SSH-2.0-OpenSSH_9.2\r\n\r\n"); }, "no HTTP"},
      {"closed with 1000", [](RawPeer &p) { close_after_hello(p, 1000); }, "1000"},
      {"closed with 1008", [](RawPeer &p) { close_after_hello(p, 1008); }, "1008"},
      {"status 3", [](RawPeer &p) { answer(p, "\"status_code\":3"); }, "INVALID_SIGNATURE"},
  };
  return all;
}

// A server that does that to so many connections, signaling or media; the others are served.
struct Flawed {
  std::atomic<unsigned> bad{0};
  RawServer server;

  Flawed(const RawServer::Talk &talk, bool media, unsigned times)
      : server(media ? RawServer::Talk() : at_most(talk, times, RawServer::Talk()),
               at_most(media ? talk : RawServer::Talk(), media ? times : 0, be_nice)) {}

 private:
  RawServer::Talk at_most(const RawServer::Talk &talk, unsigned times, RawServer::Talk nice) {
    return [=](RawPeer &peer) {
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

Setup with_window(const RawServer &server, unsigned window_ms) {
  return [&server, window_ms](GstElement *src) {
    server.client()(src);
    g_object_set(src, "connect-window", window_ms, "timeout", kTimeoutMs, nullptr);
  };
}

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

// One fault, twice, on the signaling connection or the media one: the meeting is there, and the
// tries are told.
GST_START_TEST(test_passes) {
  const Fault &fault = passing()[static_cast<std::size_t>(__i__ / 2)];
  constexpr unsigned kTimes = 2;
  Flawed flawed(fault.talk, __i__ % 2 != 0, kTimes);
  Player player(with_window(flawed.server, 20000));
  player.play();
  wait_last(player);
  player.stop();
  ck_assert_uint_eq(progress_tries(player.record()), kTimes);
  ck_assert_uint_eq(player.record().count(GST_MESSAGE_ERROR), 0);
  ck_assert_uint_eq(player.record().count(GST_MESSAGE_WARNING), 0);
  flawed.server.finish();
}
GST_END_TEST;

// It does not pass: one error, which names the last cause and how often it was tried.
GST_START_TEST(test_lasts) {
  const Fault &fault = passing()[static_cast<std::size_t>(__i__ / 2)];
  Flawed flawed(fault.talk, __i__ % 2 != 0, 1000);
  Player player(with_window(flawed.server, 500));
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
  const Fault &fault = final()[static_cast<std::size_t>(__i__ / 2)];
  const bool media = __i__ % 2 != 0;
  Flawed flawed(fault.talk, media, 1000);
  Player player(with_window(flawed.server, 20000));
  player.play();
  const Failure failure = player.wait_error();
  player.stop();
  ck_assert_msg(contains(failure.text, fault.word), "%s: %s", fault.name, failure.text.c_str());
  ck_assert_uint_eq(flawed.bad, 1);
  ck_assert_uint_eq(progress_tries(player.record()), 0);
  flawed.server.finish();
}
GST_END_TEST;

// No window: one try.
GST_START_TEST(test_no_window) {
  Flawed flawed(reset, __i__ != 0, 1000);
  Player player(with_window(flawed.server, 0));
  player.play();
  const Failure failure = player.wait_error();
  player.stop();
  ck_assert_msg(!contains(failure.text, "This was try "), "%s", failure.text.c_str());
  ck_assert_uint_eq(flawed.bad, 1);
  flawed.server.finish();
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
  add("passes", test_passes, 2 * passing().size());
  add("lasts", test_lasts, 2 * passing().size());
  add("final", test_final, 2 * final().size());
  add("no-window", test_no_window, 2);
  return suite;
}

GST_CHECK_MAIN(rtmssrc_first_minute)
