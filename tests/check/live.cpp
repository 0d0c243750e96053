// SPDX-License-Identifier: LGPL-2.1-or-later
#include "live.h"

#include <algorithm>

namespace rtmscheck {

Config quiet_config() {
  Config config = fast_config(std::make_shared<ListSource>());
  config.end = End::Nothing;
  return config;
}

std::string media_json(int type, int64_t at_ms, const Bytes &payload, uint64_t user,
                       const std::string &extra) {
  gchar *base64 = g_base64_encode(payload.data(), payload.size());
  std::string json = "{\"msg_type\":" + std::to_string(type) +
                     ",\"content\":{\"user_id\":" + std::to_string(user) + ",\"data\":\"" + base64 +
                     "\",\"timestamp\":" + std::to_string(kStartMs + at_ms) + extra + "}}";
  g_free(base64);
  return json;
}

std::string audio_json(int64_t at_ms, uint64_t user, const std::string &extra) {
  return media_json(14, at_ms, random_bytes(640, 1), user, extra);
}

std::string transcript_json(int64_t at_ms, const std::string &extra) {
  return "{\"msg_type\":17,\"content\":{\"user_id\":1,\"data\":\"Hello.\",\"timestamp\":" +
         std::to_string(kStartMs + at_ms) + extra + "}}";
}

void wait_streaming(Player &player, Server &server, unsigned links) {
  ck_assert(player.wait([](const Record &r) {
    return std::count(r.signals.begin(), r.signals.end(), "no-more-pads") == 1;
  }));
  wait_ready(server, links);
}

void wait_ready(Server &server, unsigned links) {
  ck_assert(server.wait_for(
      [links](const Server &s) {
        auto all = s.received();
        return std::count_if(all.begin(), all.end(), [](const Received &r) {
                 return contains(r.text, "\"msg_type\":7");
               }) >= links;
      },
      kDeadlineMs));
}

std::string event_json(int type, const std::string &members, int64_t at_ms) {
  return "{\"msg_type\":6,\"event\":{\"event_type\":" + std::to_string(type) + "," + members +
         ",\"timestamp\":" + std::to_string(kStartMs + at_ms) + "}}";
}

namespace {

constexpr size_t kNumberSize = 20;  // digits, at the end

int64_t interval_ms(Media m) {
  return m == Media::Audio ? 20 : 40;
}

}  // namespace

Ticker::Ticker(int speed, int64_t end_ms, int64_t from_ms)
    : speed_(speed), end_ms_(end_ms), from_ms_(from_ms) {
  for (Media m : kAllMedia)
    skip_to(m, 0);
}

bool Ticker::next(Media m, MediaItem &item, int64_t &due_ms) {
  if (m != Media::Audio && m != Media::Video)
    return false;
  const int64_t number = count(m)++;
  const int64_t at_ms = number * interval_ms(m);
  if (at_ms >= end_ms_)
    return false;
  due_ms = (at_ms - from_ms_) / speed_;
  char digits[kNumberSize + 1];
  g_snprintf(digits, sizeof digits, "%020" G_GINT64_FORMAT, number);
  Bytes payload = m == Media::Audio ? random_bytes(640 - kNumberSize, 1)
                                    : access_unit(is_keyframe(number), 2000, 1);
  payload.insert(payload.end(), digits, digits + kNumberSize);
  item = rtmscheck::item(m, at_ms, std::move(payload));
  return true;
}

void Ticker::skip_to(Media m, int64_t due_ms) {
  // A camera begins with a keyframe.
  const int64_t step = m == Media::Video ? 10 : 1;
  const int64_t at_ms = from_ms_ + due_ms * speed_;
  const int64_t span_ms = interval_ms(m) * step;
  const int64_t number = (at_ms + span_ms - 1) / span_ms * step;
  count(m) = std::max(count(m), number);
}

int64_t Ticker::number(const Packet &packet) {
  g_assert_cmpuint(packet.bytes.size(), >, kNumberSize);  // benches use it, too
  const std::string digits(packet.bytes.end() - kNumberSize, packet.bytes.end());
  return g_ascii_strtoll(digits.c_str(), nullptr, 10);
}

}  // namespace rtmscheck
