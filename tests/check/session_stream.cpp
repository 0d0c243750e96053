// SPDX-License-Identifier: LGPL-2.1-or-later
// What the silence of a connected stream means, and when a stream that was terminated is over. The
// clock and the network are the test's own.
#include "../fuzz/fakeclock.h"
#include "../fuzz/fakenet.h"
#include "gst_check.h"

namespace {

using namespace rtms;
using namespace rtmsfuzz;

constexpr int64_t kSilenceMs = 30000, kKeepAliveMs = 10000, kRetryMs = 2000;
constexpr std::string_view kKeepAlive = R"({"msg_type":12,"timestamp":1})";
constexpr std::string_view kAudio =
    R"({"msg_type":14,"content":{"user_id":0,"data":"AAAA","timestamp":1738392033000}})";
constexpr std::string_view kTerminated =
    R"({"msg_type":8,"state":4,"reason":6,"timestamp":1738392063000})";

class NoLog final : public LogSink {
 public:
  bool enabled(Level) const override { return false; }
  void write(Level, const std::string &) override {}
};

// A session of audio, or more, with its network and its clock.
class Stream final : public SessionListener {
 public:
  // `early`: the server knows no media server for the stream yet when it is first asked.
  explicit Stream(MediaMask media = media_bit(Media::Audio), bool early = false)
      : session_(config(media), &net_, &log_, this) {
    session_.start();
    settle();
    if (early)
      answer_without_servers();
    for (unsigned connection = 0; connection < 1 + count_of(media); connection++)
      connect(connection);
    net_.released();
    session_.release();
    settle();
  }
  ~Stream() override {
    session_.stop([] {});
    advance(kKeepAliveMs);
  }

  void message(unsigned connection, std::string_view text) {
    net_.pick(connection)->message(text);
    settle();
  }
  // Both connections live meanwhile.
  void pass(int64_t ms) {
    for (; ms > 0; ms -= kKeepAliveMs) {
      advance(std::min(ms, kKeepAliveMs));
      message(0, kKeepAlive);
      message(1, kKeepAlive);
    }
  }
  // Arrives, but the thread is late.
  void unread(std::string_view text) { net_.pick(1)->arrived(text); }
  unsigned pings() { return net_.pick(1)->pings(); }
  void bytes() { net_.pick(1)->bytes(); }
  // Connections in their closing handshake.
  size_t closing() const { return net_.closing(); }
  void pong() {
    advance(1);
    net_.pick(1)->pong();
  }
  // With its media connection living.
  void terminate() {
    message(0, kTerminated);
    pong();
  }
  // The next server accepts the stream, but knows only these media servers for it yet.
  void lose_all(const std::string &known = "") {
    while (net_.live() > 0) {
      net_.pick(0)->end({TransportClose::Kind::Io, 0, "reset"});
      settle();
    }
    advance(kRetryMs);
    net_.pick(0)->opened();
    settle();
    message(0, R"({"msg_type":2,"status_code":0,"media_server":{"server_urls":{)" + known + "}}}");
  }
  void lose_all_and_return() {
    lose_all();
    advance(2 * kRetryMs);
    connect(0);
    connect(1);
  }
  // Signaling only.
  void lose_signaling() {
    net_.pick(0)->end({TransportClose::Kind::Io, 0, "reset"});
    settle();
  }
  void replace() {
    SessionConfig other = config(media_bit(Media::Audio));
    other.signaling_url = "wss://other.test/signaling";
    session_.announced_again(other, false);
    settle();
  }
  void lose_media() {
    net_.pick(1)->end({TransportClose::Kind::Io, 0, "reset"});
    advance(kKeepAliveMs / 10);
    connect(1);
  }

  void refuse(unsigned connection) {
    net_.pick(connection)->end({TransportClose::Kind::Io, 0, "refused"});
    settle();
  }
  // All but signaling and one.
  void refuse_media(int64_t ms) {
    for (; ms > 0; ms -= kRetryMs) {
      advance(kRetryMs);
      while (net_.live() > 2)
        refuse(2);
      message(0, kKeepAlive);
      message(1, kKeepAlive);
    }
  }
  void stop() {
    session_.stream_stopped(nullptr);
    settle();
  }
  void connect(unsigned connection) {
    net_.pick(connection)->opened();
    settle();
    net_.pick(connection)->answer();
    settle();
  }

  unsigned silent = 0, packets = 0, ended = 0;
  MediaMask over = 0;
  std::vector<int64_t> reasons;

