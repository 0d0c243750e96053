// SPDX-License-Identifier: LGPL-2.1-or-later
// A server that answers the connection itself with nonsense: in place of HTTP, in its handshakes,
// in the URLs that it sends the client to. One clear error, or a session; nothing in between.
#include "failures.h"
#include "hostile.h"
#include "hostilescenes.h"

namespace {

using namespace rtmscheck;

constexpr char kEnd[] = "\r\n\r\n";

// One error, of a length that people read.
void check_readable(const std::string &what, Player &player, const Expected &expected) {
  player.state(GST_STATE_PLAYING);
  const Failure failure = player.wait_error();
  check_failure(what, failure, expected);
  ck_assert_msg(failure.text.size() < 1000, "%s: %zu bytes", what.c_str(), failure.text.size());
  ck_assert(g_utf8_validate(failure.text.c_str(), -1, nullptr));
}

// Answers with these bytes, on the signaling connection or the media one.
struct Answering {
  RawServer server;

  Answering(const Answer &answer, bool media)
      : Answering([=](RawPeer &peer) { send_answer(peer, answer); }, media) {}
  Answering(const std::string &bytes, bool media)
      : Answering([=](RawPeer &peer) { peer.send(bytes); }, media) {}
  Answering(const RawServer::Talk &talk, bool media)
      : server(media ? nullptr : talk, media ? talk : nullptr) {}
};

// The signaling handshake, but for the answer.
RawServer::Talk signaling_with(std::function<std::string(RawServer &)> answer) {
  return [answer = std::move(answer)](RawPeer &peer) {
    if (peer.upgrade() && peer.expect(1) && peer.send_json(answer(peer.server())))
      peer.linger();
  };
}

std::string signaling_answer(const std::string &urls) {
  return R"({"msg_type":2,"status_code":0,"media_server":{"server_urls":)" + urls + "}}";
}

// Answers to the handshakes; the URL is the server's.
std::string full_answer_2(RawServer &server) {
  return R"({"msg_type":2,"status_code":0,"reason":"r","media_server":{"server_urls":{"all":")" +
         server.media_url() + R"(","audio":")" + server.media_url() + R"("}}})";
}
const char *const kAnswer4 =
    R"({"msg_type":4,"protocol_version":1,"status_code":0,"reason":"r","sequence":1,"payload_encrypted":false,"media_params":{"audio":{"content_type":2,"sample_rate":1,"channel":1,"codec":1,"data_opt":1,"send_rate":20}}})";

// A session, or one error.
void expect_session_or_error(Player &player) {
  const bool over =
      player.wait([](const Record &r) { return r.count(GST_MESSAGE_ERROR) > 0 || has_last(r); });
  ck_assert_msg(over, "%s", player.summary().c_str());
  player.stop();
  const Record &record = player.record();
  ck_assert_msg(record.count(GST_MESSAGE_ERROR) == (has_last(record) ? 0 : 1), "%s",
                player.summary().c_str());
}

// A server and a client for each of the values that one field can have. What the field says may
// not matter: then there is a session whenever the message can be read.
void check_field(bool matters, const std::function<std::unique_ptr<RawServer>(size_t)> &serve_nth) {
  std::vector<std::unique_ptr<RawServer>> servers;
  std::vector<std::unique_ptr<Player>> players;
  const auto harmless = [=](size_t i) { return !matters && i >= unreadable_per_field(); };
  for (size_t i = 0; i < spoiled_per_field(); i++) {
    servers.push_back(serve_nth(i));
    players.push_back(std::make_unique<Player>([&](GstElement *src) {
      servers.back()->client()(src);
      const auto patience_ms = static_cast<unsigned>(kDeadlineMs);
      g_object_set(src, "timeout", harmless(i) ? patience_ms : 3 * kTimeoutMs,
                   "signaling-reconnect-window", 0, "media-reconnect-window", 0, nullptr);
    }));
    players.back()->play();
  }
  for (size_t i = 0; i < players.size(); i++) {
    expect_session_or_error(*players[i]);
    ck_assert_msg(!harmless(i) || has_last(players[i]->record()), "%zu: %s", i,
                  players[i]->summary().c_str());
  }
}

