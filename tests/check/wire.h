// SPDX-License-Identifier: LGPL-2.1-or-later
// A WebSocket server on one non-blocking connection: TCP or OpenSSL's TLS, the WebSocket upgrade,
// frames.
#pragma once

#include <openssl/ssl.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace rtmscheck {

// A frame of a server, with its payload.
std::string server_frame(int opcode, std::string_view payload);

class Wire {
 public:
  // `tls` is null for plain TCP.
  Wire(int fd, SSL_CTX *tls);
  ~Wire();
  Wire(const Wire &) = delete;
  Wire &operator=(const Wire &) = delete;

  int fd() const { return fd_; }
  SSL *ssl() const { return ssl_.get(); }  // null for plain TCP
  // Of the upgrade's request; empty before that.
  const std::string &path() const { return path_; }
  bool is_over() const { return over_; }
  bool has_unsent() const { return !unsent_.empty(); }

  // Reads what is there; calls `message` for each text message.
  void read(const std::function<void(const std::string &)> &message);
  void write(std::string_view bytes);
  void write_more();

 private:
  struct FreeSsl {
    void operator()(SSL *ssl) const { SSL_free(ssl); }
  };

  long receive(char *bytes, size_t size);
  bool upgrade();
  bool next_frame(int *opcode, std::string *payload);

  const int fd_;
  std::unique_ptr<SSL, FreeSsl> ssl_;
  std::string received_, unsent_, path_;
  bool over_ = false;
};

}  // namespace rtmscheck
