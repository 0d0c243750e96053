// The test server against the document: a raw WebSocket client that sends literal texts.
#include "server.h"

#include "glib_ptr.h"
#include "raw_client.h"

#include <gst/check/gstcheck.h>
#include <json-glib/json-glib.h>

#include <algorithm>
#include <set>

namespace {

using namespace rtmstest;

// HMAC-SHA256 made once with: printf '%s' 'abc,uuid==,stream-1' | openssl dgst -sha256 -hmac s3cr3t
constexpr char kSignature[] = "b553166d6b3982457fad44891583e1f4f0727a1ea0ddb291da64b0b57a0fccce";

// The rest of both handshakes' beginning.
const std::string kCredentials =
    "\"protocol_version\":1,\"sequence\":7,\"meeting_uuid\":\"uuid==\","
    "\"rtms_stream_id\":\"stream-1\",\"signature\":\"" +
    std::string(kSignature) + "\"";
const std::string kHello = "{\"msg_type\":1," + kCredentials + ",\"buffer_data\":false}";
const std::string kReady = R"({"msg_type":7,"rtms_stream_id":"stream-1"})";

const std::string kAudio =
    R"("audio":{"content_type":2,"sample_rate":1,"channel":1,"codec":1,"data_opt":1,"send_rate":20})";
const std::string kVideo =
    R"("video":{"content_type":3,"codec":7,"resolution":2,"fps":25,"data_opt":3})";
const std::string kDeskshare =
    R"("deskshare":{"content_type":3,"codec":7,"resolution":2,"fps":15})";
const std::string kTranscript =
    R"("transcript":{"content_type":5,"src_language":9,"enable_lid":false})";
const std::string kChat = R"("chat":{"content_type":5})";
const std::string kAll = kAudio + "," + kVideo + "," + kDeskshare + "," + kTranscript + "," + kChat;

std::string data_hello(int mask, const std::string &params) {
  return "{\"msg_type\":3," + kCredentials + ",\"media_type\":" + std::to_string(mask) +
         ",\"payload_encryption\":false,\"media_params\":{" + params + "}}";
}

Config plain_config() {
  Config config;
  config.id = "uuid==";
  config.stream_id = "stream-1";
  config.client_id = "abc";
  config.client_secret = "s3cr3t";
  return config;
}

std::string replaced(std::string text, const std::string &from, const std::string &to) {
  auto at = text.find(from);
  ck_assert_msg(at != std::string::npos, "%s is not in %s", from.c_str(), text.c_str());
  return text.replace(at, from.size(), to);
}

bool contains(const std::string &text, const std::string &part) {
  return text.find(part) != std::string::npos;
}

std::string status(int code) {
  return "\"status_code\":" + std::to_string(code);
}

bool has_status(const std::string &text, int code) {
  return contains(text + ",", status(code) + ",") || contains(text, status(code) + "}");
}

// A started server, and short names for what is asked of it most.
struct Fixture {
  explicit Fixture(Config config) : server(std::move(config)) {
    std::string error;
    ck_assert_msg(server.start(&error), "%s", error.c_str());
  }
  std::string url(const std::string &path) const {
    return replaced(server.signaling_url(), "signaling", path);
  }
  bool violated(const std::string &start) {
    return server.wait_for(
        [&](const Server &s) {
          auto all = s.violations();
          return std::any_of(all.begin(), all.end(), [&](const std::string &text) {
            return text.compare(0, start.size(), start) == 0;
          });
        },
        kDeadlineMs);
  }
  std::string all_violations() const {
    std::string text;
    for (const std::string &line : server.violations()) text += line + "\n";
    return text;
  }
  void expect_no_violations() const {
    std::string text = all_violations();
    ck_assert_msg(text.empty(), "%s", text.c_str());
  }
  Server server;
};

// An upgrade request without a client that waits for the answer.
class RawRequest {
 public:
  explicit RawRequest(uint16_t port) {
    constexpr char text[] =
        "GET /signaling HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    ObjectPtr<GSocketClient> client(g_socket_client_new());
    connection_.reset(
        g_socket_client_connect_to_host(client.get(), "127.0.0.1", port, nullptr, nullptr));
    ck_assert(connection_ != nullptr);
    GOutputStream *output = g_io_stream_get_output_stream(G_IO_STREAM(connection_.get()));
    ck_assert(g_output_stream_write_all(output, text, sizeof text - 1, nullptr, nullptr, nullptr));
  }
  bool answered() const {
    GSocket *socket = g_socket_connection_get_socket(connection_.get());
    return g_socket_condition_check(socket, G_IO_IN) != 0;
  }

