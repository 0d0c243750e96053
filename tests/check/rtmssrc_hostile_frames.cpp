// SPDX-License-Identifier: LGPL-2.1-or-later
// A server that breaks WebSocket's rules, or uses them to the end: the connection is closed with
// the code that RFC 6455 asks for and opened again, or lives on; never more memory, never a loop.
#include "failures.h"
#include "hostile.h"

namespace {

using namespace rtmscheck;

struct Broken {
  const char *what;
  std::string bytes;
  unsigned close_code;
};

// Client frames are masked, a server's are not.
std::string masked(const std::string &payload) {
  std::string frame = text_frame(payload);
  frame[1] = static_cast<char>(frame[1] | 0x80);
  return frame.insert(2, std::string(4, '\0'));
}

std::string header_of(const char *length) {
  return std::string("\x81\x7f") + std::string(length, 8);
}

const std::vector<Broken> &broken_frames() {
  static const std::vector<Broken> all = {
      // permessage-deflate of "Hello" (RFC 7692, 7.2.3.1), which was never offered.
      {"compressed", "\xc1\x07\xf2\x48\xcd\xc9\xc9\x07" + std::string(1, '\0'), 1002},
      {"reserved bit 2", raw_frame(0xa1, "{}"), 1002},
      {"reserved bit 3", raw_frame(0x91, "{}"), 1002},
      {"opcode 3", raw_frame(0x83, "{}"), 1002},
      {"opcode 15", raw_frame(0x8f, ""), 1002},
      {"masked", masked("{}"), 1002},
      {"ping in fragments", raw_frame(0x09, "a"), 1002},
      {"long ping", raw_frame(0x89, std::string(126, 'a')), 1002},
      {"continuation of nothing", raw_frame(0x80, "a"), 1002},
      {"message in a message", raw_frame(0x01, "{") + text_frame("{}"), 1002},
      {"close with one byte", raw_frame(0x88, "a"), 1002},
      {"close with code 1005", raw_frame(0x88, "\x03\xed"), 1002},
      {"close with code 0", raw_frame(0x88, std::string(2, '\0')), 1002},
      {"close with code 5000", raw_frame(0x88, "\x13\x88"), 1002},
      {"too large", header_of("\0\0\0\0\0\x10\0\1"), 1009},
      {"2^63 bytes", header_of("\x80\0\0\0\0\0\0\0"), 1009},
      {"2^64 - 1 bytes", header_of("\xff\xff\xff\xff\xff\xff\xff\xff"), 1009},
      {"too large in two", raw_frame(0x01, std::string(1 << 20, ' ')) + raw_frame(0x80, " "), 1009},
  };
  return all;
}

Setup small_messages(const RawServer &server) {
  return [setup = server.client()](GstElement *src) {
    setup(src);
    g_object_set(src, "max-message-size", 1 << 20, "keep-alive-timeout",
                 5000 * static_cast<unsigned>(slowness()), nullptr);
  };
}

std::string in_fragments(const std::string &message, const std::string &between) {
  std::string bytes = raw_frame(0x01, "");
  for (char byte : message)
    bytes += raw_frame(0x00, std::string(1, byte)) + between;
  return bytes + raw_frame(0x80, "");
}

std::string repeated(const std::string &text, size_t count) {
  std::string all;
  all.reserve(text.size() * count);
  for (size_t i = 0; i < count; i++)
    all += text;
  return all;
}

// Sends it a hundred times.
bool send_much(RawPeer &peer, const std::string &block) {
  for (int i = 0; i < 100; i++)
    if (!peer.send(block))
      return false;
  return true;
}

}  // namespace

// The media connection alone is closed, and opened again.
GST_START_TEST(test_broken) {
  const Broken &broken = broken_frames()[static_cast<size_t>(__i__)];
  RawServer server({}, at_first([&](RawPeer &peer) {
                     if (!peer.media_handshake() || !peer.wait_ready())
                       return;
                     peer.send(broken.bytes);
                     const unsigned code = peer.close_code();
                     peer.server().expect(code == broken.close_code,
                                          "closed with code " + std::to_string(code));
                   }));
  Player player(small_messages(server));
  player.play();
  wait_last(player);
  player.stop();
  ck_assert_uint_eq(server.accepted(), 3);
  server.finish();
}
GST_END_TEST;

// The same where the handshake is expected: one clear error.
GST_START_TEST(test_broken_handshake) {
  const Broken &broken = broken_frames()[static_cast<size_t>(__i__)];
  for (bool media : {false, true}) {
    const RawServer::Talk talk = [&](RawPeer &peer) {
      if (peer.upgrade() && peer.send(broken.bytes))
        peer.linger();
    };
    RawServer server(media ? nullptr : talk, media ? talk : nullptr);
    Player player(small_messages(server));
    check_error(broken.what, player,
                resource({GST_RESOURCE_ERROR_READ}, {media ? "audio" : "signaling"}));
    ck_assert_uint_eq(server.accepted(), media ? 2 : 1);
    server.finish();
  }
}
GST_END_TEST;

