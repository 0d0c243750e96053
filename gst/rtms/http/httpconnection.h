// SPDX-License-Identifier: LGPL-2.1-or-later
// One connection of an untrusted client: one HTTP request, one answer.
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

// The body of an answer, read piece by piece as the client receives it.
class HttpBody {
 public:
  // Receives the next piece, valid until the next call of next(); "" if reading failed.
  using Done = std::function<void(std::string_view piece)>;

  virtual ~HttpBody() = default;
  virtual uint64_t size() const = 0;
  // Requests the next piece. `done` is called later, on the same thread, perhaps after the body's
  // destruction.
  virtual void next(Done done) = 0;
};

struct HttpAnswer {
  unsigned status = 200;
  std::string type, body;
  std::string why;  // for the log; empty: neither logged nor counted
  std::vector<std::pair<std::string, std::string>> headers;
  std::shared_ptr<HttpBody> pieces;  // replaces `body`
};

class HttpConnection;

// Handles requests. No method is called from within a public method of the connection.
class HttpService {
 public:
  virtual ~HttpService() = default;
  // Returns the answer to an invalid request: a status, and the reason.
  virtual HttpAnswer http_malformed(HttpConnection *connection, unsigned status,
                                    const char *why) = 0;
  // The head is complete. An answer refuses the body.
  virtual std::optional<HttpAnswer> http_head(HttpConnection *connection, const HttpHead &head) = 0;
  // Returns nothing to call the connection's answer() later.
  virtual std::optional<HttpAnswer> http_request(HttpConnection *connection, const HttpHead &head,
                                                 const std::string &body) = 0;
  // The system has accepted the whole answer.
  virtual void http_answered(HttpConnection *connection) = 0;
  // The connection is over, and must be destroyed. `why` is null after an answer.
  virtual void http_over(HttpConnection *connection, const char *why) = 0;
};

// Runs on the thread's default main context.
class HttpConnection {
 public:
  // `tls` is null for plain HTTP. `timeout_ms` limits the request and its answer, except a body in
  // pieces.
  HttpConnection(uint64_t number, ObjectPtr<GSocket> socket, std::unique_ptr<TlsStream> tls,
                 unsigned timeout_ms, HttpService *service);
  // Closes at once; the client gets a reset if bytes from it are unread.
  ~HttpConnection();

  // Gives the answer that http_request() did not return. May destroy the connection.
  void answer(const HttpAnswer &answer);

  // The service's number of the connection.
  uint64_t number() const { return number_; }
  // The client's address and port, for logs.
  std::string peer() const;
  const Place &place() const { return place_; }
  // Size of the body announced, while there is no answer.
  uint64_t announced() const { return announced_; }

 private:
  enum class State { Reading, Deciding, Answering, Draining };

  // These return false if the connection is over and this object destroyed.
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