 private:
  ObjectPtr<GSocketConnection> connection_;
};

MediaItem item(Media media, int64_t timestamp, const std::string &payload) {
  MediaItem made;
  made.media = media;
  made.timestamp = timestamp;
  made.user_id = 16778240;
  made.user_name = "John Smith";
  made.payload.assign(payload.begin(), payload.end());
  return made;
}

std::shared_ptr<ListSource> five_media() {
  auto source = std::make_shared<ListSource>();
  for (Media m : kAllMedia) source->add(item(m, 1738392033699, "Hello."));
  return source;
}

}  // namespace

GST_START_TEST(test_unified) {
  Config config = plain_config();
  config.pace = Pace::Fast;
  config.source = five_media();
  config.first_packet_timestamp = 1738392033600;
  Fixture fixture(config);
  Client signaling(fixture.server.signaling_url());
  std::string hello = signaling.ask(kHello, 2);
  ck_assert_msg(has_status(hello, 0), "%s", hello.c_str());
  ck_assert(contains(hello, "\"all\":\"" + fixture.url("media/all") + "\""));
  ck_assert(contains(hello, "\"deskshare\":\"" + fixture.url("media/deskshare") + "\""));
  Client media(fixture.url("media/all"));
  std::string answer = media.ask(data_hello(32, kAll), 4);
  ck_assert_msg(has_status(answer, 0), "%s", answer.c_str());
  ck_assert_msg(contains(answer, kAll), "%s", answer.c_str());
  // A round trip through signaling proves that no media came before the ready.
  ck_assert(
      contains(signaling.ask(R"({"msg_type":19,"rtms_stream_id":"stream-1"})", 20), "\"state\":0"));
  ck_assert_uint_eq(fixture.server.sent(Media::Audio), 0);
  signaling.send(kReady);
  ck_assert(contains(signaling.next(8), "\"state\":1"));
  ck_assert(contains(signaling.next(9), "\"state\":2"));
  ck_assert(contains(signaling.next(6), "\"event_type\":1,\"timestamp\":1738392033600"));
  for (int type = 14; type <= 18; type++) ck_assert(!media.next(type).empty());
  ck_assert(contains(signaling.next(8), "\"state\":4,\"reason\":6"));
  ck_assert(signaling.closed() && media.closed());
  ck_assert_uint_eq(media.close_code(), 1000);
  ck_assert(fixture.server.finished());
  fixture.expect_no_violations();
}
GST_END_TEST;

GST_START_TEST(test_split) {
  Config config = plain_config();
  config.pace = Pace::Fast;
  config.offer_all = false;
  config.offered = {Media::Audio, Media::Chat};
  config.source = five_media();
  Fixture fixture(config);
  Client signaling(fixture.server.signaling_url());
  std::string hello = signaling.ask(kHello, 2);
  ck_assert(!contains(hello, "\"all\"") && !contains(hello, "\"video\""));
  Client audio(fixture.url("media/audio")), chat(fixture.url("media/chat"));
  ck_assert(has_status(chat.ask(data_hello(16, kChat), 4), 0));
  ck_assert(has_status(audio.ask(data_hello(1, kAudio), 4), 0));
  // The first ready is that of the first handshake.
  signaling.send(kReady);
  ck_assert(!chat.next(18).empty());
  ck_assert_uint_eq(audio.count(14), 0);
  signaling.send(kReady);
  ck_assert(contains(audio.next(14), "\"data\":\"SGVsbG8u\",\"length\":6,"));
  ck_assert(contains(signaling.next(8), "\"state\":1"));
  ck_assert(contains(signaling.next(8), "\"state\":4"));
  ck_assert(audio.closed() && chat.closed() && signaling.closed());
  fixture.expect_no_violations();
}
GST_END_TEST;

// Each of these breaks a valid request in one place.
struct Refusal {
  std::string request;
  int status;
};

static void check_signaling_refusals(const std::vector<Refusal> &refusals) {
  Fixture fixture(plain_config());
  for (const Refusal &refusal : refusals) {
    Client client(fixture.server.signaling_url());
    std::string answer = client.ask(refusal.request, 2);
    ck_assert_msg(has_status(answer, refusal.status), "%d: %s: %s", refusal.status,
                  refusal.request.c_str(), answer.c_str());
    ck_assert(client.closed());
    ck_assert(fixture.violated(std::to_string(refusal.status) + " "));
  }
  ck_assert_uint_eq(fixture.server.violations().size(), refusals.size());
}

