// SPDX-License-Identifier: LGPL-2.1-or-later
// WebSocket frames (RFC 6455) as a client reads and writes them. Pure: no I/O.
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
    More,  // nothing complete is left: read on
    Data,  // a message, text or binary, whole
    Ping,  // `data` goes back in a pong
    Pong,
    Close,     // `code` is 0 where there was none, `data` the reason
    TooLarge,  // a message over the limit, found before it is stored
    Broken,    // not WebSocket; `data` says why
  };
  Kind kind = Kind::More;
  // Lives until the next call of room() or next(). Behind a message there is padding.
  std::string_view data;
  int code = 0;
};

// Collects bytes and cuts them into messages. A message that came in one frame is not copied. Text
// is not checked for UTF-8: whoever parses it does, and one broken name in a text is no reason to
// lose a connection.
class FrameReader {
 public:
  static constexpr size_t kPadding = 64;

  explicit FrameReader(size_t max_message) : max_message_(max_message) {}

  struct Room {
    char *data;
    size_t size;
  };
  // Where the next bytes from the network go; filled() says how many came.
  Room room();
  void filled(size_t size) { end_ += size; }

  // What came before the first frame: the answer to the upgrade.
  std::string_view buffered() const { return {buffer_.get() + begin_, end_ - begin_}; }
  void skip(size_t size) { begin_ += size; }

  // After Close, TooLarge and Broken there is nothing to be read any more.
  FrameEvent next();

 private:
  struct Header {
    Opcode opcode;
    bool final;
    size_t size;  // of the header itself
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
  size_t missing_ = 0;  // of the large frame that has begun
  std::string fragments_;
  bool in_fragments_ = false;
  bool fragments_done_ = false;  // handed out by the last next()
};

// One whole frame, masked as a client must.
std::string client_frame(Opcode opcode, std::string_view payload, uint32_t mask);
// The payload of a close frame.
std::string close_payload(int code);

}  // namespace rtms
