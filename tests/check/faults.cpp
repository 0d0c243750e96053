// SPDX-License-Identifier: LGPL-2.1-or-later
#include "faults.h"

#include <algorithm>

#include "pump.h"
#include "replay.h"

namespace rtmscheck {
namespace {

constexpr uint64_t kEnough = 5;  // messages of each kind
constexpr int kPauseMs = 200;    // between two of them

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

}  // namespace

const std::vector<Fault> &passing_faults() {
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

const std::vector<Fault> &final_faults() {
  static const std::vector<Fault> all = {
      {"401", [](RawPeer &p) { refuse_upgrade(p, "401 Unauthorized"); }, "401"},
      {"403", [](RawPeer &p) { refuse_upgrade(p, "403 Forbidden"); }, "403"},
      {"404", [](RawPeer &p) { refuse_upgrade(p, "404 Not Found"); }, "404"},
      {"302", [](RawPeer &p) { refuse_upgrade(p, "302 Found\r\nLocation: ws://127.0.0.1/"); },
       "302"},
      {"a page", [](RawPeer &p) { refuse_upgrade(p, "200 OK"); }, "200"},
      {"no HTTP", [](RawPeer &p) { p.send("SSH-2.0-OpenSSH_9.2\r\n\r\n"); }, "no HTTP"},
      {"status 3", [](RawPeer &p) { answer(p, "\"status_code\":3"); }, "INVALID_SIGNATURE"},
  };
  return all;
}

const std::vector<Fault> &refusing_closes() {
  static const std::vector<Fault> all = {
      {"closed with 1000", [](RawPeer &p) { close_after_hello(p, 1000); }, "1000"},
      {"closed with 1008", [](RawPeer &p) { close_after_hello(p, 1008); }, "1008"},
      {"closed with 4000", [](RawPeer &p) { close_after_hello(p, 4000); }, "4000"},
  };
  return all;
}

namespace {

std::string new_stream_id() {
  static std::atomic<unsigned> next{1};
  return "flawed" + std::to_string(next++) + "==";
}

const Reel &reel() {
  static const std::shared_ptr<const Reel> filmed = [] {
    MeetingOptions options;
    options.duration_ms = 400;
    return film(options);
  }();
  return *filmed;
}

// Message number so and so of that kind, captured now.
std::string message_text(Media m, uint64_t number) {
  MediaItem item;
  if (m == Media::Audio || m == Media::Video || m == Media::Deskshare) {
    const auto &all = reel().items.at(m == Media::Audio ? Media::Audio : Media::Video);
    item = all[number % all.size()].second;
  } else {
    item.payload = text_bytes("Line " + std::to_string(number) + ".");
    item.user_id = kUser;
    item.user_name = "John Smith";
  }
  item.media = m;
  item.timestamp = g_get_real_time() / 1000;
  return media_message_text({}, item);
}

std::string media_path(Media m) {
  constexpr const char *kNames[] = {"audio", "video", "deskshare", "transcript", "chat"};
  return std::string("/media/") + kNames[static_cast<std::size_t>(m)];
}

}  // namespace

FlawedMeeting::FlawedMeeting(const Fault &fault, Where where, int64_t for_ms)
    : stream_id_(new_stream_id()),
      fault_(fault.talk),
      where_(where),
      for_ms_(for_ms),
      server_([this](RawPeer &peer) { signaling(peer); },
              [this](RawPeer &peer) {
                for (Media m : kAllMedia)
                  if (peer.path() == media_path(m))
                    media(peer, m);
              }) {
  reel();
}

std::string FlawedMeeting::webhook_json() const {
  return R"({"event":"meeting.rtms_started","event_ts":1,"payload":{"meeting_uuid":"m==",)"
         R"("rtms_stream_id":")" +
         stream_id_ + R"(","server_urls":")" + server_.url("/signaling") + "\"}}";
}

// Whether a new connection has the fault.
bool FlawedMeeting::strikes() {
  const int64_t now_us = g_get_monotonic_time();
  int64_t none = 0;
  const bool first = first_us_.compare_exchange_strong(none, now_us);
  // A busy machine tries again late: the second connection has the fault in any case.
  const bool lasts = for_ms_ > 0 && (faults_ < 2 || now_us - first_us_ < for_ms_ * 1000);
  const bool bad = first || lasts;
  faults_ += bad;
  return bad;
}

bool FlawedMeeting::all_sent() const {
  return std::all_of(sent_.begin(), sent_.end(), [](auto &count) { return count >= kEnough; });
}

void FlawedMeeting::signaling(RawPeer &peer) {
  if (where_ == Signaling && strikes())
    return fault_(peer);
  std::string urls;
  for (Media m : kAllMedia)
    urls += (urls.empty() ? "\"" : ",\"") + media_path(m).substr(7) + "\":\"" +
            server_.url(media_path(m)) + "\"";
  if (!peer.upgrade() || !peer.expect(1) ||
      !peer.send_json(R"({"msg_type":2,"status_code":0,"media_server":{"server_urls":{)" + urls +
                      "}}}") ||
      !peer.expect(7))
    return;
  while (!all_sent() || senders_)
    if (!server_.pause(kPauseMs / 10))
      return;
  if (peer.send_json(R"({"msg_type":8,"state":4,"reason":6})"))
    peer.linger();
}

void FlawedMeeting::media(RawPeer &peer, Media m) {
  if (where_ == m && strikes())
    return fault_(peer);
  if (!peer.media_handshake() || !peer.wait_ready())
    return;
  std::atomic<uint64_t> &sent = sent_[static_cast<std::size_t>(m)];
  ++senders_;
  // The recorder waits for all, so that the others go on meanwhile.
  while (!all_sent() && peer.send_json(message_text(m, sent))) {
    ++sent;
    if (!server_.pause(kPauseMs))
      break;
  }
  --senders_;
  peer.linger();
}

}  // namespace rtmscheck