GST_START_TEST(test_signaling_refusals) {
  check_signaling_refusals({
      {"garbage", 4},
      {"[1]", 4},
      {"{}", 4},
      {replaced(kHello, "\"msg_type\":1", "\"msg_type\":3"), 1},
      {replaced(kHello, "\"protocol_version\":1", "\"protocol_version\":2"), 4},
      {replaced(kHello, "\"sequence\":7,", ""), 4},
      {replaced(kHello, "\"meeting_uuid\":\"uuid==\",", ""), 4},
      {replaced(kHello, "uuid==", "uuid"), 4},
      {replaced(kHello, "stream-1", "stream-2"), 2},
      {replaced(kHello, "fccce", "fcccf"), 3},
      {replaced(kHello, "b553", "B553"), 3},
      {replaced(kHello, "\"buffer_data\":false", "\"buffer_data\":0"), 4},
      {replaced(kHello, "\"buffer_data\":false", "\"media_type\":33"), 14},
      {replaced(kHello, "\"buffer_data\":false", "\"client_id\":\"xyz\""), 4},
  });
}
GST_END_TEST;

static void check_media_refusals(const Config &config, const std::string &path,
                                 const std::vector<Refusal> &refusals) {
  Fixture fixture(config);
  Client signaling(fixture.server.signaling_url());
  ck_assert(has_status(signaling.ask(kHello, 2), 0));
  for (const Refusal &refusal : refusals) {
    Client client(fixture.url(path));
    std::string answer = client.ask(refusal.request, 4);
    ck_assert_msg(has_status(answer, refusal.status), "%d: %s: %s", refusal.status,
                  refusal.request.c_str(), answer.c_str());
    ck_assert(client.closed());
  }
  ck_assert_msg(fixture.server.violations().size() == refusals.size(), "%s",
                fixture.all_violations().c_str());
}

GST_START_TEST(test_media_refusals) {
  std::string hello = data_hello(1, kAudio);
  check_media_refusals(
      plain_config(), "media/all",
      {{"garbage", 4},
       {replaced(hello, "\"msg_type\":3", "\"msg_type\":1"), 1},
       {replaced(hello, "stream-1", "stream-2"), 2},
       {replaced(hello, "fccce", "fcccf"), 3},
       {replaced(hello, "\"payload_encryption\":false", "\"payload_encryption\":true"), 4},
       {replaced(hello, "\"media_type\":1,", ""), 4},
       {data_hello(31, kAll), 14},
       {data_hello(0, ""), 14},
       {data_hello(33, kAll), 14},
       {data_hello(-1, kAll), 14},
       {replaced(hello, "media_params", "params"), 17},
       {data_hello(1, ""), 18},
       {data_hello(2, ""), 25},
       {data_hello(4, ""), 31},
       {data_hello(8, ""), 36},
       {data_hello(16, ""), 38}});
}
GST_END_TEST;

static std::string audio(int content, int rate, int channel, int codec, int data_opt,
                         int send_rate) {
  char text[160];
  g_snprintf(text, sizeof text,
             "\"audio\":{\"content_type\":%d,\"sample_rate\":%d,\"channel\":%d,\"codec\":%d,"
             "\"data_opt\":%d,\"send_rate\":%d}",
             content, rate, channel, codec, data_opt, send_rate);
  return data_hello(1, text);
}

GST_START_TEST(test_audio_matrix) {
  check_media_refusals(plain_config(), "media/audio",
                       {{audio(3, 1, 1, 1, 1, 20), 19},
                        {audio(0, 1, 1, 1, 1, 20), 19},
                        {audio(2, 4, 1, 1, 1, 20), 20},
                        {audio(2, 2, 1, 4, 1, 20), 20},
                        {audio(1, 1, 1, 2, 1, 20), 20},
                        {audio(2, 0, 1, 3, 1, 20), 20},
                        {audio(2, 1, 3, 1, 1, 20), 21},
                        {audio(2, 0, 2, 2, 1, 20), 21},
                        {audio(2, 1, 1, 5, 1, 20), 22},
                        {audio(1, 1, 1, 1, 1, 20), 22},
                        {audio(2, 1, 1, 1, 3, 20), 23},
                        {audio(2, 1, 1, 1, 1, 0), 24},
                        {audio(2, 1, 1, 1, 1, 30), 24},
                        {audio(2, 1, 1, 1, 1, 1020), 24},
                        {audio(2, 3, 1, 4, 1, 40), 24},
                        {data_hello(2, kVideo), 7},
                        {data_hello(32, kAll), 7}});
  Fixture fixture(plain_config());
  Client signaling(fixture.server.signaling_url());
  signaling.ask(kHello, 2);
  for (const std::string &request :
       {audio(1, 3, 2, 4, 1, 20), audio(1, 0, 1, 2, 1, 20), audio(1, 1, 1, 3, 2, 20),
        audio(2, 0, 2, 1, 1, 1000), audio(2, 3, 1, 4, 2, 20), audio(2, 0, 1, 2, 1, 20),
        audio(2, 1, 1, 3, 1, 20)}) {
    Client client(fixture.url("media/audio"));
    std::string answer = client.ask(request, 4);
    ck_assert_msg(has_status(answer, 0), "%s: %s", request.c_str(), answer.c_str());
    client.close(1000);
    ck_assert(client.closed());
    ck_assert(
        fixture.server.wait_for([](const Server &s) { return s.connections() == 1; }, kDeadlineMs));
  }
  fixture.expect_no_violations();
}
GST_END_TEST;

