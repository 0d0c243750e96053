// SPDX-License-Identifier: LGPL-2.1-or-later
#include "hostilescenes.h"

namespace rtmscheck {
namespace {

constexpr char kEnd[] = "\r\n\r\n";
const std::string kSwitching =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";

// Client frames are masked, a server's are not.
std::string masked(const std::string &payload) {
  std::string frame = text_frame(payload);
  frame[1] = static_cast<char>(frame[1] | 0x80);
  return frame.insert(2, std::string(4, '\0'));
}

std::string header_of(const char *length) {
  return std::string("\x81\x7f") + std::string(length, 8);
}

}  // namespace

std::string copies_of(const std::string &text, size_t count) {
  std::string all;
  all.reserve(text.size() * count);
  for (size_t i = 0; i < count; i++)
    all += text;
  return all;
}

const std::vector<std::string> &media_messages() {
  static const std::vector<std::string> all = {
      R"({"msg_type":14,"content":{"user_id":5,"user_name":"A","data":"AAAA","length":3,"timestamp":1738392033000,"channel_id":"c"}})",
      R"({"msg_type":15,"content":{"user_id":5,"user_name":"A","data":"AAAAAWWI","timestamp":1738392033000}})",
      R"({"msg_type":16,"content":{"user_id":5,"user_name":"A","data":"AAAAAWWI","timestamp":1738392033000}})",
      R"({"msg_type":17,"content":{"user_id":5,"data":"Hello.","timestamp":1738392033000,"start_time":1738392033000,"end_time":1738392034000,"language":9,"attribute":"final","is_final":true}})",
      R"({"msg_type":18,"content":{"user_id":5,"data":{"data":"Hi","message_id":"m","operation_type":1,"sender":{}},"timestamp":1738392033000}})",
      R"({"msg_type":12,"timestamp":1738392033000})",
      R"({"msg_type":23,"content":{"sample_rate":1}})",
  };
  return all;
}

const std::vector<std::string> &signaling_messages() {
  static const std::vector<std::string> all = {
      R"({"msg_type":6,"event":{"event_type":1,"timestamp":1738392033000}})",
      R"({"msg_type":6,"event":{"event_type":2,"current_id":5,"user_name":"A","timestamp":1738392033000}})",
      R"({"msg_type":6,"event":{"event_type":3,"participants":[{"user_id":5,"user_name":"A"}],"timestamp":1738392033000}})",
      R"({"msg_type":6,"event":{"event_type":20,"event_ts":1,"participant_info":{"channel_id":"c","display_name":"A"}}})",
      R"({"msg_type":8,"state":1,"reason":6,"timestamp":1738392033000})",
      R"({"msg_type":9,"rtms_session_id":"s","state":2,"stop_reason":6,"timestamp":1738392033000})",
      R"({"msg_type":11,"state":2})",
      R"({"msg_type":12,"timestamp":1738392033000})",
      R"({"msg_type":20,"state":1})",
      R"({"msg_type":29,"user_id":5,"subscribe":true,"status_code":0,"reason":"r"})",
  };
  return all;
}

std::vector<std::string> garbage() {
  return {"",
          " ",
          "null",
          "14",
          "[]",
          "\"x\"",
          "{",
          "}",
          "{}",
          "{\"msg_type\":",
          "\xff\xff",
          std::string(1, '\0'),
          std::string(1000, '\0'),
          "\xef\xbb\xbf{}",
          "{}{}",
          R"({"msg_type":14})",
          R"({"msg_type":14,"msg_type":15})",
          R"({"msg_type":6})",
          R"({"msg_type":6,"event":[]})",
          std::string(1000000, '['),
          std::string(1000000, '{'),
          std::string(500000, '[') + std::string(500000, ']'),
          R"({"msg_type":14,"content":)" + std::string(300000, '[') + "}",
          [] {
            std::string deep;
            for (int i = 0; i < 100000; i++)
              deep += "{\"content\":";
            return deep;
          }()};
}

bool flood(RawPeer &peer, int count, const std::function<std::string(int)> &nth) {
  for (int i = 0; i < count; i++)
    if (!peer.send_json(nth(i))) {
      peer.server().expect(false, "the connection lives");
      return false;
    }
  const bool answered = peer.keep_alive();
  peer.server().expect(answered, "an answer");
  return answered;
}

std::string join_of(int first, int count, const std::string &name) {
  std::string text = R"({"msg_type":6,"event":{"event_type":3,"participants":[)";
  for (int i = 0; i < count; i++)
    text += (i ? ",{\"user_id\":" : "{\"user_id\":") + std::to_string(first + i) +
            ",\"user_name\":\"" + std::to_string(first + i) + name + "\"}";
  return text + "]}}";
}

std::string name_member(const std::string &name) {
  return ",\"user_name\":\"" + name + "\"";
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

const std::vector<Answer> &answers() {
  static const std::vector<Answer> all = {
      {"nothing", "", "hung up"},
      {"zeros", std::string(1000, '\0') + kEnd, "no HTTP"},
      {"another protocol", "SSH-2.0-OpenSSH_9.2\r\n\r\n", "no HTTP"},
      {"TLS", "\x15\x03\x01\x00\x02\x02\x28", "hung up"},
      {"half a line", "HTTP/1.1 101 Switch", "hung up"},
      {"no status", std::string("HTTP/1.1 ") + kEnd, "no HTTP"},
      {"a long status", "HTTP/1.1 " + std::string(15000, '1') + kEnd, "HTTP"},
      {"a long reason", "HTTP/1.1 500 " + std::string(15000, 'x') + kEnd, "500"},
      {"no text", "HTTP/1.1 500 \xff\xfe\x80" + std::string(kEnd), "500"},
      {"a header without end", "HTTP/1.1 200 OK\r\nX: " + std::string(4 << 20, 'x'), "no end"},
      {"headers without end", "HTTP/1.1 200 OK\r\n" + copies_of("X: y\r\n", 1 << 20), "no end"},
      {"spaces without end", std::string(4 << 20, ' '), "no end"},
      {"a page", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nHello", "200"},
      {"a page without end", "HTTP/1.1 200 OK\r\n\r\n" + std::string(4 << 20, 'x'), "200"},
      {"continue", std::string("HTTP/1.1 100 Continue") + kEnd, "hung up"},
      {"teapot", std::string("HTTP/1.1 418 I'm a teapot") + kEnd, "418"},
      {"status 0", std::string("HTTP/1.1 000 Zero") + kEnd, "HTTP"},
      {"no key", kSwitching + "\r\n", "Sec-WebSocket-Accept"},
      {"another key", kSwitching + "Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=" + kEnd,
       "Sec-WebSocket-Accept"},
      {"another protocol to switch to",
       "HTTP/1.1 101 OK\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n", "another protocol", true},
      {"compression that was not offered",
       kSwitching + "Sec-WebSocket-Extensions: permessage-deflate\r\n", "extension", true},
      {"a subprotocol that was not offered", kSwitching + "Sec-WebSocket-Protocol: chat\r\n",
       "subprotocol", true},
  };
  return all;
}

void send_answer(RawPeer &peer, const Answer &answer) {
  peer.send(answer.accept ? answer.bytes + "Sec-WebSocket-Accept: " + peer.accept_key() + kEnd
                          : answer.bytes);
}

}  // namespace rtmscheck
