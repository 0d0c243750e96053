// SPDX-License-Identifier: LGPL-2.1-or-later
#include "listener.h"

#include "address.h"

#include <iterator>

namespace rtms {
namespace {

constexpr int kBacklog = 256;
// No file descriptor is free: an accept that fails leaves the connection where it is.
constexpr unsigned kAcceptPause_ms = 100;
// All bodies together; those of genuine requests are small.
constexpr uint64_t kMaxBodies = 16 << 20;
constexpr uint64_t kSmallBody = 64 << 10;

std::optional<ListenError> load_certificate(const ListenConfig &config, bool tls,
                                            std::optional<TlsServer> *server) {
  if (!tls && (!config.certificate_file.empty() || !config.key_file.empty()))
    return ListenError{config.url +
                       " is not encrypted, but a TLS certificate or key is set. Use "
                       "https://, or unset the certificate and the key."};
  if (!tls)
    return std::nullopt;
  if (config.certificate_file.empty())
    return ListenError{config.url +
                       " needs a TLS certificate. Set one, or use http:// behind a "
                       "proxy that terminates TLS."};
  const std::string &key = config.key_file.empty() ? config.certificate_file : config.key_file;
  auto opened = TlsServer::open(config.certificate_file, key);
  if (auto problem = std::get_if<std::string>(&opened))
    return ListenError{"TLS certificate " + config.certificate_file + " with key " + key +
                       " cannot be used: " + *problem +
                       ". Both must be PEM files, and the key must not have a password."};
  *server = std::get<TlsServer>(std::move(opened));
  return std::nullopt;
}

// Bound and listening.
ObjectPtr<GSocket> listening_socket(const ListenAddress &address, GError **error) {
  ObjectPtr<GSocketAddress> where(
      g_inet_socket_address_new(address.host.get(), static_cast<guint16>(address.port)));
  ObjectPtr<GSocket> socket(g_socket_new(g_inet_address_get_family(address.host.get()),
                                         G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, error));
  if (!socket || !g_socket_bind(socket.get(), where.get(), TRUE, error))
    return nullptr;
  g_socket_set_listen_backlog(socket.get(), kBacklog);
  g_socket_set_blocking(socket.get(), FALSE);
  if (!g_socket_listen(socket.get(), error))
    return nullptr;
  return socket;
}

unsigned local_port(GSocket *socket) {
  ObjectPtr<GSocketAddress> local(g_socket_get_local_address(socket, nullptr));
  return local ? g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(local.get())) : 0;
}

WebhookHead head_of(const HttpHead &http, const std::string &timestamp,
                    const std::string &signature) {
  WebhookHead head;
  head.method = http.method;
  head.path = http.path;
  head.timestamp = timestamp;
  head.signature = signature;
  head.content_length = http.content_length;
  return head;
}

}  // namespace

WebhookListener::WebhookListener(std::string path, const ListenConfig &config)
    : gate_(std::move(path), config.secret_token), client_timeout_ms_(config.client_timeout_ms) {}

WebhookListener::Result WebhookListener::open(const ListenConfig &config) {
  auto parsed = listen_address(config.url);
  // Before an @ there may be a password.
  const std::string shown = config.url.find('@') == std::string::npos ? config.url : "The URL";
  if (auto problem = std::get_if<std::string>(&parsed))
    return ListenError{shown + " " + *problem +
                       ". Valid are URLs such as http://127.0.0.1:8080/webhook."};
  const ListenAddress &address = std::get<ListenAddress>(parsed);
  if (config.secret_token.empty())
    return ListenError{config.url +
                       " needs the secret token of the app, to verify the signatures "
                       "of webhooks."};
  if (!signatures_work())
    return ListenError{kNoSignatures};
  std::unique_ptr<WebhookListener> listener(new WebhookListener(address.path, config));
  if (auto error = load_certificate(config, address.tls, &listener->tls_))
    return *error;
  GError *raw_error = nullptr;
  listener->socket_ = listening_socket(address, &raw_error);
  if (!listener->socket_) {
    ErrorPtr error(raw_error);
    return ListenError{"The program cannot listen at " + config.url + ": " + error->message +
                       ". Use an address of this machine and a free port."};
  }
  listener->url_ = listen_url(address, local_port(listener->socket_.get()));
  return listener;
}

WebhookListener::~WebhookListener() = default;

void WebhookListener::start(LogSink *log, Handler handler) {
  requests_.start(log);
  handler_ = std::move(handler);
  accept_when_ready();
}

// ---- connections ---------------------------------------------------------------------