GST_START_TEST(test_other_params) {
  auto video = [](const char *from, const char *to) {
    return data_hello(2, replaced(kVideo, from, to));
  };
  auto deskshare = [](const char *from, const char *to) {
    return data_hello(4, replaced(kDeskshare, from, to));
  };
  auto transcript = [](const char *from, const char *to) {
    return data_hello(8, replaced(kTranscript, from, to));
  };
  check_media_refusals(plain_config(), "media/all",
                       {{video("\"content_type\":3", "\"content_type\":2"), 26},
                        {video("\"codec\":7", "\"codec\":1"), 27},
                        {video("\"resolution\":2", "\"resolution\":5"), 28},
                        {video("\"data_opt\":3", "\"data_opt\":2"), 29},
                        {video("\"fps\":25", "\"fps\":31"), 30},
                        {video("\"fps\":25", "\"fps\":5"), 30},
                        {video("\"codec\":7", "\"codec\":5"), 30},
                        {deskshare("\"content_type\":3", "\"content_type\":1"), 32},
                        {deskshare("\"codec\":7", "\"codec\":8"), 33},
                        {deskshare("\"resolution\":2", "\"resolution\":0"), 34},
                        {deskshare("\"codec\":7", "\"codec\":6"), 35},
                        {transcript("\"content_type\":5", "\"content_type\":2"), 37},
                        {transcript("\"src_language\":9", "\"src_language\":37"), 43},
                        {transcript("\"enable_lid\":false", "\"enable_lid\":0"), 36},
                        {data_hello(16, replaced(kChat, "5", "4")), 39}});
  for (Media m : kAllMedia) {
    Config config = plain_config();
    config.offered.erase(m);
    int code = static_cast<int>(m);
    const std::string params[] = {kAudio, kVideo, kDeskshare, kTranscript, kChat};
    check_media_refusals(config, "media/all", {{data_hello(1 << code, params[code]), 9 + code}});
  }
}
GST_END_TEST;

GST_START_TEST(test_duplicates) {
  Fixture fixture(plain_config());
  Client signaling(fixture.server.signaling_url());
  ck_assert(has_status(signaling.ask(kHello, 2), 0));
  ck_assert(has_status(signaling.ask(kHello, 2), 8));
  {
    Client first(fixture.url("media/audio")), second(fixture.url("media/audio"));
    ck_assert(has_status(first.ask(data_hello(1, kAudio), 4), 0));
    ck_assert(has_status(second.ask(data_hello(1, kAudio), 4), 16));
    ck_assert(has_status(first.ask(data_hello(1, kAudio), 4), 16));
  }
  ck_assert(
      fixture.server.wait_for([](const Server &s) { return s.connections() == 1; }, kDeadlineMs));
  Client all(fixture.url("media/all")), other(fixture.url("media/video"));
  ck_assert(has_status(all.ask(data_hello(32, kAll), 4), 0));
  ck_assert(has_status(other.ask(data_hello(2, kVideo), 4), 15));
}
GST_END_TEST;