// Text that is no UTF-8 is one message that is not understood, and not the end of a connection.
GST_START_TEST(test_invalid_text) {
  Scene scene;
  scene.media = {"\xff\xfe", "{\"msg_type\":\"\xc0\xaf\"}", std::string("\xed\xa0\x80", 3)};
  RawServer server(scene.signaling_talk(), scene.media_talk());
  Player player(server.client());
  expect_streaming(player, server);
  ck_assert_uint_eq(stat(player.src(), "ignored"), scene.media.size());
  player.stop();
  server.finish();
}
GST_END_TEST;

// A byte per fragment, with pings in between: a message like any other.
GST_START_TEST(test_fragments) {
  RawServer server({}, [](RawPeer &peer) {
    if (!peer.media_handshake() || !peer.wait_ready())
      return;
    peer.send(in_fragments(last_audio(), raw_frame(0x89, "still there?")));
    peer.server().expect(peer.keep_alive(), "an answer");
    peer.linger();
  });
  Player player(server.client());
  expect_streaming(player, server);
  player.stop();
  server.finish();
}
GST_END_TEST;

// Fragments without anything in them, millions of them, and their message is still one.
GST_START_TEST(test_empty_fragments) {
  MemoryBound memory(64);
  RawServer server({}, [](RawPeer &peer) {
    if (!peer.media_handshake() || !peer.wait_ready())
      return;
    peer.send(raw_frame(0x01, last_audio()));
    send_much(peer, repeated(raw_frame(0x00, ""), 50000));
    peer.send(raw_frame(0x80, ""));
    peer.linger();
  });
  Player player(server.client());
  expect_streaming(player, server);
  player.stop();
  memory.expect_kept();
  server.finish();
}
GST_END_TEST;

// A message that never ends is given up at max-message-size.
GST_START_TEST(test_endless_message) {
  MemoryBound memory(64);
  RawServer server({}, at_first([](RawPeer &peer) {
                     if (!peer.media_handshake() || !peer.wait_ready())
                       return;
                     peer.send(raw_frame(0x01, "{"));
                     // As many as it takes: 100 MB, unless somebody hangs up.
                     peer.server().expect(!send_much(peer, repeated(raw_frame(0x00, "x"), 1 << 20)),
                                          "an end");
                   }));
  Player player(small_messages(server));
  player.play();
  wait_last(player);
  player.stop();
  memory.expect_kept();
  server.finish();
}
GST_END_TEST;

// Messages of nothing, and of the largest size.
GST_START_TEST(test_sizes) {
  Scene scene;
  scene.media = {"", std::string(1 << 20, ' '), std::string(1 << 20, '['),
                 "\"" + std::string((1 << 20) - 2, 'x') + "\""};
  for (int i = 0; i < 1000; i++)
    scene.media.push_back("");
  RawServer server(scene.signaling_talk(), scene.media_talk());
  Player player(small_messages(server));
  expect_streaming(player, server);
  ck_assert_uint_eq(stat(player.src(), "ignored"), scene.media.size());
  player.stop();
  server.finish();
}
GST_END_TEST;

// Pings without end, whose answers nobody reads: media comes through, and an answer waits.
GST_START_TEST(test_ping_flood) {
  MemoryBound memory(64);
  RawServer server({}, [](RawPeer &peer) {
    if (!peer.media_handshake() || !peer.wait_ready())
      return;
    send_much(peer, repeated(raw_frame(0x89, std::string(125, 'p')), 10000));
    peer.send_json(last_audio());
    peer.server().expect(peer.send(raw_frame(0x89, "last")), "it reads on");
    while (std::optional<RawPeer::Frame> frame = peer.receive())
      if (frame->opcode == 10 && frame->payload == "last") {
        peer.server().expect(peer.keep_alive(), "an answer");
        peer.linger();
        return;
      }
    peer.server().expect(false, "the last ping is answered");
  });
  Player player(server.client());
  expect_streaming(player, server);
  // A million pings, and memory for one answer.
  memory.expect_kept();
  ck_assert(server.wait_for([&] { return server.received(13) > 0; }));
  player.stop();
  server.finish();
}
GST_END_TEST;

static Suite *rtmssrc_hostile_frames_suite() {
  constexpr double kPatienceSeconds = 60;
  Suite *suite = suite_create("rtmssrc_hostile_frames");
  TCase *frames = tcase_create("frames");
  tcase_set_timeout(frames, kPatienceSeconds);
  const int broken = static_cast<int>(broken_frames().size());
  tcase_add_loop_test(frames, test_broken, 0, broken);
  tcase_add_loop_test(frames, test_broken_handshake, 0, broken);
  tcase_add_test(frames, test_invalid_text);
  tcase_add_test(frames, test_fragments);
  tcase_add_test(frames, test_empty_fragments);
  tcase_add_test(frames, test_endless_message);
  tcase_add_test(frames, test_sizes);
  tcase_add_test(frames, test_ping_flood);
  suite_add_tcase(suite, frames);
  return suite;
}

GST_CHECK_MAIN(rtmssrc_hostile_frames)
