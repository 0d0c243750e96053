// SPDX-License-Identifier: LGPL-2.1-or-later
// An HTTP server for untrusted clients. Each connection carries one request; their number, time and
// memory are limited.
#pragma once

#include "base/glibptr.h"
#include "base/log.h"
#include "base/timer.h"
#include "base/worker.h"
#include "httpconnection.h"
#include "requestlog.h"
#include "tlsserver.h"

#include <gio/gio.h>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <variant>

namespace rtms {

struct HttpServerConfig {
  // http:// or https://, a local address or localhost, a port (0: a free one), a path.
  std::string url;
  std::string example;  // an example of such a URL, for errors
  // PEM, for https; no key_file: both in one. They are read again when they have changed.
  std::string certificate_file, key_file;
  unsigned client_timeout_ms = 10000;  // for one request and its answer
  std::string log_name;                // the prefix of each log line
  size_t most_places = 256;            // connections; a small limit of descriptors allows fewer
};

struct ListenError {
  std::string text;  // the URL or file, what is wrong with it, and what is valid
};

struct HttpRequest {
  uint64_t number;          // unique
  const std::string &from;  // the client's group, see address_group()
  const HttpHead &head;
  const std::string &body;
};

// Answers the requests.
class HttpHandler {
 public:
  virtual ~HttpHandler() = default;
  // Returns the answer to a request that the server itself refuses: a status, and the reason.
  virtual HttpAnswer refusal(unsigned status, const char *why) = 0;
  // The head is complete. An answer refuses the body.
  virtual std::optional<HttpAnswer> head(const HttpHead &head) = 0;
  // Returns nothing to call the server's answer() later.
  virtual std::optional<HttpAnswer> request(const HttpRequest &request) = 0;
  // The system has accepted the whole answer, or the client has gone.
  virtual void answered(uint64_t) {}
};

class HttpServer final : private HttpService {
 public:
  using Result = std::variant<std::unique_ptr<HttpServer>, ListenError>;

  // Binds the port, and accepts nothing yet. Callable on any thread.
  static Result open(const HttpServerConfig &config);
  // Must run on the thread of start().
  ~HttpServer() override;

  // Serves on the thread's default main context.
  void start(LogSink *log, HttpHandler *handler);
  // Answers a request for which the handler returned nothing, unless the client has gone.
  void answer(uint64_t number, const HttpAnswer &answer);

  // With the actual port. Callable on any thread.
  const std::string &url() const { return url_; }
  const std::string &path() const { return path_; }
  size_t connections() const { return connections_.size(); }
  // Counts the answers, see RequestLog.
  const std::map<unsigned, uint64_t> &requests() const { return requests_.counts(); }

 private:
  explicit HttpServer(const HttpServerConfig &config);

  HttpAnswer http_malformed(HttpConnection *connection, unsigned status, const char *why) override;
  std::optional<HttpAnswer> http_head(HttpConnection *connection, const HttpHead &head) override;
  std::optional<HttpAnswer> http_request(HttpConnection *connection, const HttpHead &head,
                                         const std::string &body) override;
  void http_answered(HttpConnection *connection) override;
  void http_over(HttpConnection *connection, const char *why) override;

  void accept_when_ready();
  // NoRoom: the system has none for another connection at the moment.
  enum class Accepted { One, None, NoRoom };
  Accepted accept();
  void renew_certificate();
  void renewed(std::variant<std::unique_ptr<TlsServer>, std::string> result);
  // Closes connections, of all or of those with a large answer.
  void make_room(size_t count, bool with_large_answer);
  bool has_room_for(const HttpHead &head) const;
  HttpAnswer prepared(const HttpConnection *connection, HttpAnswer answer);

  const unsigned client_timeout_ms_;
  const size_t places_;
  std::mt19937 random_{g_random_int()};  // unpredictable to clients
  const std::string log_name_;
  LogSink *log_ = nullptr;
  std::string url_, path_;
  std::shared_ptr<const TlsServer> tls_;  // null for plain HTTP
  Worker renewing_;
  RepeatedTimer looking_;
  int64_t renew_us_ = 0;         // when to look for other files
  std::string renewal_problem_;  // is logged
  const std::shared_ptr<HttpServer *> alive_ = std::make_shared<HttpServer *>(this);
  ObjectPtr<GSocket> socket_;
  AttachedSource accepting_;
  Timer accept_later_;
  HttpHandler *handler_ = nullptr;
  RequestLog requests_;
  uint64_t accepted_ = 0;
  std::map<uint64_t, std::unique_ptr<HttpConnection>> connections_;  // the oldest first
};

}  // namespace rtms