GST_START_TEST(test_signaling_violations) {
  Fixture fixture(plain_config());
  Client media_first(fixture.url("media/all"));
  ck_assert(has_status(media_first.ask(data_hello(32, kAll), 4), 2));
  Client signaling(fixture.server.signaling_url(), "",
                   {{"X-Zoom-RTMS-Stream-Id", "stream-2"}, {"X-Zoom-RTMS-Signature", "00"}});
  ck_assert(has_status(signaling.ask(kHello, 2), 0));
  ck_assert(fixture.violated("violation: signaling: header X-Zoom-RTMS-Stream-Id"));
  ck_assert(fixture.violated("violation: signaling: header X-Zoom-RTMS-Signature"));
  signaling.send(kReady);
  ck_assert(fixture.violated("41 "));
  signaling.send(R"({"msg_type":5,"events":{}})");
  ck_assert(fixture.violated("5 "));
  signaling.send(R"({"msg_type":5,"events":[{"event_type":7,"subscribe":true}]})");
  ck_assert(fixture.violated("6 INVALID_EVENT_TYPE: signaling: event_type 7"));
  signaling.send(R"({"msg_type":5,"events":[{"event_type":15,"subscribe":true}]})");
  ck_assert(fixture.violated("6 INVALID_EVENT_TYPE: signaling: unknown"));
  signaling.send(R"({"msg_type":5,"events":[{"event_type":2,"subscribe":1}]})");
  ck_assert(fixture.violated("42 "));
  signaling.send(R"({"msg_type":99})");
  ck_assert(fixture.violated("1 "));
  signaling.send("garbage");
  ck_assert(fixture.violated("4 "));
  signaling.send(R"({"msg_type":13,"timestamp":5})");
  ck_assert(fixture.violated("violation: signaling: keep-alive answer"));
  signaling.send_binary(R"({"msg_type":7})");
  ck_assert(fixture.violated("violation: signaling: binary"));
  ck_assert(has_status(signaling.ask(R"({"msg_type":21,"rtms_stream_id":"x"})", 22), 2));
  ck_assert(has_status(signaling.ask(R"({"msg_type":10,"rtms_session_id":"x"})", 11), 40));
  Client media(fixture.url("media/all"));
  ck_assert(has_status(media.ask(data_hello(1, kAudio + "," + kChat), 4), 0));
  ck_assert(fixture.violated("violation: media/all: chat parameters"));
  media.close(4000);
  ck_assert(fixture.violated("violation: media/all: closed by the client with code 4000"));
}
GST_END_TEST;

GST_START_TEST(test_kicked) {
  Fixture fixture(plain_config());
  Client first(fixture.server.signaling_url()), media(fixture.url("media/all"));
  ck_assert(has_status(first.ask(kHello, 2), 0));
  ck_assert(has_status(media.ask(data_hello(32, kAll), 4), 0));
  Client second(fixture.server.signaling_url());
  ck_assert(has_status(second.ask(kHello, 2), 0));
  ck_assert(first.closed() && media.closed());
  ck_assert(fixture.violated("kicked: signaling"));
  ck_assert(has_status(second.ask(R"({"msg_type":21,"rtms_stream_id":"stream-1"})", 22), 0));
  ck_assert(second.closed());
}
GST_END_TEST;

GST_START_TEST(test_keep_alive) {
  Config config = plain_config();
  config.keep_alive_ms = 50;
  Fixture fixture(config);
  Client signaling(fixture.server.signaling_url()), media(fixture.url("media/chat"));
  ck_assert(has_status(signaling.ask(kHello, 2), 0));
  ck_assert(has_status(media.ask(data_hello(16, kChat), 4), 0));
  auto answer = [&signaling] {
    std::string request = signaling.next(12);
    if (!request.empty()) signaling.send(replaced(request, "\"msg_type\":12", "\"msg_type\":13"));
  };
  // Signaling answers and lives on, media doesn't and is dropped.
  while (fixture.server.connections() == 2) answer();
  ck_assert(media.closed());
  ck_assert_uint_eq(media.count(12), 3);
  ck_assert(fixture.violated("violation: media/chat: keep-alives not answered"));
  ck_assert(contains(signaling.next(6), "\"event_type\":7"));
  ck_assert_uint_eq(fixture.server.violations().size(), 1);
  ck_assert(signaling.closed());
  ck_assert(fixture.violated("violation: signaling: keep-alives not answered"));
}
GST_END_TEST;

