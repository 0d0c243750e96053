#include "websocket.h"

namespace rtms {
namespace {

constexpr int kMaxConnections = 16;
constexpr unsigned kDrainTimeout_ms = 200;

std::string tls_problems(GTlsCertificateFlags flags) {
  constexpr std::pair<GTlsCertificateFlags, const char *> names[] = {
      {G_TLS_CERTIFICATE_UNKNOWN_CA, "it is not signed by a known authority"},
      {G_TLS_CERTIFICATE_BAD_IDENTITY, "it is for another host"},
      {G_TLS_CERTIFICATE_NOT_ACTIVATED, "it is not valid yet"},
      {G_TLS_CERTIFICATE_EXPIRED, "it has expired"},
      {G_TLS_CERTIFICATE_REVOKED, "it was revoked"},
      {G_TLS_CERTIFICATE_INSECURE, "its algorithm is insecure"},
      {G_TLS_CERTIFICATE_GENERIC_ERROR, "it could not be checked"},
  };
  std::string text;
  for (auto &[flag, name] : names)
    if (flags & flag)
      text += (text.empty() ? "the certificate was refused: " : ", ") + std::string(name);
  return text;
}

TransportClose::Kind kind_of(const GError *error) {
  if (error->domain == G_TLS_ERROR)
    return TransportClose::Kind::Tls;
  if (error->domain == G_RESOLVER_ERROR)
    return TransportClose::Kind::Resolve;
  for (int code : {G_IO_ERROR_CONNECTION_REFUSED, G_IO_ERROR_HOST_UNREACHABLE,
                   G_IO_ERROR_NETWORK_UNREACHABLE, G_IO_ERROR_PROXY_FAILED})
    if (g_error_matches(error, G_IO_ERROR, code))
      return TransportClose::Kind::Refused;
  return TransportClose::Kind::Io;
}

class WebSocket final : public Transport {
 public:
  WebSocket(SoupSession *session, std::shared_ptr<WebSocketOptions> options,
            std::shared_ptr<unsigned> pending, TransportListener *listener)
      : session_(session),
        options_(std::move(options)),
        pending_(std::move(pending)),
        listener_(listener) {}
  ~WebSocket() override { abort(); }

  void open(const std::string &url, const Headers &headers) override;
  void send(const std::string &text) override;
  void ping() override;
  void close() override;
  void abort() override;

 private:
  // Outlives the WebSocket when that is destroyed while libsoup still connects.
  struct Connecting {
    WebSocket *self;
    std::shared_ptr<unsigned> pending;
  };

  void connected(GAsyncResult *result);
  void closed(const TransportClose &why);
  void count_until_freed(SoupWebsocketConnection *connection);
  TransportClose connect_failure(const GError *error) const;

  static gboolean accept_certificate(SoupMessage *, GTlsCertificate *, GTlsCertificateFlags errors,
                                     WebSocket *self);
  static void network_event(SoupMessage *, GSocketClientEvent event, GIOStream *stream,
                            WebSocket *self);
  static void on_message(SoupWebsocketConnection *, int type, GBytes *bytes, WebSocket *self);
  static void on_pong(SoupWebsocketConnection *, GBytes *, WebSocket *self);
  static void on_error(SoupWebsocketConnection *, GError *error, WebSocket *self);
  static void on_closed(SoupWebsocketConnection *connection, WebSocket *self);

