// SPDX-License-Identifier: LGPL-2.1-or-later
// One connection of a stranger, which brings one HTTP request and gets one answer.
#pragma once

#include "base/glibptr.h"
#include "base/socketwatch.h"
#include "base/timer.h"
#include "httpreader.h"
#include "places.h"
#include "tlsserver.h"

#include <gio/gio.h>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rtms {

// The body of an answer that is read piece by piece, as the client takes it.
class HttpBody {
 public:
  // Gets the next piece, which is there until the next one is asked for; "" where no more can be
  // read.
  using Done = std::function<void(std::string_view piece)>;

  virtual ~HttpBody() = default;
  virtual uint64_t size() const = 0;
  // Asks for the next piece. `done` is called later, on the same thread; the body may have been
  // destroyed by then.
  virtual void next(Done done) = 0;
};

struct HttpAnswer {
  unsigned status = 200;
  std::string type, body;
  std::string why;  // for the log; empty: neither logged nor counted
  std::vector<std::pair<std::string, std::string>> headers;
  std::shared_ptr<HttpBody> pieces;  // in place of `body`
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
  // Nothing: the connection's answer() is called later.
  virtual std::optional<HttpAnswer> http_request(HttpConnection *connection, const HttpHead &head,
                                                 const std::string &body) = 0;
  // The whole answer is with the system.
  virtual void http_answered(HttpConnection *connection) = 0;
  // The connection is over, and must be destroyed. `why` is null where it has had its answer.
  virtual void http_over(HttpConnection *connection, const char *why) = 0;
};

// On the thread's default main context.
class HttpConnection {
 public:
  // `tls` is null for plain HTTP. `timeout_ms` is for the whole of it, but for a body in
  // pieces.
  HttpConnection(uint64_t number, ObjectPtr<GSocket> socket, std::unique_ptr<TlsStream> tls,
                 unsigned timeout_ms, HttpService *service);
  // Closes it at once; the client sees a reset where it has sent what was not read.
  ~HttpConnection();

  // The answer that http_request() did not give; it is the only one. May destroy the connection.
  void answer(const HttpAnswer &answer);

  // By which the service tells connections apart.
  uint64_t number() const { return number_; }
  // The client's address and port, for logs.
  std::string peer() const;
  const Place &place() const { return place_; }
  // So much of a body is announced, while the answer is not given yet.
  uint64_t announced() const { return announced_; }

 private:
  enum class State { Reading, Deciding, Answering, Draining };

  // These return false when the connection is over, and this object destroyed.
  bool on_readable();
  bool received(std::string_view bytes);
  bool take(std::string_view plain);
  bool respond(const HttpAnswer &answer);
  bool send(std::string_view text);
  bool send_last(std::string_view text);
  bool flush();
  bool write_more();
  bool sent();
  void take_piece(std::string_view piece);
  bool answered();
  bool over(const char *why);

  const uint64_t number_;
  const ObjectPtr<GSocket> socket_;
  const std::unique_ptr<TlsStream> tls_;
  HttpService *const service_;
  State state_ = State::Reading;
  HttpReader reader_;
  Place place_;
  uint64_t announced_ = 0, discarded_ = 0;
  bool head_only_ = false;
  std::string unsent_;
  std::shared_ptr<HttpBody> pieces_;
  uint64_t pieces_left_ = 0;  // bytes
  const std::shared_ptr<HttpConnection *> alive_;
  SocketWatch readable_;
  AttachedSource writable_;
  Timer deadline_;
};

}  // namespace rtms