GST_START_TEST(test_liberties) {
  Config config = plain_config();
  config.pace = Pace::Fast;
  config.source = five_media();
  config.binary_frames = config.msg_type_last = config.escape_slashes = true;
  config.plain_content = config.string_ids = config.string_reasons = true;
  config.url_form = UrlForm::String;
  config.negotiate = R"({"audio":{"send_rate":40},"video":{"codec":5,"fps":5}})";
  Fixture fixture(config);
  Client signaling(fixture.server.signaling_url());
  std::string hello = signaling.ask(kHello, 2);
  ck_assert(contains(hello, "\"media_server\":{\"server_urls\":\"ws:\\/\\/127.0.0.1:"));
  ck_assert(contains(hello, ",\"msg_type\":2}"));
  Client media(fixture.url("media/all"));
  std::string answer = media.ask(data_hello(32, kAll), 4);
  ck_assert(contains(answer, "\"send_rate\":40") && contains(answer, "\"codec\":5"));
  signaling.send(kReady);
  ck_assert(contains(media.next(14), "{\"content\":\"SGVsbG8u\",\"user_id\":\"16778240\""));
  ck_assert(!signaling.next(8).empty());
  ck_assert(contains(signaling.next(8), "\"reason\":\"STOP_BC_MEETING_ENDED\""));
  ck_assert(media.closed());
  ck_assert_uint_eq(media.binary_frames(), media.messages().size());
}
GST_END_TEST;

GST_START_TEST(test_video_subscription) {
  Config config = plain_config();
  config.pace = Pace::Fast;
  auto source = std::make_shared<ListSource>();
  for (uint64_t user : {1, 2, 1, 2}) {
    MediaItem picture = item(Media::Video, 1738392033699, "x");
    picture.user_id = user;
    source->add(picture);
  }
  config.source = source;
  Fixture fixture(config);
  Client signaling(fixture.server.signaling_url()), media(fixture.url("media/video"));
  ck_assert(has_status(signaling.ask(kHello, 2), 0));
  std::string subscribe =
      R"({"msg_type":28,"user_id":2,"subscribe":true,"timestamp":1738392033699})";
  ck_assert(has_status(signaling.ask(subscribe, 29), 10));
  std::string params = replaced(kVideo, "\"data_opt\":3", "\"data_opt\":4");
  ck_assert(has_status(media.ask(data_hello(2, params), 4), 0));
  ck_assert(has_status(signaling.ask(subscribe, 29), 0));
  ck_assert(has_status(signaling.ask(subscribe, 29), 44));
  signaling.send(kReady);
  ck_assert(media.closed());
  ck_assert_uint_eq(media.count(15), 2);
  ck_assert(contains(media.next(15), "\"user_id\":2"));
}
GST_END_TEST;

GST_START_TEST(test_faults) {
  Config config = plain_config();
  config.upgrade_status_signaling = 302;
  config.redirect_to = "ws://127.0.0.1:1/";
  config.status_media[Media::Audio] = 45;
  config.fault_times = 1;
  Fixture fixture(config);
  {
    Client refused(fixture.server.signaling_url());
    ck_assert(!refused.connected());
    ck_assert_uint_eq(refused.http_status(), 302);
    ck_assert(refused.header("Location") == "ws://127.0.0.1:1/");
  }
  Client signaling(fixture.server.signaling_url());
  ck_assert(has_status(signaling.ask(kHello, 2), 0));
  for (int code : {45, 0}) {
    Client media(fixture.url("media/audio"));
    ck_assert(has_status(media.ask(data_hello(1, kAudio), 4), code));
  }
  fixture.expect_no_violations();
}
GST_END_TEST;

GST_START_TEST(test_silence_and_abort) {
  Config config = plain_config();
  config.script = {{0, Media::Chat, R"({"msg_type":18,"content":"scripted"})", Action::Send},
                   {0, Media::Chat, "", Action::Abort}};
  config.silent_http = true;
  config.fault_times = 1;
  Fixture fixture(config);
  RawRequest unanswered(fixture.server.port());
  ck_assert(
      fixture.server.wait_for([](const Server &s) { return s.requests() == 1; }, kDeadlineMs));
  Client signaling(fixture.server.signaling_url());
  ck_assert(has_status(signaling.ask(kHello, 2), 0));
  Client chat(fixture.url("media/chat")), audio_client(fixture.url("media/audio"));
  ck_assert(has_status(chat.ask(data_hello(16, kChat), 4), 0));
  ck_assert(has_status(audio_client.ask(data_hello(1, kAudio), 4), 0));
  signaling.send(kReady);
  ck_assert(contains(signaling.next(6), "\"event_type\":7"));
  ck_assert(chat.closed());
  ck_assert_uint_eq(chat.close_code(), 0);
  fixture.server.silence(Media::Audio);
  fixture.server.send_media(Media::Audio, R"({"msg_type":99})");
  fixture.server.send_signaling(R"({"msg_type":98})");
  ck_assert(!signaling.next(98).empty());
  ck_assert_uint_eq(audio_client.count(99), 0);
  ck_assert(!unanswered.answered());
  fixture.server.stop();
  ck_assert(signaling.closed() && audio_client.closed());
}
GST_END_TEST;

