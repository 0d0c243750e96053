// SPDX-License-Identifier: LGPL-2.1-or-later
// One connection of a stranger, which brings one HTTP request and gets one answer.
#pragma once

#include "base/glibptr.h"
#include "base/timer.h"
#include "httpreader.h"
#include "places.h"
#include "tlsserver.h"

#include <gio/gio.h>
#include <memory>
#include <optional>
#include <string>

namespace rtms {

struct HttpAnswer {
  unsigned status = 200;
  std::string type, body;
};

class HttpConnection;

// Whom it serves. Nothing of it is called from within a method of the connection's public part.
class HttpService {
 public:
  virtual ~HttpService() = default;
  // The answer to what is no request: a status, and what is wrong.
  virtual HttpAnswer http_malformed(HttpConnection *connection, unsigned status,
                                    const char *why) = 0;
  // The head is there. An answer refuses the body.
  virtual std::optional<HttpAnswer> http_head(HttpConnection *connection, const HttpHead &head) = 0;
  virtual HttpAnswer http_request(HttpConnection *connection, const HttpHead &head,
                                  const std::string &body) = 0;
  // The whole answer is with the system.
  virtual void http_answered(HttpConnection *connection) = 0;
  // The connection is over, and must be destroyed. `why` is null where it has had its answer.
  virtual void http_over(HttpConnection *connection, const char *why) = 0;
};

// On the thread's default main context.
class HttpConnection {
 public:
  // `tls` is null for plain HTTP. `timeout_ms` is for the whole of it.
  HttpConnection(ObjectPtr<GSocket> socket, std::unique_ptr<TlsStream> tls, unsigned timeout_ms,
                 HttpService *service);
  // Closes it at once; the client sees a reset where it has sent what was not read.
  ~HttpConnection();

  // The client's address and port, for logs.
  std::string peer() const;
  const Place &place() const { return place_; }
  // So much of a body is announced, while the answer is not given yet.
  uint64_t announced() const { return announced_; }

 private:
  enum class State { Reading, Answering, Draining };

  // These return false when the connection is over, and this object destroyed.
  bool on_readable();
  bool received(std::string_view bytes);
  bool take(std::string_view plain);
  bool respond(const HttpAnswer &answer);
  bool send(std::string_view text);
  bool flush();
  bool write_more();
  bool answered();
  bool over(const char *why);

  const ObjectPtr<GSocket> socket_;
  const std::unique_ptr<TlsStream> tls_;
  HttpService *const service_;
  State state_ = State::Reading;
  HttpReader reader_;
  Place place_;
  uint64_t announced_ = 0, discarded_ = 0;
  std::string unsent_;
  AttachedSource readable_, writable_;
  Timer deadline_;
};

}  // namespace rtms
