// SPDX-License-Identifier: LGPL-2.1-or-later
// The server's end of TLS, between bytes and bytes. GIO's own needs a thread for each handshake
// that is under way, and loads the system's trusted certificates for each connection. Pure but for
// open(): no sockets.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <variant>

struct ssl_ctx_st;
struct ssl_st;

namespace rtms {

struct FreeTls {
  void operator()(ssl_ctx_st *context) const;
  void operator()(ssl_st *stream) const;
};

// One connection.
class TlsStream {
 public:
  explicit TlsStream(ssl_ctx_st *context);

  // Takes bytes of the client, and appends what they say. False: this is not TLS, or it has ended;
  // output() may hold an alert.
  bool received(std::string_view bytes, std::string *plain);
  // After the handshake, which has taken place when there is a request.
  bool send(std::string_view plain);
  // Says that nothing more is sent.
  void close();
  // What the client must get; each byte once.
  std::string output();

 private:
  bool read(std::string *plain);

  std::unique_ptr<ssl_st, FreeTls> stream_;
};

// The certificate and the key of a server. TLS 1.2 and 1.3, without renegotiation and sessions.
class TlsServer {
 public:
  // PEM files, the key without a password; or what is wrong with them.
  static std::variant<TlsServer, std::string> open(const std::string &certificate_file,
                                                   const std::string &key_file);
  std::unique_ptr<TlsStream> accept() const;

 private:
  std::unique_ptr<ssl_ctx_st, FreeTls> context_;
};

}  // namespace rtms
