// SPDX-License-Identifier: LGPL-2.1-or-later
#include "hostile.h"

#include <algorithm>
#include <cstring>

#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#endif

namespace rtmscheck {

namespace {

// What is no JSON, so that the whole message cannot be read.
std::vector<std::string> unreadable_values() {
  return {"1e400",
          "-1e400",
          "NaN",
          "Infinity",
          "18446744073709551616",
          "99999999999999999999999999999",
          "\"",
          "nul",
          "00",
          "0x10",
          "+1",
          "1.",
          "--1",
          "\"\xff\xfe\x80\"",
          "\"\xc0\xaf\"",
          "\"\xed\xa0\x80\"",
          "\"\xf4\x90\x80\x80\"",
          R"("\ud83d")",
          std::string(100000, '9'),
          std::string(100000, '[')};
}

// What stands in place of a field.
std::vector<std::string> wrong_values() {
  std::vector<std::string> values = unreadable_values();
  values.insert(values.end(), {"null",
                               "true",
                               "false",
                               "[]",
                               "{}",
                               "\"\"",
                               "\"x\"",
                               "[1,\"a\",{}]",
                               R"({"a":{"b":[]}})",
                               "-1",
                               "0",
                               "0.5",
                               "1e3",
                               "1e308",
                               "2147483648",
                               "-2147483649",
                               "4294967296",
                               "9223372036854775807",
                               "-9223372036854775808",
                               "9223372036854775808",
                               "\"9223372036854775807\"",
                               "\"-1\"",
                               "\"1e999\"",
                               "\"NaN\"",
                               R"("\u0000")",
                               R"("\u202e\u0007\u001b[2J")"});
  values.push_back("\"" + std::string(200000, 'x') + "\"");
  values.push_back(std::string(900, '[') + std::string(900, ']'));
  return values;
}

bool send_all(RawPeer &peer, const std::vector<std::string> &messages) {
  return std::all_of(messages.begin(), messages.end(),
                     [&](auto &message) { return peer.send_json(message); });
}

constexpr uint64_t kLastUser = 77;

}  // namespace

std::vector<std::string> spoiled(const std::string &message) {
  std::vector<std::string> all;
  for (size_t key = message.find('"'); key != std::string::npos;) {
    const size_t key_end = message.find('"', key + 1);
    if (message.compare(key_end, 2, "\":") != 0) {
      key = message.find('"', key_end + 1);
      continue;
    }
    // To the comma or bracket behind the value, which may hold others.
    size_t end = key_end + 2;
    for (int depth = 0; depth > 0 || !std::strchr(",}]", message[end]); end++)
      depth += !!std::strchr("{[", message[end]) - !!std::strchr("}]", message[end]);
    for (const std::string &value : wrong_values())
      all.push_back(message.substr(0, key_end + 2) + value + message.substr(end));
    all.push_back(message.substr(0, key) + "\"other" + message.substr(key + 1));
    key = message.find('"', key_end + 1);
  }
  return all;
}

std::size_t spoiled_per_field() {
  return wrong_values().size() + 1;
}

std::size_t unreadable_per_field() {
  return unreadable_values().size();
}

uint64_t stat(GstElement *src, const char *field) {
  GstStructure *raw = nullptr;
  g_object_get(src, "stats", &raw, nullptr);
  Ptr<GstStructure, gst_structure_free> stats(raw);
  guint64 value = 0;
  ck_assert(gst_structure_get_uint64(stats.get(), field, &value));
  return value;
}

std::string last_audio() {
  return audio_json(1000, kLastUser);
}

bool has_last(const Record &record) {
  for (const auto &[name, pad] : record.pads)
    for (const Packet &packet : pad.packets)
      if (packet.user_id == kLastUser)
        return true;
  return false;
}

RawServer::Talk Scene::signaling_talk() const {
  return [this](RawPeer &peer) {
    if (!peer.signaling_handshake() || !peer.expect(7))
      return;
    peer.server().expect(send_all(peer, signaling) && peer.keep_alive(), "signaling went on");
    peer.linger();
  };
}

RawServer::Talk Scene::media_talk() const {
  return [this](RawPeer &peer) {
    RawServer &server = peer.server();
    // The signaling connection has had its say, and been understood.
    if (!peer.media_handshake() || !server.wait_for([&] { return server.received(13) > 0; }))
      return;
    server.expect(send_all(peer, media) && peer.keep_alive(), "media went on");
    peer.send_json(last_audio());
    peer.linger();
  };
}

void expect_no_error(Player &player) {
  ck_assert_msg(player.wait([](const Record &r) { return r.count(GST_MESSAGE_ERROR) == 0; }, 0),
                "%s", player.summary().c_str());
}

void wait_last(Player &player) {
  ck_assert_msg(player.wait(has_last, 3 * kDeadlineMs), "%s", player.summary().c_str());
  expect_no_error(player);
}

void expect_streaming(Player &player, RawServer &server) {
  player.play();
  wait_last(player);
  ck_assert_uint_eq(server.accepted(), 2);
}

void be_nice(RawPeer &peer) {
  if (!peer.media_handshake() || !peer.wait_ready())
    return;
  peer.send_json(last_audio());
  peer.linger();
}

RawServer::Talk at_first(RawServer::Talk talk) {
  return [talk = std::move(talk), met = std::make_shared<std::atomic<bool>>(false)](RawPeer &peer) {
    if (met->exchange(true))
      be_nice(peer);
    else
      talk(peer);
  };
}

// Sanitizers and valgrind keep what is freed for a while.
static bool keeps_freed() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return true;
#elif __has_include(<valgrind/valgrind.h>)
  return RUNNING_ON_VALGRIND;
#else
  return false;
#endif
}

MemoryBound::MemoryBound(uint64_t mebibytes)
    : bound_(resident_bytes() + ((mebibytes + (keeps_freed() ? 512 : 0)) << 20)) {}

void MemoryBound::expect_kept() const {
  const uint64_t now = resident_bytes();
  ck_assert_msg(now <= bound_, "%" G_GUINT64_FORMAT " KiB more than allowed", (now - bound_) >> 10);
}

void IdleBound::expect_kept() const {
  const int64_t wall_us = g_get_monotonic_time() - start_us_, worked_us = cpu_us() - start_cpu_us_;
  ck_assert_msg(worked_us * 3 < wall_us * slowness(), "%d ms of work in %d ms",
                static_cast<int>(worked_us / 1000), static_cast<int>(wall_us / 1000));
}

void forget_messages(Player &player) {
  static GstBusSyncReply (*const forget)(GstBus *, GstMessage *,
                                         gpointer) = [](GstBus *, GstMessage *message, gpointer) {
    gst_message_unref(message);
    return GST_BUS_DROP;
  };
  BusPtr bus(gst_element_get_bus(player.pipeline()));
  gst_bus_set_sync_handler(bus.get(), forget, nullptr, nullptr);
}

}  // namespace rtmscheck
