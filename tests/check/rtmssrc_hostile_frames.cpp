// SPDX-License-Identifier: LGPL-2.1-or-later
// A server that breaks WebSocket's rules, or uses them to the end: the connection is closed with
// the code that RFC 6455 asks for and opened again, or lives on; never more memory, never a loop.
#include "failures.h"
#include "hostile.h"
#include "hostilescenes.h"

namespace {

using namespace rtmscheck;

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
    send_much(peer, copies_of(raw_frame(0x00, ""), 50000));
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
                     peer.server().expect(
                         !send_much(peer, copies_of(raw_frame(0x00, "x"), 1 << 20)), "an end");
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
    send_much(peer, copies_of(raw_frame(0x89, std::string(125, 'p')), 10000));
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