void WebhookListener::accept_when_ready() {
  accepting_.reset(g_socket_create_source(socket_.get(), G_IO_IN, nullptr));
  GSocketSourceFunc ready = [](GSocket *, GIOCondition, gpointer data) -> gboolean {
    auto self = static_cast<WebhookListener *>(data);
    if (self->accept())
      return G_SOURCE_CONTINUE;
    self->accept_later_.start(kAcceptPause_ms, [self] { self->accept_when_ready(); });
    return G_SOURCE_REMOVE;
  };
  g_source_set_callback(accepting_.get(), G_SOURCE_FUNC(ready), this, nullptr);
  g_source_attach(accepting_.get(), g_main_context_get_thread_default());
}

// False where the system has no room for another connection at the moment.
bool WebhookListener::accept() {
  GError *raw_error = nullptr;
  ObjectPtr<GSocket> socket(g_socket_accept(socket_.get(), nullptr, &raw_error));
  ErrorPtr error(raw_error);
  if (!socket) {
    const bool gone = g_error_matches(error.get(), G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK) ||
                      g_error_matches(error.get(), G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED);
    if (!gone)
      requests_.closed(error->message, "a client that waits");
    return gone;
  }
  if (connections_.size() >= kMaxPlaces)
    make_room();
  connections_.push_back(
      std::make_unique<HttpConnection>(std::move(socket), tls_ ? tls_->accept() : nullptr,
                                       client_timeout_ms_, static_cast<HttpService *>(this)));
  return true;
}

void WebhookListener::make_room() {
  std::vector<Place> places;
  for (const auto &connection : connections_)
    places.push_back(connection->place());
  auto goes = connections_.begin();
  std::advance(goes, who_goes(places, g_get_monotonic_time()));
  http_over(goes->get(), (*goes)->place().stage == Place::Stage::Answered
                             ? nullptr
                             : "all places are taken by other clients");
}

void WebhookListener::http_over(HttpConnection *connection, const char *why) {
  if (why)
    requests_.closed(why, connection->peer());
  http_answered(connection);
  connections_.remove_if([&](const auto &other) { return other.get() == connection; });
}

// ---- requests ------------------------------------------------------------------------

HttpAnswer WebhookListener::http_malformed(HttpConnection *connection, unsigned status,
                                           const char *why) {
  return answer(connection, WebhookGate::refusal(status, why));
}

std::optional<HttpAnswer> WebhookListener::http_head(HttpConnection *connection,
                                                     const HttpHead &head) {
  if (pages_ && head.method == "GET")
    if (const auto page = pages_(head.path))
      return HttpAnswer{page->status, page->type, page->body};
  const std::string timestamp = head.header("x-zm-request-timestamp");
  const std::string signature = head.header("x-zm-signature");
  if (const auto refused = gate_.refuse(head_of(head, timestamp, signature)))
    return answer(connection, *refused);
  if (!has_room_for(head))
    return answer(connection, WebhookGate::refusal(503, "too many large requests are under way"));
  return std::nullopt;
}

bool WebhookListener::has_room_for(const HttpHead &head) const {
  uint64_t sum = head.content_length;
  for (const auto &connection : connections_)
    sum += connection->announced();
  return head.content_length <= kSmallBody || sum <= kMaxBodies;
}

HttpAnswer WebhookListener::http_request(HttpConnection *connection, const HttpHead &head,
                                         const std::string &body) {
  const std::string timestamp = head.header("x-zm-request-timestamp");
  const std::string signature = head.header("x-zm-signature");
  WebhookAnswer said =
      gate_.answer(head_of(head, timestamp, signature), body, g_get_real_time() / G_USEC_PER_SEC);
  if (said.event != WebhookEvent::Other)
    answering_[connection] = {said.event, std::move(said.hook), body, said.repeated};
  return answer(connection, said);
}

HttpAnswer WebhookListener::answer(const HttpConnection *connection, const WebhookAnswer &answer) {
  requests_.answered(answer.status, answer.why, connection->peer());
  return {answer.status, "application/json", answer.body};
}

// The answer is written, or the client has gone: what it said is known in both cases.
void WebhookListener::http_answered(HttpConnection *connection) {
  const auto found = answering_.find(connection);
  if (found == answering_.end())
    return;
  notices_.push_back(std::move(found->second));
  answering_.erase(found);
  announcing_.start(0, [this] { announce(); });
}

void WebhookListener::announce() {
  const WebhookNotice notice = std::move(notices_.front());
  notices_.pop_front();
  if (!notices_.empty())
    announcing_.start(0, [this] { announce(); });
  const Handler handler = handler_;
  handler(notice);
}

}  // namespace rtms
