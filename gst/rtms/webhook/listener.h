// SPDX-License-Identifier: LGPL-2.1-or-later
// The HTTP server behind a webhook's URL.
#pragma once

#include "base/log.h"
#include "base/timer.h"
#include "http/httpserver.h"
#include "protocol/webhookgate.h"

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>

namespace rtms {

struct ListenConfig {
  // http:// or https://, a local address or localhost, a port (0: a free one), a path.
  std::string url;
  std::string certificate_file, key_file;  // PEM, for https; no key_file: both in one
  Secret secret_token;
  unsigned client_timeout_ms = 10000;  // for one request and its answer
  size_t most_places = 4096;           // connections; a small limit of descriptors allows fewer
};

// A genuine webhook of the service, reported once.
struct WebhookNotice {
  WebhookEvent event = WebhookEvent::Other;
  Webhook hook;
  std::string json;       // as received; may contain a signature
  bool repeated = false;  // the service announced the same event before

  // Becomes another one, unless that was announced before this one.
  void renew(const WebhookNotice &other) {
    if (!is_older(other.hook, hook))
      *this = other;
  }
};

// The answer to a GET request for a path other than the webhook's.
struct WebhookPage {
  unsigned status = 200;
  std::string type, body;
};

class WebhookListener final : private HttpHandler {
 public:
  using Handler = std::function<void(const WebhookNotice &)>;
  // Returns nothing if there is no such page.
  using Pages = std::function<std::optional<WebhookPage>(std::string_view path)>;
  using Result = std::variant<std::unique_ptr<WebhookListener>, ListenError>;

  // Binds the port, and accepts nothing yet. Callable on any thread.
  static Result open(const ListenConfig &config);
  // Must run on the thread of start().
  ~WebhookListener() override;

  // Serves on the thread's default main context. Calls the handler after the answer; the handler
  // may destroy the listener.
  void start(LogSink *log, Handler handler);

  // Is called before start(). The pages are public: requests for them are not signed.
  void set_pages(Pages pages) { pages_ = std::move(pages); }

  // Replaces the handler. It reports whether the notice is accepted: the service gets 200,
  // otherwise 503, and repeats the request.
  using Accepted = std::function<void(bool)>;
  using Acceptance = std::function<void(const WebhookNotice &, Accepted)>;
  // Is called before start().
  void set_acceptance(Acceptance acceptance) { acceptance_ = std::move(acceptance); }

  // Whether a genuine request was accepted, and has not reached the handler.
  bool pending() const { return !answering_.empty() || !notices_.empty(); }

  // From now on, requests are answered with 503, and reach nobody: the service repeats them.
  void refuse(std::string why) { refused_ = std::move(why); }

  // With the actual port. Callable on any thread.
  const std::string &url() const { return server_->url(); }
  size_t connections() const { return server_->connections(); }
  // Counts the answers, see RequestLog.
  const std::map<unsigned, uint64_t> &requests() const { return server_->requests(); }

 private:
  WebhookListener(std::unique_ptr<HttpServer> server, const Secret &secret_token);

  HttpAnswer refusal(unsigned status, const char *why) override;
  std::optional<HttpAnswer> head(const HttpHead &head) override;
  std::optional<HttpAnswer> request(const HttpRequest &request) override;
  void answered(uint64_t number) override;

  void announce();
  void tell_misdated();
  void accepted(uint64_t number, bool good);

  WebhookGate gate_;
  LogSink *log_ = nullptr;
  Timer misdated_told_;
  Handler handler_;
  Pages pages_;
  // Notices of requests with a pending answer, then notices for the handler.
  std::map<uint64_t, WebhookNotice> answering_;
  std::deque<WebhookNotice> notices_;
  Timer announcing_;
  Acceptance acceptance_;
  std::string refused_;  // why; empty: requests are accepted
  // Requests whose answer waits for the acceptance.
  struct Asked {
    std::string request, body, why;
  };
  std::map<uint64_t, Asked> asked_;
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>();
  const std::unique_ptr<HttpServer> server_;
};

}  // namespace rtms