 private:
  void answer_without_servers() {
    net_.pick(0)->opened();
    settle();
    message(0, R"({"msg_type":2,"status_code":0,"media_server":{"server_urls":{}}})");
    advance(kRetryMs);
  }
  static unsigned count_of(MediaMask media) {
    unsigned count = 0;
    for (Media one : kAllMedia)
      count += media & media_bit(one) ? 1 : 0;
    return count;
  }
  static SessionConfig config(MediaMask media) {
    SessionConfig config;
    config.signaling_url = "wss://s.test/signaling";
    config.who = {Product::Meeting, "id", "stream", "client", "5ignature"};
    config.media = media;
    return config;
  }
  void session_connection(ConnectionState state, MediaMask, unsigned) override {
    silent += state == ConnectionState::Silent;
  }
  void session_first_retry(const SessionError &, unsigned) override {}
  void session_planned(MediaMask) override {}
  void session_negotiated(Media, const MediaParams &) override {}
  void session_all_negotiated() override {}
  void session_media(const MediaData &) override { packets++; }
  void session_event(const EventUpdate &) override {}
  void session_stream_state(const StreamStateUpdate &update) override {
    reasons.push_back(update.reason);
  }
  void session_session_state(const SessionStateUpdate &) override {}
  void session_media_lost(MediaMask) override {}
  void session_keep_alive(MediaMask) override {}
  void session_ignored(const std::string &) override {}
  void session_warning(const SessionError &) override {}
  void session_media_ended(MediaMask media, const SessionError &) override { over |= media; }
  void session_failed(const SessionError &error) override {
    ck_abort_msg("%s", error.text.c_str());
  }
  void session_ended() override { ended++; }

  NoLog log_;
  FakeNet net_;
  Session session_;
};

void own_context() {
  reset_clock();
  g_main_context_push_thread_default(g_main_context_new());
}

}  // namespace

GST_START_TEST(test_silent) {
  own_context();
  Stream stream;
  stream.pass(kSilenceMs - 1);
  ck_assert_uint_eq(stream.silent, 0);
  stream.pass(1);
  ck_assert_uint_eq(stream.silent, 1);
  stream.pass(10 * kSilenceMs);
  ck_assert_uint_eq(stream.silent, 1);
}
GST_END_TEST;

GST_START_TEST(test_not_silent) {
  own_context();
  Stream stream;
  stream.pass(kSilenceMs - 1);
  stream.message(1, kAudio);
  stream.pass(10 * kSilenceMs);
  ck_assert_uint_eq(stream.silent, 0);
}
GST_END_TEST;

// It is told again of a new connection.
GST_START_TEST(test_silent_after_a_loss) {
  own_context();
  Stream stream;
  stream.message(1, kAudio);
  stream.pass(2 * kSilenceMs);
  stream.lose_media();
  ck_assert_uint_eq(stream.silent, 0);
  stream.pass(2 * kSilenceMs);
  ck_assert_uint_eq(stream.silent, 1);
}
GST_END_TEST;

GST_START_TEST(test_ended) {
  own_context();
  Stream stream;
  stream.message(1, kAudio);
  stream.terminate();
  advance(Ending::kRound_ms - 2);
  ck_assert_uint_eq(stream.ended, 0);
  advance(1);
  ck_assert_uint_eq(stream.ended, 1);
}
GST_END_TEST;

GST_START_TEST(test_no_url_yet) {
  own_context();
  Stream stream(media_bit(Media::Audio), true);
  stream.message(1, kAudio);
  ck_assert_uint_eq(stream.packets, 1);
}
GST_END_TEST;

GST_START_TEST(test_no_url_again) {
  own_context();
  Stream stream;
  stream.message(1, kAudio);
  stream.lose_all_and_return();
  stream.message(1, kAudio);
  ck_assert_uint_eq(stream.packets, 2);
  ck_assert_uint_eq(stream.ended, 0);
}
GST_END_TEST;

