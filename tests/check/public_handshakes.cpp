// SPDX-License-Identifier: LGPL-2.1-or-later
// What known public clients of the service say, message by message, and that each of them gets the
// media it asks for. They get it from the service, so from the test server as well; the fields are
// those of docs/protocol.md.
#include "server_texts.h"

using namespace rtmscheck;

namespace {

enum class Ready { Each, Once, Early };  // after each handshake; after all; after the first of them

struct MediaRequest {
  const char *path;
  std::string members;  // of message 3, besides the credentials
};

struct PublicClient {
  const char *name;
  std::vector<MediaRequest> media;
  std::set<Media> expected;
  Ready ready = Ready::Each;
  Product product = Product::Meeting;
  const char *id_key = "meeting_uuid";
  const char *hello = "";         // members of message 1, with a comma in front
  const char *subscription = "";  // events of message 5
  bool sequence = true, binary = false, headers = false;
};

const std::string kSmallAudio =
    R"("media_params":{"audio":{"content_type":1,"sample_rate":1,"channel":1,"codec":1,"data_opt":1,"send_rate":100}})";
const std::string kFullAudio = "\"media_params\":{" + kAudio + "}";
const std::set<Media> kEverything{kAllMedia.begin(), kAllMedia.end()};
constexpr char kEvents[] =
    R"({"event_type":1,"subscribe":true},{"event_type":2,"subscribe":true},{"event_type":7,"subscribe":true})";

std::vector<PublicClient> public_clients() {
  std::vector<PublicClient> all;
  auto add = [&all](PublicClient client) { all.push_back(std::move(client)); };
  PublicClient plain{
      "no sequence", {{"media/audio", "\"media_type\":1," + kFullAudio}}, {Media::Audio}};
  plain.sequence = false;
  add(plain);
  add({"no media_params", {{"media/audio", "\"media_type\":1"}}, {Media::Audio}});
  add({"all kinds, parameters of audio",
       {{"media/all", "\"media_type\":32,\"payload_encryption\":false," + kSmallAudio}},
       kEverything});
  add({"all kinds, no parameters", {{"media/all", "\"media_type\":32"}}, kEverything});
  add({"L16 with content type RTP",
       {{"media/audio", "\"media_type\":1," + kSmallAudio}},
       {Media::Audio}});
  add({"audio at all", {{"media/all", "\"media_type\":1," + kSmallAudio}}, {Media::Audio}});
  add({"some of audio's parameters",
       {{"media/audio", R"("media_type":1,"media_params":{"audio":{"sample_rate":1,"codec":1}})"}},
       {Media::Audio}});
  PublicClient center{"Contact Center, all at audio",
                      {{"media/audio", "\"media_type\":32," + kFullAudio}},
                      {Media::Audio, Media::Transcript}};
  center.product = Product::ContactCenter;
  center.id_key = "engagement_id";
  add(center);
  center.name = "Contact Center, transcript at audio";
  center.media = {
      {"media/audio", R"("media_type":8,"media_params":{"transcript":{"content_type":5}})"}};
  center.expected = {Media::Transcript};
  add(center);
  PublicClient split{
      "one ready for all",
      {{"media/audio", "\"media_type\":1," + kFullAudio},
       {"media/transcript",
        R"("media_type":8,"media_params":{"transcript":{"content_type":5,"language":9}})"}},
      {Media::Audio, Media::Transcript},
      Ready::Once};
  add(split);
  split.name = "ready before the second handshake";
  split.ready = Ready::Early;
  add(split);
  add({"one connection for each kind",
       {{"media/audio", "\"media_type\":1," + kSmallAudio},
        {"media/video",
         R"("media_type":2,"media_params":{"video":{"codec":7,"resolution":2,"fps":25}})"},
        {"media/deskshare",
         R"("media_type":4,"media_params":{"deskshare":{"codec":5,"resolution":2,"fps":1}})"},
        {"media/transcript", R"("media_type":8,"media_params":{"transcript":{"content_type":5}})"},
        {"media/chat", R"("media_type":16,"media_params":{"chat":{"content_type":5}})"}},
       kEverything});
  PublicClient binary{
      "binary frames", {{"media/all", "\"media_type\":32," + kSmallAudio}}, kEverything};
  binary.binary = true;
  add(binary);
  PublicClient events{"event 7 subscribed", {{"media/chat", "\"media_type\":16"}}, {Media::Chat}};
  events.subscription = kEvents;
  add(events);
  PublicClient webinar{
      "webinar_uuid", {{"media/audio", "\"media_type\":1," + kFullAudio}}, {Media::Audio}};
  webinar.product = Product::Webinar;
  webinar.id_key = "webinar_uuid";
  add(webinar);
  add({"transcript with a language",
       {{"media/transcript", R"("media_type":8,"media_params":{"transcript":{"language":9}})"}},
       {Media::Transcript}});
  add({"chat only",
       {{"media/chat", R"("media_type":16,"media_params":{"chat":{}})"}},
       {Media::Chat}});
  PublicClient sdk{
      "Video SDK, pictures",
      {{"media/all",
        R"("media_type":3,"media_params":{"video":{"codec":5,"resolution":2,"fps":5}})"}},
      {Media::Audio, Media::Video}};
  sdk.product = Product::Session;
  sdk.id_key = "session_id";
  add(sdk);
  PublicClient phone{
      "Phone",
      {{"media/audio", R"("media_type":1,"media_params":{"audio":{"content_type":2,"codec":1}})"}},
      {Media::Audio}};
  phone.product = Product::Phone;
  phone.id_key = "call_id";
  add(phone);
  PublicClient headers{
      "signature in headers", {{"media/audio", "\"media_type\":1," + kFullAudio}}, {Media::Audio}};
  headers.headers = true;
  headers.sequence = false;
  headers.hello = R"(,"client_id":"abc","stream_id":"stream-1","media_type":1)";
  add(headers);
  PublicClient surplus{"parameters of more than it asks for",
                       {{"media/all", "\"media_type\":9,\"media_params\":{" + kAll + "}"}},
                       {Media::Audio, Media::Transcript}};
  add(surplus);
  return all;
}

std::string request(int type, const PublicClient &client, const std::string &members) {
  return "{\"msg_type\":" + std::to_string(type) + ",\"protocol_version\":1," +
         (client.sequence ? "\"sequence\":7,\"" : "\"") + client.id_key +
         "\":\"uuid==\",\"rtms_stream_id\":\"stream-1\",\"signature\":\"" + kSignature + "\"" +
         members + "}";
}

Config service_for(const PublicClient &client) {
  Config config = service_config();
  config.product = client.product;
  config.pace = Pace::Fast;
  config.end = End::Nothing;
  auto source = five_media();
  source->add_event({2, "\"user_id\":16778240,\"user_name\":\"John Smith\"", 1738392033699});
  config.source = source;
  if (client.product == Product::ContactCenter) {
    config.offer_all = false;
    config.offered = {Media::Audio, Media::Transcript};
  }
  return config;
}

class Play {
 public:
  explicit Play(const PublicClient &client) : client_(client), fixture_(service_for(client)) {
    std::map<std::string, std::string> headers;
    if (client.headers)
      headers = {{"X-Zoom-RTMS-Stream-Id", "stream-1"}, {"X-Zoom-RTMS-Signature", kSignature}};
    signaling_ = std::make_unique<Client>(fixture_.server.signaling_url(), "", headers);
  }

