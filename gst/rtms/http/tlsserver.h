// SPDX-License-Identifier: LGPL-2.1-or-later
// The server side of TLS, from bytes to bytes. GIO's own needs a thread per handshake, and loads
// the system's trusted certificates for each connection. Pure but for open() and renewed(): no
// sockets.
#pragma once

#include <sys/stat.h>
#include <cstdint>
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

  // Decrypts bytes of the client, and appends the plain bytes. Returns false if they are not TLS,
  // TLS has ended, or nearly all of them are TLS's own; output() may then hold an alert.
  bool received(std::string_view bytes, std::string *plain);
  // Is called after the handshake, which a request implies.
  bool send(std::string_view plain);
  // Announces the end of the output.
  void close();
  // Returns the bytes to send to the client, each once.
  std::string output();

 private:
  bool read(std::string *plain);

  std::unique_ptr<ssl_st, FreeTls> stream_;
  uint64_t bytes_ = 0, plain_bytes_ = 0;  // of the client
};

// Tells whether a file was written or replaced.
class FileVersion {
 public:
  explicit FileVersion(const std::string &file);
  bool operator!=(const FileVersion &other) const;

 private:
  struct stat status_ = {};
};

// A server's certificate and key. TLS 1.2 and 1.3, without renegotiation and sessions.
class TlsServer {
 public:
  // Reads PEM files, the key without a password. Returns the reason if they are unusable.
  static std::variant<TlsServer, std::string> open(const std::string &certificate_file,
                                                   const std::string &key_file);
  // Reads the files again if they have changed; may wait for the disk. Returns null if they have
  // not, or the reason if they are unusable. Any thread.
  std::variant<std::unique_ptr<TlsServer>, std::string> renewed() const;
  std::unique_ptr<TlsStream> accept() const;

 private:
  TlsServer(std::string certificate_file, std::string key_file);
  // Returns the reason if the files are unusable.
  std::string load();

  std::string certificate_file_, key_file_;
  FileVersion certificate_, key_;  // those that were read last
  std::unique_ptr<ssl_ctx_st, FreeTls> context_;
};

}  // namespace rtms
