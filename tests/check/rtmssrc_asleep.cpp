// SPDX-License-Identifier: LGPL-2.1-or-later
// A process that sleeps, and wakes up when others have its stream, for connect-until has passed, or
// when it is to end: it takes what the service has sent it meanwhile.
#include <atomic>
#include <ctime>

#include "hostile.h"

namespace {

using namespace rtmscheck;

constexpr unsigned kPackets = 2000, kOnTheWay = 10;

guint64 in_ns(int64_t ms) {
  timespec now;
  ck_assert_int_eq(clock_gettime(CLOCK_BOOTTIME, &now), 0);
  return static_cast<guint64>(now.tv_sec * INT64_C(1000000000) + now.tv_nsec + ms * 1000000);
}

// Messages that come on both connections in the client's sleep, which begins with a message on the
// bus, on the thread that has the connections.
class Night {
 public:
  explicit Night(bool closed)
      : closed_(closed),
        server_([this](RawPeer &peer) { signaling(peer); },
                [this](RawPeer &peer) { media(peer); }) {}

  RawServer &server() { return server_; }
  std::function<void(GstMessage *)> watcher(std::function<bool()> wakes) {
    return [this, wakes](GstMessage *message) {
      if (gst_message_has_name(message, "rtms-stream-state") && !begun_.exchange(true))
        server_.wait_for([&] { return sent_ == 2 && wakes(); });
    };
  }
  bool all_sent() const { return sent_ == 2; }
  unsigned heard() const { return heard_; }

 private:
  void signaling(RawPeer &peer) {
    server_.expect(peer.signaling_handshake() && peer.expect(7), "signaling");
    peer.send_json(R"({"msg_type":8,"state":1,"reason":0,"timestamp":1738392033000})");
    server_.wait_for([&] { return begun_.load(); });
    say_last(peer);
  }
  void media(RawPeer &peer) {
    server_.expect(peer.media_handshake() && peer.wait_ready(), "media");
    server_.wait_for([&] { return begun_.load(); });
    for (unsigned i = 0; i < kPackets; i++)
      peer.send_json(audio_json(i, 0));
    say_last(peer);
    // Packets that are on their way when the client ends the connection.
    for (unsigned i = 0; i < kOnTheWay; i++)
      peer.send_json(audio_json(kPackets + i, 0));
  }
  void say_last(RawPeer &peer) {
    peer.send(raw_frame(0x89, "ping"));
    peer.send_json(R"({"msg_type":12,"timestamp":1})");
    if (closed_)
      peer.send(raw_frame(0x88, "\x03\xe8"));
    sent_++;
    while (peer.receive())
      heard_++;
  }

  const bool closed_;
  std::atomic<bool> begun_{false};
  std::atomic<unsigned> sent_{0}, heard_{0};
  RawServer server_;
};

std::function<bool(const Record &)> has(unsigned packets) {
  return [packets](const Record &record) { return record.packets("audio") == packets; };
}

}  // namespace

// The service goes on, or has closed all connections because another client has come.
GST_START_TEST(test_asleep) {
  constexpr int64_t kUntil_ms = 2000;
  const bool closed = __i__ == 1;
  Night night(closed);
  const guint64 until = in_ns(kUntil_ms);
  Player player([&](GstElement *src) {
    night.server().client()(src);
    set(src, "connection-mode", "unified");
    g_object_set(src, "connect-until", until, nullptr);
  });
  player.watch(night.watcher([&] { return in_ns(0) > until; }));
  player.play();
  const bool all = player.wait(has(closed ? kPackets : kPackets + kOnTheWay));
  const Failure failure = player.wait_error();
  ck_assert_msg(contains(failure.text, "connect-until"), "%s", failure.text.c_str());
  night.server().finish();
  ck_assert_msg(all && night.heard() == 0, "%zu packets received, %u messages sent",
                player.record().packets("audio"), night.heard());
}
GST_END_TEST;

// EOS comes behind what the service has sent before it was asked for.
GST_START_TEST(test_ends) {
  Night night(false);
  std::atomic<bool> asked{false};
  Player player([&](GstElement *src) {
    night.server().client()(src);
    set(src, "connection-mode", "unified");
  });
  player.watch(night.watcher([&] { return asked.load(); }));
  player.play();
  ck_assert(night.server().wait_for([&] { return night.all_sent(); }));
  ck_assert(gst_element_send_event(player.src(), gst_event_new_eos()));
  asked = true;
  player.wait_eos();
  player.stop();
  night.server().finish();
  ck_assert_uint_eq(player.record().packets("audio"), kPackets);
}
GST_END_TEST;

static Suite *rtmssrc_asleep_suite() {
  Suite *suite = suite_create("rtmssrc_asleep");
  TCase *tc = tcase_create("asleep");
  suite_add_tcase(suite, tc);
  tcase_add_loop_test(tc, test_asleep, 0, 2);
  tcase_add_test(tc, test_ends);
  return suite;
}

GST_CHECK_MAIN(rtmssrc_asleep)
