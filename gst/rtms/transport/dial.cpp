// SPDX-License-Identifier: LGPL-2.1-or-later
#include "dial.h"

#include "upgrade.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <cstring>

namespace rtms {
namespace {

std::string tls_problems(GTlsCertificateFlags flags) {
  constexpr std::pair<GTlsCertificateFlags, const char *> names[] = {
      {G_TLS_CERTIFICATE_UNKNOWN_CA, "it is not signed by a known authority"},
      {G_TLS_CERTIFICATE_BAD_IDENTITY, "it is for another host"},
      {G_TLS_CERTIFICATE_NOT_ACTIVATED, "it is not valid yet"},
      {G_TLS_CERTIFICATE_EXPIRED, "it has expired"},
      {G_TLS_CERTIFICATE_REVOKED, "it was revoked"},
      {G_TLS_CERTIFICATE_INSECURE, "its algorithm is insecure"},
      {G_TLS_CERTIFICATE_GENERIC_ERROR, "it could not be verified"},
  };
  std::string text;
  for (auto &[flag, name] : names)
    if (flags & flag)
      text += (text.empty() ? "the certificate was refused: " : ", ") + std::string(name);
  return text;
}

TransportClose::Kind kind_of(const GError *error) {
  // Other failures of TLS say nothing about certificates: a balancer whose server is starting
  // closes, sends an alert, or answers in clear text.
  for (int code :
       {G_TLS_ERROR_BAD_CERTIFICATE, G_TLS_ERROR_CERTIFICATE_REQUIRED, G_TLS_ERROR_UNAVAILABLE})
    if (g_error_matches(error, G_TLS_ERROR, code))
      return TransportClose::Kind::Tls;
  if (error->domain == G_RESOLVER_ERROR)
    return TransportClose::Kind::Resolve;
  for (int code : {G_IO_ERROR_CONNECTION_REFUSED, G_IO_ERROR_HOST_UNREACHABLE,
                   G_IO_ERROR_NETWORK_UNREACHABLE, G_IO_ERROR_PROXY_FAILED})
    if (g_error_matches(error, G_IO_ERROR, code))
      return TransportClose::Kind::Refused;
  return TransportClose::Kind::Io;
}

}  // namespace

TransportClose close_of(const GError *error) {
  return {kind_of(error), 0, error->message};
}

Dial::~Dial() {
  if (operation_) {
    operation_->self = nullptr;
    g_cancellable_cancel(cancellable_.get());
  }
  if (stream_)
    g_signal_handlers_disconnect_by_data(stream_.get(), this);
  // Otherwise a TLS handshake would wait for the peer.
  if (socket_)
    g_socket_shutdown(socket_.get(), TRUE, TRUE, nullptr);
}

Dial::Operation *Dial::begin() {
  ++*operations_;
  operation_ = new Operation{this, operations_};
  return operation_;
}

// Returns null if the Dial was destroyed.
Dial *Dial::end(gpointer data) {
  std::unique_ptr<Operation> operation(static_cast<Operation *>(data));
  --*operation->operations;
  if (operation->self)
    operation->self->operation_ = nullptr;
  return operation->self;
}

void Dial::start(GUri *uri, Done done) {
  done_ = std::move(done);
  secure_ = strcmp(g_uri_get_scheme(uri), "wss") == 0;
  // GIO selects a proxy by the scheme of an HTTP URL.
  const std::string url = (secure_ ? "https://" : "http://") + host_and_port(uri);
  address_.reset(g_network_address_parse_uri(url.c_str(), port_of(uri), nullptr));
  if (!address_)
    address_.reset(g_network_address_new(g_uri_get_host(uri), port_of(uri)));
  client_.reset(g_socket_client_new());
  if (!options_->proxy.empty()) {
    ObjectPtr<GProxyResolver> resolver(
        g_simple_proxy_resolver_new(options_->proxy.c_str(), nullptr));
    g_socket_client_set_proxy_resolver(client_.get(), resolver.get());
  }
  cancellable_.reset(g_cancellable_new());
  g_socket_client_connect_async(
      client_.get(), address_.get(), cancellable_.get(),
      [](GObject *client, GAsyncResult *result, gpointer data) {
        if (Dial *self = end(data))
          return self->connected(result);
        // The result must be taken to be freed.
        ObjectPtr<GSocketConnection> unwanted(
            g_socket_client_connect_finish(G_SOCKET_CLIENT(client), result, nullptr));
      },
      begin());
}

void Dial::connected(GAsyncResult *result) {
  GError *raw_error = nullptr;
  GSocketConnection *connection = g_socket_client_connect_finish(client_.get(), result, &raw_error);
  ErrorPtr error(raw_error);
  if (!connection)
    return fail(error.get());
  stream_.reset(G_IO_STREAM(connection));
  socket_ = share(g_socket_connection_get_socket(connection));
  // Keep-alives are small, and their answers must not be delayed.
  g_socket_set_option(socket_.get(), IPPROTO_TCP, TCP_NODELAY, TRUE, nullptr);
  if (secure_)
    start_tls();
  else
    finish({std::move(stream_), std::move(socket_), {}});
}

void Dial::start_tls() {
  GError *raw_error = nullptr;
  // No database here: each connection with one loads all certificates again (15 ms, 3.5 MB).
  // accept_certificate() asks options_'s database, which loads them once.
  GTlsBackend *backend = g_tls_backend_get_default();
  auto tls = static_cast<GIOStream *>(g_initable_new(
      g_tls_backend_get_client_connection_type(backend), nullptr, &raw_error, "base-io-stream",
      stream_.get(), "server-identity", address_.get(), "database", nullptr, nullptr));
  ErrorPtr error(raw_error);
  if (!tls)
    return fail(error.get());
  stream_.reset(tls);
  // WebSocket has its own close frame.
  g_tls_connection_set_require_close_notify(G_TLS_CONNECTION(tls), FALSE);
  const char *protocols[] = {"http/1.1", nullptr};
  g_tls_connection_set_advertised_protocols(G_TLS_CONNECTION(tls), protocols);
  g_signal_connect(tls, "accept-certificate", G_CALLBACK(accept_certificate), this);
  g_tls_connection_handshake_async(
      G_TLS_CONNECTION(tls), G_PRIORITY_DEFAULT, cancellable_.get(),
      [](GObject *, GAsyncResult *done, gpointer data) {
        if (Dial *self = end(data))
          self->secured(done);
      },
      begin());
}

void Dial::secured(GAsyncResult *result) {
  auto tls = G_TLS_CONNECTION(stream_.get());
  GError *raw_error = nullptr;
  const bool secured = g_tls_connection_handshake_finish(tls, result, &raw_error);
  ErrorPtr error(raw_error);
  if (!secured)
    return fail(error.get());
  // The handshake of a resumed session transfers no certificate.
  if (!verified_)
    if (GTlsCertificate *certificate = g_tls_connection_get_peer_certificate(tls))
      verify(certificate);
  if (!verified_)
    return finish(
        {nullptr,
         nullptr,
         {TransportClose::Kind::Tls, 0,
          tls_errors_ != G_TLS_CERTIFICATE_NO_FLAGS ? tls_problems(tls_errors_)
                                                    : "nobody verified its certificate"}});
  const GTlsProtocolVersion version = g_tls_connection_get_protocol_version(tls);
  if (version < G_TLS_PROTOCOL_VERSION_TLS_1_2)
    return finish({nullptr,
                   nullptr,
                   {TransportClose::Kind::Tls, 0,
                    "the server offers no secure TLS version; TLS 1.2 or later is required"}});
  g_signal_handlers_disconnect_by_data(tls, this);
  finish({std::move(stream_), std::move(socket_), {}});
}

// Called for each certificate: without a database none is trusted.
gboolean Dial::accept_certificate(GTlsConnection *, GTlsCertificate *certificate,
                                  GTlsCertificateFlags, Dial *self) {
  self->verify(certificate);
  return self->verified_;
}

void Dial::verify(GTlsCertificate *certificate) {
  ObjectPtr<GTlsDatabase> database =
      options_->tls_database ? share(options_->tls_database.get())
                             : ObjectPtr<GTlsDatabase>(
                                   g_tls_backend_get_default_database(g_tls_backend_get_default()));
  const GTlsCertificateFlags errors =
      database ? g_tls_database_verify_chain(
                     database.get(), certificate, G_TLS_DATABASE_PURPOSE_AUTHENTICATE_SERVER,
                     address_.get(), nullptr, G_TLS_DATABASE_VERIFY_NONE, nullptr, nullptr)
               : G_TLS_CERTIFICATE_VALIDATE_ALL;
  tls_errors_ = static_cast<GTlsCertificateFlags>(errors & options_->tls_validation_flags);
  verified_ = tls_errors_ == G_TLS_CERTIFICATE_NO_FLAGS;
}

void Dial::fail(const GError *error) {
  TransportClose failure = close_of(error);
  if (tls_errors_ != G_TLS_CERTIFICATE_NO_FLAGS)
    failure = {TransportClose::Kind::Tls, 0, tls_problems(tls_errors_)};
  finish({nullptr, nullptr, std::move(failure)});
}

void Dial::finish(Result result) {
  const Done done = std::move(done_);
  done(std::move(result));
}

}  // namespace rtms
