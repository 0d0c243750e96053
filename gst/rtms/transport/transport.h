// SPDX-License-Identifier: LGPL-2.1-or-later
// What a session needs of a connection that carries messages. WebSocket is one; protocol version 2
// will bring another.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rtms {

// Why a transport is closed, or could not be opened.
struct TransportClose {
  enum class Kind {
    Closed,    // by the peer; `code` is the WebSocket close code, 0 where there was none
    Resolve,   // host not found
    Refused,   // nobody listens, or the network does not reach
    Tls,       // certificate or handshake
    Http,      // the upgrade was refused; `code` is the HTTP status
    Redirect,  // the upgrade was redirected, which is not followed; `code` is the HTTP status
    TooLarge,  // a message over the limit
    Protocol,  // the peer does not speak WebSocket, or speaks it wrongly
    Io,        // anything else that ends a connection
  };
  Kind kind = Kind::Io;
  int code = 0;
  std::string text;
};

class TransportListener {
 public:
  // What may be read after a message: vector instructions do.
  static constexpr size_t kPadding = 64;

  virtual ~TransportListener() = default;
  virtual void transport_opened() = 0;
  // The bytes, and padding after them, are valid during the call only.
  virtual void transport_message(std::string_view bytes) = 0;
  // The last call: whatever the cause, exactly once after open(), but never after abort().
  virtual void transport_closed(const TransportClose &why) = 0;
};

// All calls, and all callbacks, happen on the thread that created the transport. Any callback may
// destroy the transport.
class Transport {
 public:
  using Headers = std::vector<std::pair<std::string, std::string>>;

  virtual ~Transport() = default;
  virtual void open(const std::string &url, const Headers &headers) = 0;
  virtual void send(const std::string &text) = 0;
  // Asks the peer for a sign of life, which shows in heard_us().
  virtual void ping() = 0;
  // Starts an orderly close; transport_closed() follows when the peer has answered.
  virtual void close() = 0;
  // Ends the connection at once, without a callback.
  virtual void abort() = 0;
  // When bytes last came from the peer, those of an unfinished message included, in µs of GLib's
  // monotonic clock; 0 before the first.
  virtual int64_t heard_us() const = 0;
};

class TransportFactory {
 public:
  virtual ~TransportFactory() = default;
  virtual std::unique_ptr<Transport> create(TransportListener *listener) = 0;
};

}  // namespace rtms