GST_START_TEST(test_tls) {
  Config config = plain_config();
  config.tls = true;
  Fixture fixture(config);
  ck_assert(g_str_has_prefix(fixture.server.signaling_url().c_str(), "wss://127.0.0.1:"));
  Client trusting(fixture.server.signaling_url(), fixture.server.ca_file());
  ck_assert(has_status(trusting.ask(kHello, 2), 0));
  Client distrusting(fixture.server.signaling_url());
  ck_assert(!distrusting.connected());
}
GST_END_TEST;

GST_START_TEST(test_webhook) {
  const struct {
    Product product;
    const char *event, *id;
  } products[] = {{Product::Meeting, "meeting.rtms_started", "meeting_uuid"},
                  {Product::Webinar, "webinar.rtms_started", "meeting_uuid"},
                  {Product::Session, "session.rtms_started", "session_id"},
                  {Product::ContactCenter, "contact_center.voice_rtms_started", "engagement_id"},
                  {Product::Phone, "phone.rtms_started", "call_id"}};
  for (const auto &row : products) {
    for (WebhookShape shape : {WebhookShape::Object, WebhookShape::Flat, WebhookShape::Inner}) {
      Config config = plain_config();
      config.product = row.product;
      config.webhook_shape = shape;
      Fixture fixture(config);
      std::string text = fixture.server.webhook_json();
      ck_assert(contains(text, std::string("\"") + row.id + "\":\"uuid==\""));
      ck_assert(contains(text, "\"server_urls\":\"" + fixture.server.signaling_url() + "\""));
      ck_assert(contains(text, std::string("\"signature\":\"") + kSignature + "\""));
      bool named = contains(text, std::string("\"event\":\"") + row.event + "\"");
      ck_assert(named == (shape != WebhookShape::Inner));
      ck_assert(contains(text, "\"payload\"") == (shape != WebhookShape::Inner));
      ck_assert(contains(text, "\"object\"") == (shape == WebhookShape::Object));
      // The id alone under the product's key is enough.
      Client client(fixture.server.signaling_url());
      std::string hello = replaced(kHello, "meeting_uuid", row.id);
      ck_assert(has_status(client.ask(hello, 2), 0));
    }
  }
}
GST_END_TEST;

static std::vector<guchar> data_of(const std::string &text) {
  JsonParser *parser = json_parser_new();
  ck_assert(json_parser_load_from_data(parser, text.c_str(), -1, nullptr));
  JsonObject *root = json_node_get_object(json_parser_get_root(parser));
  JsonObject *content = json_object_get_object_member(root, "content");
  gsize size = 0;
  guchar *bytes = g_base64_decode(json_object_get_string_member(content, "data"), &size);
  ck_assert_uint_eq(size, json_object_get_int_member(content, "length"));
  std::vector<guchar> data(bytes, bytes + size);
  g_free(bytes);
  g_object_unref(parser);
  return data;
}

static gint64 timestamp_of(const std::string &text) {
  auto at = text.find("\"timestamp\":");
  ck_assert(at != std::string::npos);
  return g_ascii_strtoll(text.c_str() + at + 12, nullptr, 10);
}

// The types of an Annex B stream's NAL units, in order.
static std::vector<int> nal_types(const std::vector<guchar> &data) {
  std::vector<int> types;
  for (std::size_t i = 0; i + 3 < data.size(); i++)
    if (data[i] == 0 && data[i + 1] == 0 && data[i + 2] == 1) types.push_back(data[i + 3] & 31);
  return types;
}

static void check_pictures(Client &media, unsigned count) {
  unsigned keyframes = 0;
  for (unsigned i = 0; i < count; i++) {
    std::string text = media.next(15);
    ck_assert(!text.empty());
    std::vector<int> types = nal_types(data_of(text));
    auto has = [&types](int type) {
      return std::find(types.begin(), types.end(), type) != types.end();
    };
    ck_assert(has(5) || has(1));
    ck_assert(i != 0 || has(5));
    if (!has(5)) continue;
    keyframes++;
    ck_assert_msg(has(7) && has(8), "no SPS or PPS in front of IDR %u", i);
  }
  ck_assert_uint_ge(keyframes, 2);
}

