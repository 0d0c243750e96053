// SPDX-License-Identifier: LGPL-2.1-or-later
// Reads and writes WebSocket frames (RFC 6455) as a client. Pure: no I/O.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace rtms {

enum class Opcode : uint8_t {
  Continuation = 0,
  Text = 1,
  Binary = 2,
  Close = 8,
  Ping = 9,
  Pong = 10
};

// WebSocket close codes that this client sends.
constexpr int kCloseNormal = 1000;
constexpr int kCloseProtocolError = 1002;
constexpr int kCloseTooLarge = 1009;

struct FrameEvent {
  enum class Kind {
    More,  // no complete frame is left: read more bytes
    Data,  // a complete message, text or binary
    Ping,  // `data` must be returned in a pong
    Pong,
    Close,     // `code` is 0 if the frame has none; `data` is the reason
    TooLarge,  // a message over the limit, detected before it is stored
    Broken,    // a violation of the protocol; `data` describes it
  };
  Kind kind = Kind::More;
  // Valid until the next call of room() or next(). Data is followed by kPadding bytes.
  std::string_view data;
  int code = 0;
};

// Collects bytes and splits them into messages. A message in one frame is not copied. UTF-8 is not
// validated here: the parser does that, and an invalid name in a text must not end the connection.
class FrameReader {
 public:
  static constexpr size_t kPadding = 64;

  explicit FrameReader(size_t max_message) : max_message_(max_message) {}

  struct Room {
    char *data;
    size_t size;
  };
  // Returns the buffer for the next bytes from the network; call filled() with their number.
  Room room();
  void filled(size_t size) { end_ += size; }

  // Returns the bytes before the first frame: the answer to the upgrade.
  std::string_view buffered() const { return {buffer_.get() + begin_, end_ - begin_}; }
  void skip(size_t size) { begin_ += size; }

  // No event follows Close, TooLarge or Broken.
  FrameEvent next();

 private:
  struct Header {
    Opcode opcode;
    bool final;
    size_t size;  // of the header
    uint64_t length;
  };

  void reallocate(size_t capacity);
  const char *header_problem(const Header &header, uint8_t first, uint8_t second) const;
  bool read_frame(FrameEvent *event);
  FrameEvent control(Opcode opcode, std::string_view payload) const;
  bool whole_message(const Header &header, std::string_view payload, FrameEvent *event);

  size_t max_message_;
  std::unique_ptr<char[]> buffer_;
  size_t capacity_ = 0, begin_ = 0, end_ = 0;
  size_t missing_ = 0;  // bytes of the large frame being read
  std::string fragments_;
  bool in_fragments_ = false;
  bool fragments_done_ = false;  // the last next() returned them
};

// Returns a complete frame, masked as RFC 6455 requires of a client.
std::string client_frame(Opcode opcode, std::string_view payload, uint32_t mask);
// Returns the payload of a close frame.
std::string close_payload(int code);

}  // namespace rtms
