// SPDX-License-Identifier: LGPL-2.1-or-later
#include "listener.h"

#include "address.h"

#include <sys/socket.h>

namespace rtms {
namespace {

// Whoever opens more takes the places of those who have waited longest: a request takes a moment.
constexpr size_t kMaxClients = 32;
// What comes in addition to a body that is too large is read, so that the client gets to see the
// answer; there is an end to that, too.
constexpr size_t kMaxDiscarded = 16 << 20;
constexpr int kBacklog = 64;

std::variant<ObjectPtr<GTlsCertificate>, ListenError> load_certificate(const ListenConfig &config,
                                                                       bool tls) {
  if (!tls && (!config.certificate_file.empty() || !config.key_file.empty()))
    return ListenError{config.url +
                       " is not encrypted, but a TLS certificate or key is set. Use "
                       "https://, or unset the certificate and the key."};
  if (!tls)
    return ObjectPtr<GTlsCertificate>();
  if (config.certificate_file.empty())
    return ListenError{config.url +
                       " needs a TLS certificate. Set one, or use http:// behind a "
                       "proxy that terminates TLS."};
  const std::string &key = config.key_file.empty() ? config.certificate_file : config.key_file;
  GError *raw_error = nullptr;
  ObjectPtr<GTlsCertificate> certificate(
      g_tls_certificate_new_from_files(config.certificate_file.c_str(), key.c_str(), &raw_error));
  if (certificate)
    return certificate;
  ErrorPtr error(raw_error);
  return ListenError{"TLS certificate " + config.certificate_file + " with key " + key +
                     " cannot be used: " + error->message +
                     ". Both must be PEM files, and the key must not have a password."};
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

// A header that comes twice is no header of the service's: joined, it fits nothing.
const char *header(SoupServerMessage *message, const char *name) {
  const char *value =
      soup_message_headers_get_list(soup_server_message_get_request_headers(message), name);
  return value ? value : "";
}

WebhookHead head_of(SoupServerMessage *message, const char *path) {
  WebhookHead head;
  head.method = soup_server_message_get_method(message);
  head.path = path;
  head.timestamp = header(message, "x-zm-request-timestamp");
  head.signature = header(message, "x-zm-signature");
  const auto length =
      soup_message_headers_get_content_length(soup_server_message_get_request_headers(message));
  head.content_length = length > 0 ? static_cast<uint64_t>(length) : 0;
  return head;
}

// One answer for each connection.
void respond(SoupServerMessage *message, unsigned status, const std::string &type,
             const std::string &body) {
  soup_server_message_set_status(message, status, nullptr);
  soup_server_message_set_response(message, type.c_str(), SOUP_MEMORY_COPY, body.data(),
                                   body.size());
  soup_message_headers_replace(soup_server_message_get_response_headers(message), "Connection",
                               "close");
}

}  // namespace

// Belongs to its message.
struct WebhookListener::Request {
  WebhookListener *listener;
  std::string body;
  size_t size = 0;  // of all that came
  std::optional<WebhookNotice> notice;

