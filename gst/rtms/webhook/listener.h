// SPDX-License-Identifier: LGPL-2.1-or-later
// The HTTP server behind a webhook's URL.
#pragma once

#include "base/glibptr.h"
#include "base/log.h"
#include "base/timer.h"
#include "httpconnection.h"
#include "protocol/webhookgate.h"
#include "requestlog.h"
#include "tlsserver.h"

#include <gio/gio.h>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>

namespace rtms {

struct ListenConfig {
  // http:// or https://, an address of this machine or localhost, a port (0: a free one), a path.
  std::string url;
  std::string certificate_file, key_file;  // PEM, for https; without a key file both are in one
  Secret secret_token;
  unsigned client_timeout_ms = 10000;  // for one request and its answer
};

// What the service told: genuine, and told once.
struct WebhookNotice {
  WebhookEvent event = WebhookEvent::Other;
  Webhook hook;
  std::string json;       // as it came; it may hold a signature
  bool repeated = false;  // the service has said so before
};

// What a GET request gets at another path than the webhook's.
struct WebhookPage {
  unsigned status = 200;
  std::string type, body;
};

struct ListenError {
  std::string text;  // the URL or file, what is wrong with it, and what is valid
};

class WebhookListener final : private HttpService {
 public:
  using Handler = std::function<void(const WebhookNotice &)>;
  // Nothing where there is no such page.
  using Pages = std::function<std::optional<WebhookPage>(std::string_view path)>;
  using Result = std::variant<std::unique_ptr<WebhookListener>, ListenError>;

  // Binds the port: nothing is accepted yet. On any thread.
  static Result open(const ListenConfig &config);
  // On the thread that started it.
  ~WebhookListener() override;

  // Serves on the thread's default main context. The handler is called after the request has been
  // answered, and may destroy the listener.
  void start(LogSink *log, Handler handler);

  // Before start(). Anybody can see the pages: they are not signed.
  void set_pages(Pages pages) { pages_ = std::move(pages); }

  // With the port that was chosen. On any thread.
  const std::string &url() const { return url_; }
  size_t connections() const { return connections_.size(); }
  // What was answered, see RequestLog.
  const std::map<unsigned, uint64_t> &requests() const { return requests_.counts(); }

 private:
  WebhookListener(std::string path, const ListenConfig &config);

  HttpAnswer http_malformed(HttpConnection *connection, unsigned status, const char *why) override;
  std::optional<HttpAnswer> http_head(HttpConnection *connection, const HttpHead &head) override;
  HttpAnswer http_request(HttpConnection *connection, const HttpHead &head,
                          const std::string &body) override;
  void http_answered(HttpConnection *connection) override;
  void http_over(HttpConnection *connection, const char *why) override;

  void accept_when_ready();
  bool accept();
  void make_room();
  bool has_room_for(const HttpHead &head) const;
  HttpAnswer answer(const HttpConnection *connection, const WebhookAnswer &answer);
  void announce();

  WebhookGate gate_;
  const unsigned client_timeout_ms_;
  std::string url_;
  std::optional<TlsServer> tls_;
  ObjectPtr<GSocket> socket_;
  AttachedSource accepting_;
  Timer accept_later_;
  std::list<std::unique_ptr<HttpConnection>> connections_;  // the oldest first
  RequestLog requests_;
  Handler handler_;
  Pages pages_;
  // What connections have brought whose answers are under way; then what the handler gets.
  std::map<const HttpConnection *, WebhookNotice> answering_;
  std::deque<WebhookNotice> notices_;
  Timer announcing_;
};

}  // namespace rtms