// Fields of the answers, in their order: whether it matters what they say.
// msg_type, status_code, reason, media_server, server_urls, all, audio
constexpr bool kFields2[] = {true, true, false, true, true, false, true};
// msg_type, protocol_version, status_code, reason, sequence, payload_encrypted, media_params,
// audio, content_type, sample_rate, channel, codec, data_opt, send_rate
constexpr bool kFields4[] = {true,  false, true, false, false, true,  false,
                             false, false, true, true,  true,  false, false};

struct BadUrl {
  const char *what;
  std::string url;
  std::vector<int> codes;
};
const BadUrl kBadUrls[] = {
    {"not this host, and not encrypted", "ws://192.0.2.1/media", {GST_RESOURCE_ERROR_SETTINGS}},
    {"a page", "http://127.0.0.1/media", {GST_RESOURCE_ERROR_SETTINGS}},
    {"a file", "file:///etc/passwd", {GST_RESOURCE_ERROR_SETTINGS}},
    {"a script", "javascript:alert(1)", {GST_RESOURCE_ERROR_SETTINGS}},
    {"a header", "ws://127.0.0.1:9/a\\r\\nX-Evil: 1", {GST_RESOURCE_ERROR_SETTINGS}},
    {"no host", "ws:///media", {GST_RESOURCE_ERROR_SETTINGS}},
    {"no port", "ws://127.0.0.1:99999/", {GST_RESOURCE_ERROR_SETTINGS}},
    {"long", "ws://127.0.0.1:9/" + std::string(5000, 'x'), {GST_RESOURCE_ERROR_SETTINGS}},
    {"huge", "wss://a.invalid/" + std::string(5 << 20, 'x'), {GST_RESOURCE_ERROR_SETTINGS}},
};

}  // namespace

GST_START_TEST(test_answers) {
  const Answer &answer = answers()[static_cast<size_t>(__i__)];
  for (bool media : {false, true}) {
    MemoryBound memory(64);
    Answering answering(answer, media);
    Player player(answering.server.client());
    check_readable(answer.what, player,
                   {GST_RESOURCE_ERROR, {}, {answer.word, media ? "audio" : "signaling"}});
    memory.expect_kept();
    answering.server.finish();
  }
}
GST_END_TEST;

// After a loss such an answer is one failed try.
GST_START_TEST(test_answer_after_loss) {
  const Answer &answer = answers()[static_cast<size_t>(__i__)];
  std::atomic<int> connections{0};
  RawServer server({}, [&](RawPeer &peer) {
    const int connection = connections++;
    if (connection == 0)
      peer.server().expect(peer.media_handshake() && peer.wait_ready(), "a start");
    else if (connection == 1)
      peer.send(answer.bytes);
    else
      be_nice(peer);
  });
  Player player(server.client());
  player.play();
  wait_last(player);
  player.stop();
  ck_assert_int_eq(connections, 3);
  server.finish();
}
GST_END_TEST;

GST_START_TEST(test_redirects) {
  const int status = std::array{300, 301, 302, 303, 307, 308}[static_cast<size_t>(__i__)];
  RawServer elsewhere;
  const std::string head = "HTTP/1.1 " + std::to_string(status) + " Moved\r\nLocation: ";
  const std::string evil = "wss://evil.invalid/" + std::string(10000, 'x') + "?token=s3cr3t";
  for (bool media : {false, true})
    for (const std::string &to :
         {elsewhere.url("/signaling"), std::string("/media/all"), std::string(), evil}) {
      Answering answering(head + to + "\r\nContent-Length: 0" + kEnd, media);
      Player player(answering.server.client());
      check_readable(
          to, player,
          resource({GST_RESOURCE_ERROR_OPEN_READ}, {std::to_string(status), "redirect"}));
      ck_assert_uint_eq(answering.server.accepted(), media ? 2 : 1);
      answering.server.finish();
    }
  ck_assert_uint_eq(elsewhere.accepted(), 0);
}
GST_END_TEST;

