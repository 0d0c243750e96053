// SPDX-License-Identifier: LGPL-2.1-or-later
// The HTTP server behind a webhook's URL.
#pragma once

#include "base/glibptr.h"
#include "base/log.h"
#include "base/timer.h"
#include "protocol/webhookgate.h"

#include <libsoup/soup.h>
#include <deque>
#include <functional>
#include <list>
#include <memory>
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

class WebhookListener {
 public:
  using Handler = std::function<void(const WebhookNotice &)>;
  // Nothing where there is no such page.
  using Pages = std::function<std::optional<WebhookPage>(std::string_view path)>;
  using Result = std::variant<std::unique_ptr<WebhookListener>, ListenError>;

  // Binds the port: nothing is accepted yet. On any thread.
  static Result open(const ListenConfig &config);
  // On the thread that started it.
  ~WebhookListener();

  // Serves on the thread's default main context. The handler is called after the request has been
  // answered, and may destroy the listener. `operations` counts what is still under way when the
  // listener is destroyed: a TLS handshake, for a moment.
  void start(LogSink *log, std::shared_ptr<unsigned> operations, Handler handler);

  // Before start(). Anybody can see the pages: they are not signed.
  void set_pages(Pages pages) { pages_ = std::move(pages); }

  // With the port that was chosen. On any thread.
  const std::string &url() const { return url_; }
  size_t connections() const { return clients_.size(); }

 private:
  // One connection, which brings one request.
  struct Client {
    WebhookListener *listener = nullptr;
    GSocketConnection *stream = nullptr;  // not a reference: libsoup lets go of it at the end
    ObjectPtr<GSocketAddress> address;    // by which its message is found
    Timer deadline;
    bool cut_off = false;
  };
  struct Request;

  WebhookListener(std::string path, const ListenConfig &config);
  static gboolean on_connection(GSocket *socket, GIOCondition condition, gpointer self);
  static void on_gone(gpointer client, GObject *stream);
  static void count_down(gpointer operations, GObject *stream);
  static void on_started(SoupServer *server, SoupServerMessage *message, gpointer self);
  static void on_head(SoupServer *server, SoupServerMessage *message, const char *path,
                      GHashTable *query, gpointer self);
  static void on_chunk(SoupServerMessage *message, GBytes *chunk, gpointer request);
  static void on_request(SoupServer *server, SoupServerMessage *message, const char *path,
                         GHashTable *query, gpointer self);
  static void on_finished(SoupServerMessage *message, gpointer request);
  static void cut_off(Client *client);
  void cut_off(SoupServerMessage *message);
  void accept();
  void make_room();
  void serve(ObjectPtr<GSocketConnection> stream);
  bool show_page(SoupServerMessage *message, const char *path);
  void answer(SoupServerMessage *message, const WebhookAnswer &answer);
  void announce();
  void log(LogSink::Level level, const std::string &text);

  WebhookGate gate_;
  const unsigned client_timeout_ms_;
  std::string url_;
  ObjectPtr<GTlsCertificate> certificate_;  // null: http
  ObjectPtr<GSocket> socket_;
  AttachedSource accepting_;
  ObjectPtr<SoupServer> server_;
  std::list<Client> clients_;  // the oldest first
  std::shared_ptr<unsigned> operations_;
  LogSink *log_ = nullptr;
  Handler handler_;
  Pages pages_;
  std::deque<WebhookNotice> notices_;
  Timer announcing_;
};

}  // namespace rtms