// A kind that is not offered for a moment is tried where it was, and given up after its window.
GST_START_TEST(test_one_url_later) {
  constexpr char kVideoUrl[] = R"("video":"wss://m.test/video")";
  constexpr MediaMask kBoth = media_bit(Media::Audio) | media_bit(Media::Video);
  own_context();
  for (const bool comes : {true, false}) {
    Stream stream(kBoth);
    stream.message(1, kAudio);
    stream.lose_all(kVideoUrl);
    ck_assert_uint_eq(stream.over, 0);
    if (comes) {
      stream.connect(1);
      stream.connect(2);
      stream.message(1, kAudio);
      ck_assert_uint_eq(stream.packets, 2);
      continue;
    }
    stream.connect(2);
    stream.refuse(1);
    stream.refuse_media(60000);
    ck_assert_uint_eq(stream.over, 0);
    stream.refuse_media(20000);
    ck_assert_uint_eq(stream.over, media_bit(Media::Audio));
  }
}
GST_END_TEST;

// A webhook without a reason comes before the service's message with one, or none comes.
GST_START_TEST(test_reason_later) {
  own_context();
  Stream stream;
  stream.message(1, kAudio);
  stream.stop();
  ck_assert(stream.reasons.empty());
  for (int i = 0; i < 2; i++)
    stream.message(0, kTerminated);
  ck_assert(stream.reasons == std::vector<int64_t>{6});
  stream.message(1, kAudio);
  stream.pong();
  advance(2 * Ending::kRound_ms);
  ck_assert_uint_eq(stream.packets, 2);
  ck_assert_uint_eq(stream.ended, 1);
}
GST_END_TEST;

// The end overtakes media on a network that stands still: the answer to a ping comes behind them,
// and they may come in more than one burst.
GST_START_TEST(test_stalled) {
  constexpr int64_t kStall_ms = 4000;
  own_context();
  Stream stream;
  stream.message(1, kAudio);
  advance(kStall_ms);
  stream.message(0, kTerminated);
  advance(kStall_ms - 2 * Ending::kRound_ms);
  ck_assert_uint_eq(stream.ended, 0);
  stream.message(1, kAudio);
  advance(3 * Ending::kRound_ms);
  ck_assert_uint_eq(stream.ended, 0);
  stream.message(1, kAudio);
  stream.pong();
  advance(Ending::kRound_ms);
  ck_assert_uint_eq(stream.ended, 0);
  ck_assert_uint_eq(stream.packets, 3);
  advance(Ending::kRound_ms);
  ck_assert_uint_eq(stream.ended, 1);
}
GST_END_TEST;

// A server that answers no ping delays the end by about as long as it was silent, within limits.
GST_START_TEST(test_no_answer) {
  constexpr struct {
    int64_t silent_ms, least_ms;
  } kCases[] = {{0, 1000}, {4000, 4000}, {kKeepAliveMs, 9000}};
  own_context();
  Stream stream;
  stream.message(1, kAudio);
  advance(kCases[__i__].silent_ms);
  stream.message(0, kTerminated);
  advance(kCases[__i__].least_ms - 1);
  ck_assert_uint_eq(stream.ended, 0);
  advance(1 + Ending::kRound_ms);
  ck_assert_uint_eq(stream.ended, 1);
}
GST_END_TEST;

// What was captured before the end is read after it, for ten seconds.
GST_START_TEST(test_late_thread) {
  constexpr unsigned kRounds = 33;
  own_context();
  Stream stream;
  stream.message(1, kAudio);
  stream.unread(kAudio);
  stream.message(0, kTerminated);
  for (unsigned i = 1; i <= kRounds; i++) {
    if (i > 1)
      stream.unread(kAudio);
    advance(Ending::kRound_ms);
    ck_assert_uint_eq(stream.packets, 1 + i);
    ck_assert_uint_eq(stream.ended, 0);
    // A service that has closed would answer with a reset, and what is on its way would be lost.
    ck_assert_uint_eq(stream.pings(), 0);
  }
  advance(Ending::kRound_ms);
  ck_assert_uint_eq(stream.ended, 1);
}
GST_END_TEST;

// The end comes in the middle of a large message: it is waited for.
GST_START_TEST(test_incomplete) {
  own_context();
  Stream stream;
  stream.message(1, kAudio);
  stream.message(0, kTerminated);
  for (unsigned i = 0; i < 10; i++) {
    advance(Ending::kRound_ms - 50);
    stream.bytes();
    advance(50);
    ck_assert_uint_eq(stream.ended, 0);
  }
  ck_assert_uint_eq(stream.pings(), 1);
  stream.message(1, kAudio);
  advance(2 * Ending::kRound_ms);
  stream.pong();
  advance(2 * Ending::kRound_ms);
  ck_assert_uint_eq(stream.packets, 2);
  ck_assert_uint_eq(stream.ended, 1);
}
GST_END_TEST;