GST_START_TEST(test_signaling_answer) {
  const size_t first = static_cast<size_t>(__i__) * spoiled_per_field();
  check_field(kFields2[__i__], [first](size_t i) {
    i += first;
    return std::make_unique<RawServer>(
        signaling_with([i](RawServer &s) { return spoiled(full_answer_2(s)).at(i); }), be_nice);
  });
}
GST_END_TEST;

GST_START_TEST(test_media_answer) {
  const size_t first = static_cast<size_t>(__i__) * spoiled_per_field();
  check_field(kFields4[__i__], [first](size_t i) {
    const std::string answer = spoiled(kAnswer4).at(first + i);
    return std::make_unique<RawServer>(nullptr, [answer](RawPeer &peer) {
      if (!peer.upgrade() || !peer.expect(3) || !peer.send_json(answer) || !peer.wait_ready())
        return;
      peer.send_json(last_audio());
      peer.linger();
    });
  });
}
GST_END_TEST;

// All fields are covered by the two tests above.
GST_START_TEST(test_fields) {
  RawServer server;
  ck_assert_uint_eq(spoiled(full_answer_2(server)).size(),
                    G_N_ELEMENTS(kFields2) * spoiled_per_field());
  ck_assert_uint_eq(spoiled(kAnswer4).size(), G_N_ELEMENTS(kFields4) * spoiled_per_field());
}
GST_END_TEST;

GST_START_TEST(test_bad_urls) {
  const BadUrl &bad = kBadUrls[__i__];
  RawServer server(signaling_with(
      [&](RawServer &) { return signaling_answer("{\"all\":\"" + bad.url + "\"}"); }));
  Player player(server.client());
  check_readable(bad.what, player, resource(bad.codes, {"media URL"}));
  ck_assert_uint_eq(server.accepted(), 1);
  server.finish();
}
GST_END_TEST;

// Of very many URLs the first that is meant is taken.
GST_START_TEST(test_many_urls) {
  for (bool list : {false, true}) {
    RawServer server(
        signaling_with([list](RawServer &s) {
          const std::string url = s.media_url();
          if (list)
            return signaling_answer("\"" + url + copies_of(",wss://a.invalid/x", 100000) + "\"");
          return signaling_answer("{" + copies_of("\"x\":\"wss://a.invalid/x\",", 100000) +
                                  "\"all\":\"" + url + "\"}");
        }),
        be_nice);
    Player player(server.client());
    expect_streaming(player, server);
    player.stop();
    server.finish();
  }
}
GST_END_TEST;

// A reason of a megabyte is not an error of a megabyte.
GST_START_TEST(test_long_reason) {
  for (const char *character : {"x", "\xf0\x9f\x98\x80"}) {
    RawServer server(signaling_with([&](RawServer &) {
      return R"({"msg_type":2,"status_code":3,"reason":")" + copies_of(character, 1 << 20) + "\"}";
    }));
    Player player(server.client());
    check_readable("reason", player,
                   resource({GST_RESOURCE_ERROR_NOT_AUTHORIZED}, {"INVALID_SIGNATURE", character}));
    server.finish();
  }
}
GST_END_TEST;

static Suite *rtmssrc_hostile_connect_suite() {
  constexpr double kPatienceSeconds = 60;
  Suite *suite = suite_create("rtmssrc_hostile_connect");
  TCase *connect = tcase_create("connect");
  tcase_set_timeout(connect, kPatienceSeconds);
  const int count = static_cast<int>(answers().size());
  tcase_add_loop_test(connect, test_answers, 0, count);
  tcase_add_loop_test(connect, test_answer_after_loss, 0, 6);
  tcase_add_loop_test(connect, test_redirects, 0, 6);
  tcase_add_loop_test(connect, test_signaling_answer, 0, G_N_ELEMENTS(kFields2));
  tcase_add_loop_test(connect, test_media_answer, 0, G_N_ELEMENTS(kFields4));
  tcase_add_test(connect, test_fields);
  tcase_add_loop_test(connect, test_bad_urls, 0, G_N_ELEMENTS(kBadUrls));
  tcase_add_test(connect, test_many_urls);
  tcase_add_test(connect, test_long_reason);
  suite_add_tcase(suite, connect);
  return suite;
}

GST_CHECK_MAIN(rtmssrc_hostile_connect)
