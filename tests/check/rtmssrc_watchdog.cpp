// SPDX-License-Identifier: LGPL-2.1-or-later
// Which silence means that a connection is dead: bytes are a sign of life, and a silent peer is
// asked first.
#include "hostile.h"

#include <atomic>
#include <condition_variable>
#include <mutex>

using namespace rtmscheck;

namespace {

const int kLimitMs = 2000 * slowness();

Setup watched(const RawServer &server) {
  return [setup = server.client()](GstElement *src) {
    setup(src);
    g_object_set(src, "keep-alive-timeout", static_cast<guint>(kLimitMs), nullptr);
  };
}

// The signaling connection lives whatever happens on the other.
void live(RawPeer &peer) {
  if (!peer.signaling_handshake())
    return;
  while (peer.server().pause(kLimitMs / 4))
    if (!peer.keep_alive())
      return;
}

// Reads frames until the client goes. Returns how many pings came, and answers so many.
unsigned pings(RawPeer &peer, unsigned answers) {
  constexpr unsigned kPing = 9, kPong = 0x8a, kClose = 8;
  unsigned count = 0;
  while (auto frame = peer.receive()) {
    if (frame->opcode == kClose)
      break;
    if (frame->opcode == kPing && count++ < answers)
      peer.send(raw_frame(kPong, frame->payload));
  }
  return count;
}

}  // namespace

// A large message over a thin line: each byte counts.
GST_START_TEST(test_slow_message) {
  const std::string message = text_frame(last_audio());
  RawServer server(live, at_first([&](RawPeer &peer) {
                     if (!peer.media_handshake() || !peer.wait_ready())
                       return;
                     const int pause_ms = 3 * kLimitMs / static_cast<int>(message.size()) + 1;
                     for (char byte : message)
                       if (!peer.send(std::string(1, byte)) || !peer.server().pause(pause_ms))
                         return;
                     peer.linger();
                   }));
  Player player(watched(server));
  player.play();
  wait_last(player);
  player.stop();
  ck_assert_uint_eq(server.accepted(), 2);
  server.finish();
}
GST_END_TEST;

// A server that never asks, but answers.
GST_START_TEST(test_pinged) {
  constexpr unsigned kAnswers = 3;
  RawServer server(live, at_first([](RawPeer &peer) {
                     if (!peer.media_handshake() || !peer.wait_ready())
                       return;
                     const unsigned count = pings(peer, kAnswers);
                     peer.server().expect(count == kAnswers + 1, std::to_string(count) + " pings");
                   }));
  Player player(watched(server));
  const int64_t start_us = g_get_monotonic_time();
  player.play();
  wait_last(player);
  player.stop();
  ck_assert_int_ge(g_get_monotonic_time() - start_us, 1000 * kLimitMs * kAnswers / 2);
  ck_assert_uint_eq(server.accepted(), 3);
  server.finish();
}
GST_END_TEST;

// The thread that reads is away for longer than a silence may be. The server was not silent.
GST_START_TEST(test_late_thread) {
  struct Reader {
    std::atomic<bool> is_away{false};
    std::mutex mutex;
    std::condition_variable changed;
    bool may_return = false;
  } reader;
  RawServer server(live, at_first([&](RawPeer &peer) {
                     if (!peer.media_handshake() || !peer.wait_ready())
                       return;
                     int64_t back_us = 0;
                     for (int i = 0; !back_us || g_get_monotonic_time() < back_us; i++) {
                       if (!peer.send_json(audio_json(20 * i, 0)) || !peer.server().pause(20))
                         return;
                       if (reader.is_away && !back_us)
                         back_us = g_get_monotonic_time() + 2000 * kLimitMs;
                     }
                     peer.send_json(last_audio());
                     {
                       std::lock_guard<std::mutex> lock(reader.mutex);
                       reader.may_return = true;
                     }
                     reader.changed.notify_all();
                     peer.linger();
                   }));
  const auto received = +[](GstElement *, GstPad *, GstBuffer *, gpointer data) {
    auto one = static_cast<Reader *>(data);
    if (one->is_away.exchange(true))
      return;
    std::unique_lock<std::mutex> lock(one->mutex);
    one->changed.wait_for(lock, std::chrono::milliseconds(kDeadlineMs),
                          [one] { return one->may_return; });
  };
  Player player([&](GstElement *src) {
    watched(server)(src);
    g_signal_connect(src, "audio-received", G_CALLBACK(received), &reader);
  });
  player.play();
  wait_last(player);
  player.stop();
  ck_assert_uint_eq(server.accepted(), 2);
  server.finish();
}
GST_END_TEST;

static Suite *rtmssrc_watchdog_suite() {
  Suite *suite = suite_create("rtmssrc_watchdog");
  TCase *tcase = tcase_create("watchdog");
  tcase_set_timeout(tcase, 60);
  tcase_add_test(tcase, test_slow_message);
  tcase_add_test(tcase, test_pinged);
  tcase_add_test(tcase, test_late_thread);
  suite_add_tcase(suite, tcase);
  return suite;
}

GST_CHECK_MAIN(rtmssrc_watchdog)