  static Request *of(SoupServerMessage *message) {
    return static_cast<Request *>(g_object_get_data(G_OBJECT(message), "rtms-request"));
  }
};

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
  auto loaded = load_certificate(config, address.tls);
  if (auto error = std::get_if<ListenError>(&loaded))
    return *error;
  std::unique_ptr<WebhookListener> listener(new WebhookListener(address.path, config));
  listener->certificate_ = std::get<ObjectPtr<GTlsCertificate>>(std::move(loaded));
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

// Sockets first: libsoup's own closing would wait for a TLS handshake that is under way.
WebhookListener::~WebhookListener() {
  if (!server_)
    return;
  for (Client &client : clients_)
    g_socket_shutdown(g_socket_connection_get_socket(client.stream), TRUE, TRUE, nullptr);
  soup_server_disconnect(server_.get());
  for (Client &client : clients_) {
    g_object_weak_unref(G_OBJECT(client.stream), on_gone, &client);
    ++*operations_;
    g_object_weak_ref(G_OBJECT(client.stream), count_down,
                      new std::shared_ptr<unsigned>(operations_));
  }
}

void WebhookListener::count_down(gpointer data, GObject *) {
  std::unique_ptr<std::shared_ptr<unsigned>> operations(
      static_cast<std::shared_ptr<unsigned> *>(data));
  --**operations;
}

void WebhookListener::start(LogSink *log, std::shared_ptr<unsigned> operations, Handler handler) {
  log_ = log;
  operations_ = std::move(operations);
  handler_ = std::move(handler);
  server_.reset(soup_server_new(nullptr, nullptr));
  g_signal_connect(server_.get(), "request-started", G_CALLBACK(on_started), this);
  soup_server_add_early_handler(server_.get(), nullptr, on_head, this, nullptr);
  soup_server_add_handler(server_.get(), nullptr, on_request, this, nullptr);
  accepting_.reset(g_socket_create_source(socket_.get(), G_IO_IN, nullptr));
  g_source_set_callback(accepting_.get(), G_SOURCE_FUNC(on_connection), this, nullptr);
  g_source_attach(accepting_.get(), g_main_context_get_thread_default());
}

// ---- connections ---------------------------------------------------------------------

gboolean WebhookListener::on_connection(GSocket *, GIOCondition, gpointer self) {
  static_cast<WebhookListener *>(self)->accept();
  return G_SOURCE_CONTINUE;
}

void WebhookListener::accept() {
  GError *raw_error = nullptr;
  ObjectPtr<GSocket> socket(g_socket_accept(socket_.get(), nullptr, &raw_error));
  ErrorPtr error(raw_error);
  if (!socket) {
    log(LogSink::Level::Debug, std::string("no connection: ") + error->message);
    return;
  }
  make_room();
  serve(ObjectPtr<GSocketConnection>(g_socket_connection_factory_create_connection(socket.get())));
}

// Libsoup notices, and lets go of it. The client is told that nobody reads any more: one that sends
// without end would wait else.
void WebhookListener::cut_off(Client *client) {
  client->cut_off = true;
  client->deadline.stop();
  GSocket *socket = g_socket_connection_get_socket(client->stream);
  const linger none{1, 0};
  setsockopt(g_socket_get_fd(socket), SOL_SOCKET, SO_LINGER, &none, sizeof none);
  g_socket_shutdown(socket, TRUE, TRUE, nullptr);
}

void WebhookListener::cut_off(SoupServerMessage *message) {
  for (Client &client : clients_)
    if (client.address.get() == soup_server_message_get_remote_address(message))
      cut_off(&client);
}

void WebhookListener::make_room() {
  Client *oldest = nullptr;
  size_t count = 0;
  for (Client &client : clients_) {
    if (client.cut_off)
      continue;
    if (!oldest)
      oldest = &client;
    count++;
  }
  if (count >= kMaxClients)
    cut_off(oldest);
}

void WebhookListener::serve(ObjectPtr<GSocketConnection> stream) {
  Client &client = clients_.emplace_back();
  client.listener = this;
  client.stream = stream.get();
  g_object_weak_ref(G_OBJECT(stream.get()), on_gone, &client);
  client.deadline.start(client_timeout_ms_, [this, &client] {
    log(LogSink::Level::Debug, "a client takes too long");
    cut_off(&client);
  });
  ObjectPtr<GSocketAddress> local(g_socket_connection_get_local_address(stream.get(), nullptr));
  client.address.reset(g_socket_connection_get_remote_address(stream.get(), nullptr));
  ObjectPtr<GIOStream> transport(G_IO_STREAM(g_object_ref(stream.get())));
  if (certificate_) {
    transport.reset(
        g_tls_server_connection_new(G_IO_STREAM(stream.get()), certificate_.get(), nullptr));
    if (transport)
      g_tls_connection_set_require_close_notify(G_TLS_CONNECTION(transport.get()), FALSE);
  }
  // A client may be gone already.
  if (transport && local && client.address)
    soup_server_accept_iostream(server_.get(), transport.get(), local.get(), client.address.get(),
                                nullptr);
}

void WebhookListener::on_gone(gpointer data, GObject *) {
  auto client = static_cast<Client *>(data);
  client->listener->clients_.remove_if([&](const Client &other) { return &other == client; });
}

// ---- requests ------------------------------------------------------------------------

// Before anything of it is read: libsoup keeps no body for us, not even that of a request which it
// refuses itself.
void WebhookListener::on_started(SoupServer *, SoupServerMessage *message, gpointer self) {
  auto request = new Request{static_cast<WebhookListener *>(self), {}, 0, {}};
  g_object_set_data_full(G_OBJECT(message), "rtms-request", request,
                         [](gpointer owned) { delete static_cast<Request *>(owned); });
  soup_message_body_set_accumulate(soup_server_message_get_request_body(message), FALSE);
  g_signal_connect(message, "got-chunk", G_CALLBACK(on_chunk), request);
  g_signal_connect(message, "finished", G_CALLBACK(on_finished), request);
}

// When the headers are there: a status set here is the answer, whatever body follows.
void WebhookListener::on_head(SoupServer *, SoupServerMessage *message, const char *path,
                              GHashTable *, gpointer data) {
  auto self = static_cast<WebhookListener *>(data);
  if (self->show_page(message, path))
    return;
  if (auto refused = self->gate_.refuse(head_of(message, path)))
    self->answer(message, *refused);
}

bool WebhookListener::show_page(SoupServerMessage *message, const char *path) {
  if (!pages_ || std::string_view(soup_server_message_get_method(message)) != "GET")
    return false;
  const auto page = pages_(path);
  if (!page)
    return false;
  respond(message, page->status, page->type, page->body);
  return true;
}

void WebhookListener::on_chunk(SoupServerMessage *message, GBytes *chunk, gpointer data) {
  auto request = static_cast<Request *>(data);
  gsize size = 0;
  auto bytes = static_cast<const char *>(g_bytes_get_data(chunk, &size));
  request->size += size;
  if (request->size > kMaxDiscarded) {
    request->listener->cut_off(message);
    return;
  }
  if (soup_server_message_get_status(message) != 0)
    return;
  if (request->size <= kMaxWebhookBody) {
    request->body.append(bytes, size);
    return;
  }
  request->body = std::string();
  request->listener->answer(message, WebhookGate::too_large());
}

void WebhookListener::on_request(SoupServer *, SoupServerMessage *message, const char *path,
                                 GHashTable *, gpointer data) {
  auto self = static_cast<WebhookListener *>(data);
  Request *request = Request::of(message);
  WebhookAnswer answer =
      self->gate_.answer(head_of(message, path), request->body, g_get_real_time() / G_USEC_PER_SEC);
  self->answer(message, answer);
  if (answer.event != WebhookEvent::Other)
    request->notice = WebhookNotice{answer.event, std::move(answer.hook), std::move(request->body),
                                    answer.repeated};
}

void WebhookListener::answer(SoupServerMessage *message, const WebhookAnswer &answer) {
  log(LogSink::Level::Info,
      std::string("webhook: ") + std::to_string(answer.status) + ", " + answer.why);
  respond(message, answer.status, "application/json", answer.body);
  if (answer.status == 405)
    soup_message_headers_replace(soup_server_message_get_response_headers(message), "Allow",
                                 "POST");
}

// The answer is written, or the client has gone: what it said is known in both cases.
void WebhookListener::on_finished(SoupServerMessage *, gpointer data) {
  auto request = static_cast<Request *>(data);
  WebhookListener *self = request->listener;
  if (!request->notice)
    return;
  self->notices_.push_back(std::move(*request->notice));
  self->announcing_.start(0, [self] { self->announce(); });
}

void WebhookListener::announce() {
  const WebhookNotice notice = std::move(notices_.front());
  notices_.pop_front();
  if (!notices_.empty())
    announcing_.start(0, [this] { announce(); });
  const Handler handler = handler_;
  handler(notice);
}

void WebhookListener::log(LogSink::Level level, const std::string &text) {
  if (log_ && log_->enabled(level))
    log_->write(level, text);
}

}  // namespace rtms
