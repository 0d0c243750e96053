// SPDX-License-Identifier: LGPL-2.1-or-later
// libFuzzer: what a WebSocket server sends, in pieces of any size, against a plain reading of
// RFC 6455; and the same bytes as its answer to the upgrade.
//
// The first byte sizes the pieces in which the rest arrives.
#include "transport/frames.h"
#include "transport/upgrade.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

namespace {

using rtms::FrameEvent;
using Kind = FrameEvent::Kind;

constexpr size_t kMaxMessage = 1000;

void expect(bool holds, const char *what) {
  if (holds)
    return;
  std::fprintf(stderr, "violated: %s\n", what);
  std::abort();
}

struct Told {
  Kind kind;
  std::string data;
  int code;
};

bool is_end(Kind kind) {
  return kind == Kind::Close || kind == Kind::TooLarge || kind == Kind::Broken;
}

// One frame after the other from a text that is all there.
class Reference {
 public:
  explicit Reference(std::string_view bytes) : rest_(bytes) {}

  std::vector<Told> read() {
    std::vector<Told> told;
    while (frame(&told) && (told.empty() || !is_end(told.back().kind))) {
    }
    return told;
  }

 private:
  unsigned byte(size_t at) const { return static_cast<unsigned char>(rest_[at]); }

  // False when there is no whole one, or none that may be.
  bool frame(std::vector<Told> *told) {
    if (rest_.size() < 2)
      return false;
    const unsigned opcode = byte(0) & 15, length = byte(1) & 127;
    const bool final = byte(0) >> 7, control = opcode >= 8;
    const bool known = opcode <= 2 || (opcode >= 8 && opcode <= 10);
    const bool follows = opcode == 0;
    if ((byte(0) & 0x70) || byte(1) >> 7 || !known || (control && (!final || length > 125)) ||
        (!control && follows != open_))
      return told->push_back({Kind::Broken, "", 0}), true;
    size_t header = 2, size = length;
    if (length >= 126) {
      const size_t more = length == 126 ? 2 : 8;
      header += more;
      if (rest_.size() < header)
        return false;
      size = 0;
      for (size_t i = 0; i < more; i++)
        size = size << 8 | byte(2 + i);
    }
    if (!control && size > kMaxMessage - message_.size())
      return told->push_back({Kind::TooLarge, "", 0}), true;
    if (rest_.size() - header < size)
      return false;
    const std::string payload(rest_.substr(header, size));
    rest_.remove_prefix(header + size);
    if (control)
      return told->push_back(control_frame(opcode, payload)), true;
    message_ += payload;
    open_ = !final;
    if (final) {
      told->push_back({Kind::Data, message_, 0});
      message_.clear();
    }
    return true;
  }

  static Told control_frame(unsigned opcode, const std::string &payload) {
    if (opcode != 8)
      return {opcode == 9 ? Kind::Ping : Kind::Pong, payload, 0};
    if (payload.empty())
      return {Kind::Close, "", 0};
    if (payload.size() == 1)
      return {Kind::Broken, "", 0};
    const int code =
        static_cast<unsigned char>(payload[0]) << 8 | static_cast<unsigned char>(payload[1]);
    const bool registered = code >= 1000 && code <= 1014 && !(code >= 1004 && code <= 1006);
    if (!registered && !(code >= 3000 && code <= 4999))
      return {Kind::Broken, "", 0};
    return {Kind::Close, payload.substr(2), code};
  }

  std::string_view rest_;
  std::string message_;
  bool open_ = false;
};

std::vector<Told> read_in_pieces(std::string_view bytes, size_t piece) {
  rtms::FrameReader reader(kMaxMessage);
  std::vector<Told> told;
  while (!bytes.empty() && (told.empty() || !is_end(told.back().kind))) {
    const rtms::FrameReader::Room room = reader.room();
    expect(room.size > 0, "there is room");
    const size_t size = std::min({piece, room.size, bytes.size()});
    memcpy(room.data, bytes.data(), size);
    reader.filled(size);
    bytes.remove_prefix(size);
    FrameEvent event;
    do {
      event = reader.next();
      if (event.kind == Kind::More)
        break;
      const bool broken = event.kind == Kind::Broken || event.kind == Kind::TooLarge;
      told.push_back({event.kind, broken ? "" : std::string(event.data), broken ? 0 : event.code});
    } while (!is_end(event.kind));
  }
  return told;
}

void read_as_upgrade(std::string_view bytes) {
  const std::optional<size_t> size = rtms::upgrade_answer_size(bytes);
  if (!size)
    return;
  expect(*size <= bytes.size() && *size <= rtms::kMaxUpgradeAnswer, "the answer's size");
  const std::string key = "dGhlIHNhbXBsZSBub25jZQ==";
  const std::string_view answer = bytes.substr(0, *size);
  const auto refusal = rtms::upgrade_refusal(answer, key);
  if (!refusal)
    expect(answer.find("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=") != std::string_view::npos,
           "the key's answer");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0)
    return 0;
  const std::string_view bytes(reinterpret_cast<const char *>(data) + 1, size - 1);
  const std::vector<Told> told = read_in_pieces(bytes, 1 + data[0]);
  const std::vector<Told> expected = Reference(bytes).read();
  expect(told.size() == expected.size(), "as many events");
  for (size_t i = 0; i < told.size(); i++)
    expect(told[i].kind == expected[i].kind && told[i].data == expected[i].data &&
               told[i].code == expected[i].code,
           "the same event");
  read_as_upgrade(bytes);
  return 0;
}
