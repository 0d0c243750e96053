// SPDX-License-Identifier: LGPL-2.1-or-later
#include "httpserver.h"

#include "address.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <algorithm>
#include <utility>
#include <vector>

namespace rtms {
namespace {

// If no file descriptor is free, a failing accept leaves the connection in the backlog.
constexpr unsigned kAcceptPause_ms = 100;
constexpr unsigned kMostAtOnce = 32;
// The limit of all large bodies together. Genuine requests have small ones, which are not counted.
constexpr uint64_t kMaxBodies = 16 << 20;
constexpr uint64_t kSmallBody = 8 << 10;
constexpr std::ptrdiff_t kMaxLargeAnswers = 256;

std::optional<ListenError> load_certificate(const HttpServerConfig &config, bool tls,
                                            std::shared_ptr<const TlsServer> *server) {
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
  *server = std::make_shared<TlsServer>(std::get<TlsServer>(std::move(opened)));
  return std::nullopt;
}

// What the kernel keeps for a client that does not read; without a limit it is megabytes.
void limit_unsent(GSocket *socket) {
#ifdef TCP_NOTSENT_LOWAT
  constexpr int kMost = 128 << 10;
  g_socket_set_option(socket, IPPROTO_TCP, TCP_NOTSENT_LOWAT, kMost, nullptr);
#else
  (void) socket;
#endif
}

ObjectPtr<GSocket> listening_socket(const ListenAddress &address, GError **error) {
  ObjectPtr<GSocketAddress> where(
      g_inet_socket_address_new(address.host.get(), static_cast<guint16>(address.port)));
  ObjectPtr<GSocket> socket(g_socket_new(g_inet_address_get_family(address.host.get()),
                                         G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, error));
  if (!socket || !g_socket_bind(socket.get(), where.get(), TRUE, error))
    return nullptr;
  g_socket_set_listen_backlog(socket.get(), SOMAXCONN);
  g_socket_set_blocking(socket.get(), FALSE);
  if (!g_socket_listen(socket.get(), error))
    return nullptr;
  return socket;
}

uint64_t descriptor_limit() {
  rlimit limit{};
  return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : UINT64_MAX;
}

unsigned local_port(GSocket *socket) {
  ObjectPtr<GSocketAddress> local(g_socket_get_local_address(socket, nullptr));
  return local ? g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(local.get())) : 0;
}

}  // namespace

HttpServer::HttpServer(const HttpServerConfig &config)
    : client_timeout_ms_(config.client_timeout_ms),
      places_(places_for(config.most_places, descriptor_limit())),
      log_name_(config.log_name),
      requests_(config.log_name) {}

HttpServer::Result HttpServer::open(const HttpServerConfig &config) {
  auto parsed = listen_address(config.url);
  // A password may precede an @.
  const std::string shown = config.url.find('@') == std::string::npos ? config.url : "The URL";
  if (auto problem = std::get_if<std::string>(&parsed))
    return ListenError{shown + " " + *problem + ". Valid are URLs such as " + config.example + "."};
  const ListenAddress &address = std::get<ListenAddress>(parsed);
  std::unique_ptr<HttpServer> server(new HttpServer(config));
  if (auto error = load_certificate(config, address.tls, &server->tls_))
    return *error;
  GError *raw_error = nullptr;
  server->socket_ = listening_socket(address, &raw_error);
  if (!server->socket_) {
    ErrorPtr error(raw_error);
    return ListenError{"The program cannot listen at " + config.url + ": " + error->message +
                       ". Use an address of this machine and a free port."};
  }
  server->path_ = address.path;
  server->url_ = listen_url(address, local_port(server->socket_.get()));
  return server;
}

HttpServer::~HttpServer() = default;

void HttpServer::start(LogSink *log, HttpHandler *handler) {
  log_ = log;
  requests_.start(log);
  handler_ = handler;
  accept_when_ready();
  // The first client after a renewal, perhaps days later, needs the new one.
  constexpr unsigned kLook_ms = 60000;
  if (tls_)
    looking_.start(kLook_ms, [this] { renew_certificate(); });
}

// ---- connections ---------------------------------------------------------------------

void HttpServer::accept_when_ready() {
  accepting_.reset(g_socket_create_source(socket_.get(), G_IO_IN, nullptr));
  GSocketSourceFunc ready = [](GSocket *, GIOCondition, gpointer data) -> gboolean {
    auto self = static_cast<HttpServer *>(data);
    // Many who come at once fill the queue of the kernel, which then refuses genuine clients.
    Accepted last = Accepted::One;
    for (unsigned i = 0; i < kMostAtOnce && last == Accepted::One; i++)
      last = self->accept();
    if (last != Accepted::NoRoom)
      return G_SOURCE_CONTINUE;
    self->accept_later_.start(kAcceptPause_ms, [self] { self->accept_when_ready(); });
    return G_SOURCE_REMOVE;
  };
  g_source_set_callback(accepting_.get(), G_SOURCE_FUNC(ready), this, nullptr);
  g_source_attach(accepting_.get(), g_main_context_get_thread_default());
}