// After a stall the signaling connection is found lost, and media are not read yet. A closing
// handshake would be answered with a reset by a service that has closed, too.
GST_START_TEST(test_late_thread_reconnects) {
  constexpr int64_t kPause_ms = 100;
  constexpr unsigned kPackets = 5;
  own_context();
  Stream stream;
  for (unsigned i = 0; i <= kPackets; i++)
    stream.unread(kAudio);
  stream.lose_signaling();
  for (unsigned i = 1; i <= kPackets; i++) {
    ck_assert_uint_eq(stream.packets, i);
    ck_assert_uint_eq(stream.closing(), 0);
    advance(kPause_ms);
  }
  ck_assert_uint_eq(stream.packets, 1 + kPackets);
  advance(kPause_ms);
  ck_assert_uint_eq(stream.closing(), 0);
  advance(kPause_ms);
  ck_assert_uint_eq(stream.closing(), 1);
}
GST_END_TEST;

// A connection that never falls silent is closed after three seconds; one that is not behind, at
// once.
GST_START_TEST(test_live_thread_reconnects) {
  constexpr int64_t kPause_ms = 100, kMost_ms = 3000;
  own_context();
  for (const bool late : {true, false}) {
    Stream stream;
    if (late)
      stream.unread(kAudio);
    stream.lose_signaling();
    for (int64_t i = 0; late && i < kMost_ms / kPause_ms; i++) {
      ck_assert_uint_eq(stream.closing(), 0);
      stream.message(0, kAudio);
      advance(kPause_ms);
    }
    ck_assert_uint_eq(stream.closing(), 1);
  }
}
GST_END_TEST;

// A server that is replaced reports its own end while its connections are being closed. What
// somebody decided is the end of the stream.
GST_START_TEST(test_replaced) {
  constexpr struct {
    const char *reason;
    unsigned ended;
  } kCases[] = {{"12", 0}, {"17", 0}, {"6", 1}};
  own_context();
  for (const auto &[reason, ended] : kCases) {
    Stream stream;
    stream.message(1, kAudio);
    stream.replace();
    ck_assert_uint_eq(stream.closing(), 2);
    stream.message(
        0, std::string(R"({"msg_type":8,"state":4,"timestamp":1,"reason":)") + reason + "}");
    stream.message(1, kAudio);
    ck_assert_uint_eq(stream.packets, 2);
    advance(kKeepAliveMs);
    ck_assert_uint_eq(stream.ended, ended);
  }
}
GST_END_TEST;

// A slow network has more of the old server's media than one time limit: they are taken.
GST_START_TEST(test_media_of_a_replaced) {
  constexpr int64_t kStep_ms = 200, kMost_ms = 3000;
  own_context();
  Stream stream;
  stream.replace();
  unsigned packets = 0;
  for (int64_t i = 0; i < kMost_ms / kStep_ms; i++) {
    stream.message(1, kAudio);
    ck_assert_uint_eq(stream.packets, ++packets);
    ck_assert_uint_eq(stream.closing(), 2);
    advance(kStep_ms);
  }
  advance(Leaving::kTimeout_ms);
  ck_assert_uint_eq(stream.closing(), 0);
}
GST_END_TEST;

static Suite *session_stream_suite() {
  Suite *suite = suite_create("session_stream");
  TCase *tcase = tcase_create("stream");
  tcase_add_test(tcase, test_silent);
  tcase_add_test(tcase, test_not_silent);
  tcase_add_test(tcase, test_silent_after_a_loss);
  tcase_add_test(tcase, test_ended);
  tcase_add_test(tcase, test_no_url_yet);
  tcase_add_test(tcase, test_no_url_again);
  tcase_add_test(tcase, test_one_url_later);
  tcase_add_test(tcase, test_reason_later);
  tcase_add_test(tcase, test_stalled);
  tcase_add_test(tcase, test_incomplete);
  tcase_add_loop_test(tcase, test_no_answer, 0, 3);
  tcase_add_test(tcase, test_late_thread);
  tcase_add_test(tcase, test_late_thread_reconnects);
  tcase_add_test(tcase, test_live_thread_reconnects);
  tcase_add_test(tcase, test_replaced);
  tcase_add_test(tcase, test_media_of_a_replaced);
  suite_add_tcase(suite, tcase);
  return suite;
}

GST_CHECK_MAIN(session_stream)