GST_START_TEST(test_meeting) {
  Config config = plain_config();
  config.pace = Pace::Fast;
  MeetingOptions options;
  options.duration_ms = 5000;
  options.start_timestamp = 1738392033000;
  config.source = make_meeting(options);
  Fixture fixture(config);
  Client signaling(fixture.server.signaling_url()), media(fixture.url("media/all"));
  ck_assert(has_status(signaling.ask(kHello, 2), 0));
  signaling.send(R"({"msg_type":5,"events":[{"event_type":2,"subscribe":true}]})");
  std::string params = replaced(kAll, "\"resolution\":2,\"fps\":25", "\"resolution\":1,\"fps\":10");
  ck_assert(has_status(media.ask(data_hello(32, params), 4), 0));
  signaling.send(kReady);
  for (int i = 0; i < 250; i++) {
    std::string text = media.next(14);
    ck_assert_int_eq(timestamp_of(text), options.start_timestamp + i * 20);
    ck_assert_uint_eq(data_of(text).size(), 640);
  }
  check_pictures(media, 50);
  ck_assert(contains(media.next(17), "\"start_time\":"));
  ck_assert(contains(media.next(18), "\\\"operation_type\\\":1"));
  ck_assert(contains(signaling.next(6), "John Smith"));
  ck_assert(contains(signaling.next(6), "Ada Lovelace"));
  ck_assert(media.closed());
  ck_assert_uint_eq(media.count(14), 250);
  ck_assert_uint_eq(media.count(16), 75);
  fixture.expect_no_violations();
}
GST_END_TEST;

// Every codec gives a packet per send_rate; in RTP its first byte says version 2.
GST_START_TEST(test_meeting_codecs) {
  const struct {
    int content, rate, channel, codec;
    std::size_t size;  // 0: varies
  } rows[] = {{1, 3, 2, 4, 0}, {1, 0, 1, 2, 172}, {1, 1, 1, 3, 172}, {2, 3, 2, 1, 3840},
              {2, 3, 1, 4, 0}, {2, 0, 1, 2, 160}, {2, 1, 1, 3, 160}};
  for (const auto &row : rows) {
    Config config = plain_config();
    config.pace = Pace::Fast;
    MeetingOptions options;
    options.duration_ms = 200;
    config.source = make_meeting(options);
    config.offered = {Media::Audio};
    Fixture fixture(config);
    Client signaling(fixture.server.signaling_url()), media(fixture.url("media/audio"));
    ck_assert(has_status(signaling.ask(kHello, 2), 0));
    std::string request = audio(row.content, row.rate, row.channel, row.codec, 1, 20);
    ck_assert(has_status(media.ask(request, 4), 0));
    signaling.send(kReady);
    ck_assert(media.closed());
    ck_assert_uint_eq(media.count(14), 10);
    std::vector<guchar> data = data_of(media.next(14));
    ck_assert(!data.empty());
    if (row.size) ck_assert_uint_eq(data.size(), row.size);
    if (row.content == 1) ck_assert_int_eq(data[0] >> 6, 2);
  }
}
GST_END_TEST;

static Suite *server_suite() {
  constexpr double kPatienceSeconds = 60;
  Suite *suite = suite_create("server");
  TCase *flow = tcase_create("flow");
  tcase_set_timeout(flow, kPatienceSeconds);
  tcase_add_test(flow, test_unified);
  tcase_add_test(flow, test_split);
  tcase_add_test(flow, test_duplicates);
  tcase_add_test(flow, test_kicked);
  tcase_add_test(flow, test_keep_alive);
  tcase_add_test(flow, test_liberties);
  tcase_add_test(flow, test_video_subscription);
  tcase_add_test(flow, test_tls);
  tcase_add_test(flow, test_webhook);
  suite_add_tcase(suite, flow);

  TCase *refusals = tcase_create("refusals");
  tcase_set_timeout(refusals, kPatienceSeconds);
  tcase_add_test(refusals, test_signaling_refusals);
  tcase_add_test(refusals, test_media_refusals);
  tcase_add_test(refusals, test_audio_matrix);
  tcase_add_test(refusals, test_other_params);
  tcase_add_test(refusals, test_signaling_violations);
  tcase_add_test(refusals, test_faults);
  tcase_add_test(refusals, test_silence_and_abort);
  suite_add_tcase(suite, refusals);

  TCase *meeting = tcase_create("meeting");
  tcase_set_timeout(meeting, kPatienceSeconds);
  tcase_add_test(meeting, test_meeting);
  tcase_add_test(meeting, test_meeting_codecs);
  suite_add_tcase(suite, meeting);
  return suite;
}

GST_CHECK_MAIN(server)
