// SPDX-License-Identifier: LGPL-2.1-or-later
#include "frames.h"

#include <algorithm>
#include <cstring>

namespace rtms {
namespace {

constexpr size_t kRoom = 64 << 10;
constexpr size_t kLeastRoom = 16 << 10;
// The most memory kept between messages: a large message must not occupy it for a whole meeting.
constexpr size_t kKeptCapacity = 1 << 20;
constexpr size_t kMaxHeader = 10;
constexpr size_t kMaxControl = 125;

constexpr uint8_t kFinal = 0x80, kReserved = 0x70, kMasked = 0x80;

bool is_control(Opcode opcode) {
  return static_cast<uint8_t>(opcode) >= 8;
}

bool is_known(Opcode opcode) {
  const auto number = static_cast<uint8_t>(opcode);
  return number <= 2 || (number >= 8 && number <= 10);
}

uint64_t big_endian(const char *bytes, size_t size) {
  uint64_t number = 0;
  for (size_t i = 0; i < size; ++i)
    number = number << 8 | static_cast<uint8_t>(bytes[i]);
  return number;
}

void append_big_endian(std::string *text, uint64_t number, unsigned size) {
  for (unsigned shift = size * 8; shift > 0; shift -= 8)
    *text += static_cast<char>(number >> (shift - 8));
}

// Close codes that RFC 6455, 7.4, allows in a close frame.
bool is_close_code(int code) {
  return (code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006) ||
         (code >= 3000 && code <= 4999);
}

FrameEvent broken(std::string_view why) {
  return {FrameEvent::Kind::Broken, why, kCloseProtocolError};
}

}  // namespace

void FrameReader::reallocate(size_t capacity) {
  std::unique_ptr<char[]> larger(new char[capacity + kPadding]);
  if (begin_ < end_)
    memcpy(larger.get(), buffer_.get() + begin_, end_ - begin_);
  buffer_ = std::move(larger);
  capacity_ = capacity;
  end_ -= begin_;
  begin_ = 0;
}

FrameReader::Room FrameReader::room() {
  const size_t held = end_ - begin_;
  if (held == 0 && (capacity_ == 0 || capacity_ > kKeptCapacity))
    reallocate(kRoom);
  const bool full = capacity_ - end_ < kLeastRoom;
  // Moves the beginning of a message while it is short, but not when most of the message is read.
  if (begin_ > 0 && (held <= kLeastRoom || (full && held <= capacity_ / 2))) {
    memmove(buffer_.get(), buffer_.get() + begin_, held);
    begin_ = 0;
    end_ = held;
  } else if (full) {
    reallocate(std::min(capacity_ * 2, max_message_ + kMaxHeader + kRoom));
  }
  // Reads little beyond a large message, so that little must be moved.
  const size_t wanted = missing_ ? missing_ + kLeastRoom : kRoom;
  return {buffer_.get() + end_, std::min(capacity_ - end_, wanted)};
}

FrameEvent FrameReader::next() {
  if (fragments_done_) {
    fragments_done_ = false;
    fragments_.clear();
    if (fragments_.capacity() > kKeptCapacity)
      fragments_.shrink_to_fit();
  }
  FrameEvent event;
  while (read_frame(&event)) {
  }
  return event;
}

// Returns false if `event` is set or more bytes are needed.
bool FrameReader::read_frame(FrameEvent *event) {
  const size_t held = end_ - begin_;
  if (held < 2)
    return false;
  const char *bytes = buffer_.get() + begin_;
  const auto first = static_cast<uint8_t>(bytes[0]), second = static_cast<uint8_t>(bytes[1]);
  Header header = {static_cast<Opcode>(first & 0x0f), (first & kFinal) != 0, 2,
                   static_cast<uint64_t>(second & 0x7f)};
  if (auto problem = header_problem(header, first, second)) {
    *event = broken(problem);
    return false;
  }
  if (header.length >= 126) {
    const size_t more = header.length == 126 ? 2 : 8;
    header.size += more;
    if (held < header.size)
      return false;
    header.length = big_endian(bytes + 2, more);
  }
  if (!is_control(header.opcode) && header.length > max_message_ - fragments_.size()) {
    *event = {FrameEvent::Kind::TooLarge, {}, kCloseTooLarge};
    return false;
  }
  missing_ = 0;
  if (held - header.size < header.length) {
    if (header.length > kRoom)
      missing_ = static_cast<size_t>(header.length) - (held - header.size);
    return false;
  }
  const std::string_view payload(bytes + header.size, static_cast<size_t>(header.length));
  begin_ += header.size + payload.size();
  if (is_control(header.opcode)) {
    *event = control(header.opcode, payload);
    return false;
  }
  return !whole_message(header, payload, event);
}

// `length` is that of the first two bytes.
const char *FrameReader::header_problem(const Header &header, uint8_t first, uint8_t second) const {
  if (first & kReserved)
    return "a frame with reserved bits: no extension was negotiated";
  if (second & kMasked)
    return "a masked frame";
  if (!is_known(header.opcode))
    return "a frame with an unknown opcode";
  if (is_control(header.opcode)) {
    if (!header.final)
      return "a fragmented control frame";
    if (header.length > kMaxControl)
      return "a control frame of more than 125 bytes";
  } else if (header.opcode == Opcode::Continuation && !in_fragments_) {
    return "a continuation frame without a first frame";
  } else if (header.opcode != Opcode::Continuation && in_fragments_) {
    return "a new message within a fragmented one";
  }
  return nullptr;
}

FrameEvent FrameReader::control(Opcode opcode, std::string_view payload) const {
  if (opcode == Opcode::Ping)
    return {FrameEvent::Kind::Ping, payload};
  if (opcode == Opcode::Pong)
    return {FrameEvent::Kind::Pong, payload};
  if (payload.empty())
    return {FrameEvent::Kind::Close};
  if (payload.size() == 1)
    return broken("a close frame with an incomplete code");
  const int code = static_cast<int>(big_endian(payload.data(), 2));
  if (!is_close_code(code))
    return broken("a close frame with an invalid code");
  return {FrameEvent::Kind::Close, payload.substr(2), code};
}

bool FrameReader::whole_message(const Header &header, std::string_view payload, FrameEvent *event) {
  if (header.final && !in_fragments_) {
    *event = {FrameEvent::Kind::Data, payload};
    return true;
  }
  fragments_.append(payload);
  in_fragments_ = !header.final;
  if (in_fragments_)
    return false;
  fragments_done_ = true;
  const size_t size = fragments_.size();
  fragments_.resize(size + kPadding);
  *event = {FrameEvent::Kind::Data, std::string_view(fragments_).substr(0, size)};
  return true;
}

std::string client_frame(Opcode opcode, std::string_view payload, uint32_t mask) {
  std::string frame;
  frame.reserve(payload.size() + 14);
  frame += static_cast<char>(kFinal | static_cast<uint8_t>(opcode));
  if (payload.size() < 126) {
    append_big_endian(&frame, kMasked | payload.size(), 1);
  } else if (payload.size() <= 0xffff) {
    append_big_endian(&frame, kMasked | 126, 1);
    append_big_endian(&frame, payload.size(), 2);
  } else {
    append_big_endian(&frame, kMasked | 127, 1);
    append_big_endian(&frame, payload.size(), 8);
  }
  append_big_endian(&frame, mask, 4);
  for (size_t i = 0; i < payload.size(); ++i)
    frame += static_cast<char>(payload[i] ^ (mask >> (24 - i % 4 * 8)));
  return frame;
}

std::string close_payload(int code) {
  std::string payload;
  append_big_endian(&payload, static_cast<unsigned>(code), 2);
  return payload;
}

}  // namespace rtms