  // What went wrong; nothing where it gets its media.
  std::string run() {
    std::string answer = ask(*signaling_, request(1, client_, client_.hello), 2);
    if (!has_status(answer, 0))
      return "message 1: " + answer;
    if (*client_.subscription)
      send(*signaling_, std::string("{\"msg_type\":5,\"events\":[") + client_.subscription + "]}");
    for (const MediaRequest &wanted : client_.media) {
      media_.push_back(std::make_unique<Client>(fixture_.url(wanted.path)));
      answer = ask(*media_.back(), request(3, client_, "," + wanted.members), 4);
      if (!has_status(answer, 0))
        return std::string(wanted.path) + ": " + answer;
      if (client_.ready == Ready::Each || (client_.ready == Ready::Early && media_.size() == 1))
        send(*signaling_, kReady);
    }
    if (client_.ready == Ready::Once)
      send(*signaling_, kReady);
    return missing();
  }

 private:
  std::string missing() {
    for (Media m : client_.expected) {
      const int type = 14 + static_cast<int>(m);
      const bool came = wait_until(
          [&] {
            return std::any_of(media_.begin(), media_.end(),
                               [=](const auto &c) { return c->count(type) > 0; });
          },
          1500);
      if (!came)
        return "no message " + std::to_string(type) + ": " + fixture_.all_violations();
    }
    if (*client_.subscription && !contains(signaling_->next(6), "\"event_type\":2"))
      return "no event: " + fixture_.all_violations();
    return fixture_.all_violations();
  }
  void send(Client &to, const std::string &text) {
    ck_assert(to.connected());
    if (client_.binary)
      to.send_binary(text);
    else
      to.send(text);
  }
  std::string ask(Client &of, const std::string &text, int type) {
    send(of, text);
    return of.next(type);
  }

  const PublicClient &client_;
  Fixture fixture_;
  std::unique_ptr<Client> signaling_;
  std::vector<std::unique_ptr<Client>> media_;
};

}  // namespace

GST_START_TEST(test_public_clients) {
  std::string failed;
  for (const PublicClient &client : public_clients()) {
    const std::string problem = Play(client).run();
    if (!problem.empty())
      failed += std::string(client.name) + ": " + problem + "\n";
  }
  ck_assert_msg(failed.empty(), "\n%s", failed.c_str());
}
GST_END_TEST;

static Suite *public_handshakes_suite() {
  constexpr double kPatienceSeconds = 60;
  Suite *suite = suite_create("public_handshakes");
  TCase *tc = tcase_create("public_handshakes");
  tcase_set_timeout(tc, kPatienceSeconds);
  tcase_add_test(tc, test_public_clients);
  suite_add_tcase(suite, tc);
  return suite;
}

GST_CHECK_MAIN(public_handshakes)