  SoupSession *session_;  // the factory's
  std::shared_ptr<WebSocketOptions> options_;
  std::shared_ptr<unsigned> pending_;
  TransportListener *listener_;
  ObjectPtr<SoupMessage> message_;
  ObjectPtr<SoupWebsocketConnection> connection_;
  ObjectPtr<GSocket> socket_;
  ObjectPtr<GCancellable> cancellable_;
  Connecting *connecting_ = nullptr;
  GTlsCertificateFlags tls_errors_ = G_TLS_CERTIFICATE_NO_FLAGS;
};

void WebSocket::open(const std::string &url, const Headers &headers) {
  message_.reset(soup_message_new(SOUP_METHOD_GET, url.c_str()));
  if (!message_) {
    closed({TransportClose::Kind::Io, 0, "not a URL"});
    return;
  }
  soup_message_add_flags(message_.get(), SOUP_MESSAGE_NO_REDIRECT);
  for (auto &[name, value] : headers)
    soup_message_headers_append(soup_message_get_request_headers(message_.get()), name.c_str(),
                                value.c_str());
  g_signal_connect(message_.get(), "accept-certificate", G_CALLBACK(accept_certificate), this);
  g_signal_connect(message_.get(), "network-event", G_CALLBACK(network_event), this);

  cancellable_.reset(g_cancellable_new());
  connecting_ = new Connecting{this, pending_};
  ++*pending_;
  soup_session_websocket_connect_async(
      session_, message_.get(), nullptr, nullptr, G_PRIORITY_DEFAULT, cancellable_.get(),
      [](GObject *session, GAsyncResult *result, gpointer data) {
        std::unique_ptr<Connecting> connecting(static_cast<Connecting *>(data));
        --*connecting->pending;
        if (connecting->self) {
          connecting->self->connected(result);
          return;
        }
        // Nobody waits any more: take what came, so that it is freed.
        GError *error = nullptr;
        ObjectPtr<SoupWebsocketConnection> unwanted(
            soup_session_websocket_connect_finish(SOUP_SESSION(session), result, &error));
        g_clear_error(&error);
      },
      connecting_);
}

void WebSocket::connected(GAsyncResult *result) {
  connecting_ = nullptr;
  GError *raw_error = nullptr;
  connection_.reset(soup_session_websocket_connect_finish(session_, result, &raw_error));
  ErrorPtr error(raw_error);
  if (!connection_) {
    closed(connect_failure(error.get()));
    return;
  }
  soup_websocket_connection_set_max_incoming_payload_size(connection_.get(),
                                                          options_->max_message_size);
  g_signal_connect(connection_.get(), "message", G_CALLBACK(on_message), this);
  g_signal_connect(connection_.get(), "pong", G_CALLBACK(on_pong), this);
  g_signal_connect(connection_.get(), "error", G_CALLBACK(on_error), this);
  g_signal_connect(connection_.get(), "closed", G_CALLBACK(on_closed), this);
  listener_->transport_opened();
}

TransportClose WebSocket::connect_failure(const GError *error) const {
  const int status = soup_message_get_status(message_.get());
  if (SOUP_STATUS_IS_REDIRECTION(status)) {
    const char *to =
        soup_message_headers_get_one(soup_message_get_response_headers(message_.get()), "Location");
    return {TransportClose::Kind::Redirect, status, to ? to : ""};
  }
  if (status != 0 && status != SOUP_STATUS_SWITCHING_PROTOCOLS) {
    const char *phrase = soup_message_get_reason_phrase(message_.get());
    return {TransportClose::Kind::Http, status,
            phrase && *phrase ? phrase : soup_status_get_phrase(status)};
  }
  std::string text = error->message;
  if (tls_errors_ != G_TLS_CERTIFICATE_NO_FLAGS)
    text = tls_problems(tls_errors_);
  return {kind_of(error), 0, text};
}

void WebSocket::send(const std::string &text) {
  if (connection_ &&
      soup_websocket_connection_get_state(connection_.get()) == SOUP_WEBSOCKET_STATE_OPEN)
    soup_websocket_connection_send_text(connection_.get(), text.c_str());
}

// libsoup pings at an interval only, of a second at least.
void WebSocket::ping() {
  if (connection_)
    soup_websocket_connection_set_keepalive_interval(connection_.get(), 1);
}

void WebSocket::on_pong(SoupWebsocketConnection *connection, GBytes *, WebSocket *self) {
  soup_websocket_connection_set_keepalive_interval(connection, 0);
  self->listener_->transport_pong();
}

void WebSocket::close() {
  if (connection_ &&
      soup_websocket_connection_get_state(connection_.get()) == SOUP_WEBSOCKET_STATE_OPEN)
    soup_websocket_connection_close(connection_.get(), SOUP_WEBSOCKET_CLOSE_NORMAL, nullptr);
  else if (!connection_)
    closed({TransportClose::Kind::Io, 0, "closed before it was open"});
}

void WebSocket::abort() {
  listener_ = nullptr;
  if (connecting_) {
    connecting_->self = nullptr;
    connecting_ = nullptr;
    g_cancellable_cancel(cancellable_.get());
  }
  if (message_)
    g_signal_handlers_disconnect_by_data(message_.get(), this);
  message_.reset();
  if (connection_) {
    g_signal_handlers_disconnect_by_data(connection_.get(), this);
    // Without this, libsoup and TLS would still wait for the peer, and the context would have to
    // run on.
    if (socket_)
      g_socket_shutdown(socket_.get(), TRUE, TRUE, nullptr);
    count_until_freed(connection_.get());
    connection_.reset();
  }
  socket_.reset();
}

// libsoup keeps a connection alive until its stream is closed, which needs the main context.
void WebSocket::count_until_freed(SoupWebsocketConnection *connection) {
  ++*pending_;
  g_object_set_data_full(G_OBJECT(connection), "rtms-pending",
                         new std::shared_ptr<unsigned>(pending_), [](gpointer data) {
                           std::unique_ptr<std::shared_ptr<unsigned>> pending(
                               static_cast<std::shared_ptr<unsigned> *>(data));
                           --**pending;
                         });
}

void WebSocket::closed(const TransportClose &why) {
  TransportListener *listener = listener_;
  abort();
  if (listener)
    listener->transport_closed(why);
}

gboolean WebSocket::accept_certificate(SoupMessage *, GTlsCertificate *,
                                       GTlsCertificateFlags errors, WebSocket *self) {
  self->tls_errors_ =
      static_cast<GTlsCertificateFlags>(errors & self->options_->tls_validation_flags);
  return self->tls_errors_ == G_TLS_CERTIFICATE_NO_FLAGS;
}

void WebSocket::network_event(SoupMessage *, GSocketClientEvent event, GIOStream *stream,
                              WebSocket *self) {
  if (event == G_SOCKET_CLIENT_CONNECTED && G_IS_SOCKET_CONNECTION(stream))
    self->socket_ = share(g_socket_connection_get_socket(G_SOCKET_CONNECTION(stream)));
}

void WebSocket::on_message(SoupWebsocketConnection *, int, GBytes *bytes, WebSocket *self) {
  if (self->options_->interrupt && *self->options_->interrupt) {
    self->closed({TransportClose::Kind::Io, 0, "interrupted"});
    return;
  }
  gsize size = 0;
  auto data = static_cast<const char *>(g_bytes_get_data(bytes, &size));
  self->listener_->transport_message(std::string_view(data, size));
}

void WebSocket::on_error(SoupWebsocketConnection *, GError *error, WebSocket *self) {
  const bool too_large = g_error_matches(error, SOUP_WEBSOCKET_ERROR, SOUP_WEBSOCKET_CLOSE_TOO_BIG);
  self->closed({too_large ? TransportClose::Kind::TooLarge : kind_of(error),
                too_large ? SOUP_WEBSOCKET_CLOSE_TOO_BIG : 0, error->message});
}

void WebSocket::on_closed(SoupWebsocketConnection *connection, WebSocket *self) {
  const char *reason = soup_websocket_connection_get_close_data(connection);
  self->closed({TransportClose::Kind::Closed, soup_websocket_connection_get_close_code(connection),
                reason ? reason : ""});
}

}  // namespace

WebSocketFactory::WebSocketFactory(WebSocketOptions options)
    : options_(std::make_shared<WebSocketOptions>(std::move(options))),
      // Every phase has a time limit of its own in the session above: none on the socket.
      session_(soup_session_new_with_options("timeout", 0, "idle-timeout", 0, "max-conns",
                                             kMaxConnections, "max-conns-per-host", kMaxConnections,
                                             nullptr)),
      pending_(std::make_shared<unsigned>(0)) {
  if (!options_->user_agent.empty())
    soup_session_set_user_agent(session_.get(), options_->user_agent.c_str());
  if (options_->tls_database)
    soup_session_set_tls_database(session_.get(), options_->tls_database.get());
  if (!options_->proxy.empty()) {
    ObjectPtr<GProxyResolver> resolver(
        g_simple_proxy_resolver_new(options_->proxy.c_str(), nullptr));
    soup_session_set_proxy_resolver(session_.get(), resolver.get());
  }
  // Compressed frames are never worth it for base64 of compressed media, and their expanded size
  // has no limit.
  soup_session_remove_feature_by_type(session_.get(), SOUP_TYPE_WEBSOCKET_EXTENSION_MANAGER);
  soup_session_remove_feature_by_type(session_.get(), SOUP_TYPE_AUTH_MANAGER);
}

WebSocketFactory::~WebSocketFactory() {
  soup_session_abort(session_.get());
  GMainContext *context = g_main_context_get_thread_default();
  bool timed_out = false;
  AttachedSource limit(g_timeout_source_new(kDrainTimeout_ms));
  g_source_set_callback(
      limit.get(),
      [](gpointer data) -> gboolean {
        *static_cast<bool *>(data) = true;
        return G_SOURCE_CONTINUE;
      },
      &timed_out, nullptr);
  g_source_attach(limit.get(), context);
  while (*pending_ > 0 && !timed_out)
    g_main_context_iteration(context, TRUE);
}

std::unique_ptr<Transport> WebSocketFactory::create(TransportListener *listener) {
  return std::make_unique<WebSocket>(session_.get(), options_, pending_, listener);
}

}  // namespace rtms
