// SPDX-License-Identifier: LGPL-2.1-or-later
// The interface between a session and a connection that carries messages. WebSocket implements it;
// protocol version 2 needs another implementation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rtms {

// Why a transport was closed, or could not be opened.
struct TransportClose {
  enum class Kind {
    Closed,    // by the peer; `code` is the WebSocket close code, 0 for none
    Resolve,   // host not found
    Refused,   // connection refused, or network unreachable
    Tls,       // the certificate, or the version of TLS
    Http,      // the upgrade was refused; `code` is the HTTP status
    Redirect,  // the upgrade was redirected, which is not followed; `code` is the HTTP status
    TooLarge,  // a message over the limit
    Protocol,  // the peer violates the WebSocket protocol
    Io,        // any other error
  };
  Kind kind = Kind::Io;
  int code = 0;
  std::string text;
};

class TransportListener {
 public:
  // Bytes after a message that may be read: vector instructions need them.
  static constexpr size_t kPadding = 64;

  virtual ~TransportListener() = default;
  virtual void transport_opened() = 0;
  // The bytes, and the padding after them, are valid only during the call.
  virtual void transport_message(std::string_view bytes) = 0;
  // The last call: exactly once after open(), whatever the cause, but never after abort().
  virtual void transport_closed(const TransportClose &why) = 0;
};

// All calls and callbacks run on the thread that created the transport. Any callback may destroy
// the transport.
class Transport {
 public:
  using Headers = std::vector<std::pair<std::string, std::string>>;
  // The longest time that arrived bytes may wait until they are read, by design.
  static constexpr unsigned kMostRound_ms = 20;

  virtual ~Transport() = default;
  virtual void open(const std::string &url, const Headers &headers) = 0;
  virtual void send(const std::string &text) = 0;
  // Sends a ping. The answer updates heard_us() and answered_us().
  virtual void ping() = 0;
  // Hands over what has arrived and was not read yet, without waiting.
  virtual void read_rest() {}
  // Tells the peer the end without sending a byte: the peer can send what is on its way, and close.
  // transport_closed() follows when it has.
  virtual void shut_down() {}
  // Starts the closing handshake; transport_closed() follows when the peer has answered.
  virtual void close() = 0;
  // Ends the connection at once, without a callback.
  virtual void abort() = 0;
  // Returns when the peer's last bytes arrived, those of an incomplete message included, in µs of
  // GLib's monotonic clock; 0 before the first.
  virtual int64_t heard_us() const = 0;
  // Returns the monotonic time of the last answer to a ping; 0: none.
  virtual int64_t answered_us() const = 0;
  // Whether much has arrived that was not read yet: the peer's own queue may be full, too.
  virtual bool is_behind() const = 0;
};

class TransportFactory {
 public:
  virtual ~TransportFactory() = default;
  virtual std::unique_ptr<Transport> create(TransportListener *listener) = 0;
};

}  // namespace rtms