HttpServer::Accepted HttpServer::accept() {
  GError *raw_error = nullptr;
  ObjectPtr<GSocket> socket(g_socket_accept(socket_.get(), nullptr, &raw_error));
  ErrorPtr error(raw_error);
  if (!socket) {
    const bool gone = g_error_matches(error.get(), G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK) ||
                      g_error_matches(error.get(), G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED);
    if (!gone)
      requests_.closed(error->message, "a client that waits");
    return gone ? Accepted::None : Accepted::NoRoom;
  }
  limit_unsent(socket.get());
  if (tls_)
    renew_certificate();
  // Closes several connections at a time: the choice takes as long for one.
  constexpr size_t kPart = 32;
  if (connections_.size() >= places_)
    make_room(std::max<size_t>(places_ / kPart, 1), false);
  const uint64_t number = ++accepted_;
  connections_[number] =
      std::make_unique<HttpConnection>(number, std::move(socket), tls_ ? tls_->accept() : nullptr,
                                       client_timeout_ms_, static_cast<HttpService *>(this));
  return Accepted::One;
}

// A certificate is renewed while the server runs, its key often a moment later. The next connection
// has the new one: this one does not wait for the disk.
void HttpServer::renew_certificate() {
  const int64_t now_us = g_get_monotonic_time();
  if (now_us < renew_us_)
    return;
  renew_us_ = INT64_MAX;
  const auto result = std::make_shared<std::variant<std::unique_ptr<TlsServer>, std::string>>();
  renewing_.run([tls = tls_, result] { *result = tls->renewed(); },
                [this, result, alive = std::weak_ptr<HttpServer *>(alive_)] {
                  if (!alive.expired())
                    renewed(std::move(*result));
                });
}

void HttpServer::renewed(std::variant<std::unique_ptr<TlsServer>, std::string> result) {
  renew_us_ = g_get_monotonic_time() + G_USEC_PER_SEC;
  const auto tell = [this](LogSink::Level level, const std::string &text) {
    if (log_ && log_->enabled(level))
      log_->write(level, log_name_ + ": " + text);
  };
  if (auto problem = std::get_if<std::string>(&result)) {
    if (std::exchange(renewal_problem_, *problem) != *problem)
      tell(LogSink::Level::Warning,
           "the TLS certificate or its key has changed, and cannot be used: " + *problem +
               ". The earlier one stays in use.");
    return;
  }
  renewal_problem_.clear();
  auto &fresh = std::get<std::unique_ptr<TlsServer>>(result);
  if (!fresh)
    return;
  tls_ = std::move(fresh);
  tell(LogSink::Level::Info, "the renewed TLS certificate is in use");
}

void HttpServer::make_room(size_t count, bool with_large_answer) {
  std::vector<Place> places;
  std::vector<HttpConnection *> all;
  for (const auto &[number, connection] : connections_) {
    if (with_large_answer && !connection->place().has_large_answer)
      continue;
    places.push_back(connection->place());
    all.push_back(connection.get());
  }
  for (size_t index : who_goes(places, g_get_monotonic_time(), count, &random_))
    http_over(all[index], places[index].stage == Place::Stage::Answered
                              ? nullptr
                              : "all places are taken by other clients");
}

void HttpServer::http_over(HttpConnection *connection, const char *why) {
  if (why)
    requests_.closed(why, connection->peer());
  http_answered(connection);
  connections_.erase(connection->number());
}

// ---- requests ------------------------------------------------------------------------

HttpAnswer HttpServer::http_malformed(HttpConnection *connection, unsigned status,
                                      const char *why) {
  return prepared(connection, handler_->refusal(status, why));
}

std::optional<HttpAnswer> HttpServer::http_head(HttpConnection *connection, const HttpHead &head) {
  if (auto refused = handler_->head(head))
    return prepared(connection, std::move(*refused));
  if (!has_room_for(head))
    return http_malformed(connection, 503, "too many large requests are under way");
  return std::nullopt;
}

bool HttpServer::has_room_for(const HttpHead &head) const {
  const uint64_t small = std::max<uint64_t>(kMaxBodies / places_, kSmallBody);
  if (head.content_length <= small)
    return true;
  uint64_t sum = head.content_length;
  for (const auto &[number, connection] : connections_)
    sum += connection->announced() > small ? connection->announced() : 0;
  return sum <= kMaxBodies;
}

std::optional<HttpAnswer> HttpServer::http_request(HttpConnection *connection, const HttpHead &head,
                                                   const std::string &body) {
  auto answer = handler_->request({connection->number(), connection->place().from, head, body});
  if (!answer)
    return std::nullopt;
  return prepared(connection, std::move(*answer));
}

void HttpServer::answer(uint64_t number, const HttpAnswer &answer) {
  const auto found = connections_.find(number);
  if (found == connections_.end())
    return;
  HttpConnection *connection = found->second.get();
  connection->answer(prepared(connection, answer));
}

HttpAnswer HttpServer::prepared(const HttpConnection *connection, HttpAnswer answer) {
  if (!answer.why.empty())
    requests_.answered(answer.status, answer.why, connection->peer());
  if (answer.body.size() > kLargeAnswer) {
    const auto has_large = [](const auto &one) { return one.second->place().has_large_answer; };
    if (std::count_if(connections_.begin(), connections_.end(), has_large) >= kMaxLargeAnswers)
      make_room(1, true);
  }
  return answer;
}

// The answer is sent, or the client has gone: the request is over in both cases.
void HttpServer::http_answered(HttpConnection *connection) {
  handler_->answered(connection->number());
}

}  // namespace rtms
