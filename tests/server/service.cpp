// SPDX-License-Identifier: LGPL-2.1-or-later
#include "service.h"

#include <glib/gstdio.h>

#include "crypto.h"
#include "tls.h"
#include "webhook.h"

namespace rtmstest {

namespace {

constexpr int64_t kShutDownUs = 2 * G_USEC_PER_SEC;

}  // namespace

Service::~Service() {
  if (!temporary_file_.empty())
    g_unlink(temporary_file_.c_str());
}

ObjectPtr<GTlsCertificate> Service::certificate(std::string *error) {
  GError *failure = nullptr;
  ObjectPtr<GTlsCertificate> loaded;
  if (!config_.cert_file.empty()) {
    const std::string &key = config_.key_file.empty() ? config_.cert_file : config_.key_file;
    loaded.reset(
        g_tls_certificate_new_from_files(config_.cert_file.c_str(), key.c_str(), &failure));
    ca_file_ = config_.cert_file;
  } else {
    SelfSigned made = make_self_signed();
    *error = made.error;
    if (made.error.empty())
      temporary_file_ = write_temporary(made.certificate, error);
    if (temporary_file_.empty())
      return nullptr;
    ca_file_ = temporary_file_;
    std::string both = made.certificate + made.key;
    loaded.reset(
        g_tls_certificate_new_from_pem(both.data(), static_cast<gssize>(both.size()), &failure));
  }
  ErrorPtr owned(failure);
  if (failure)
    *error = failure->message;
  return loaded;
}

void Service::add_endpoint(const std::string &name) {
  Endpoint &endpoint = endpoints_.emplace_back(Endpoint{this, name});
  std::string path = "/" + name;
  soup_server_add_early_handler(server_.get(), path.c_str(), on_request, &endpoint, nullptr);
  soup_server_add_websocket_handler(server_.get(), path.c_str(), nullptr, nullptr, on_websocket,
                                    &endpoint, nullptr);
}

bool Service::listen(ListenInfo *info, std::string *error) {
  server_.reset(soup_server_new("server-header", "rtms-test-server", nullptr));
  int options = SOUP_SERVER_LISTEN_IPV4_ONLY;
  if (config_.tls) {
    ObjectPtr<GTlsCertificate> own = certificate(error);
    if (!own)
      return false;
    soup_server_set_tls_certificate(server_.get(), own.get());
    options |= SOUP_SERVER_LISTEN_HTTPS;
  }
  add_endpoint("signaling");
  add_endpoint("media/all");
  for (Media m : kAllMedia)
    add_endpoint(std::string("media/") + media_name(m));

  GError *failure = nullptr;
  soup_server_listen_local(server_.get(), config_.port,
                           static_cast<SoupServerListenOptions>(options), &failure);
  ErrorPtr owned(failure);
  if (failure) {
    *error = failure->message;
    return false;
  }
  Ptr<GSList, g_slist_free> listeners(soup_server_get_listeners(server_.get()));
  ObjectPtr<GSocketAddress> address(
      g_socket_get_local_address(static_cast<GSocket *>(listeners->data), nullptr));
  info->port = g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(address.get()));
  info->base_url =
      std::string(config_.tls ? "wss" : "ws") + "://127.0.0.1:" + std::to_string(info->port);
  info->ca_file = ca_file_;
  info->webhook = webhook_started(config_, info->base_url + "/signaling");
  log_.change([info](Log::State &state) { state.webhooks.push_back(info->webhook); });
  stream_ = std::make_unique<Stream>(config_, log_, info->base_url);
  return true;
}

void Service::on_request(SoupServer *, SoupServerMessage *message, const char *, GHashTable *,
                         gpointer data) {
  auto endpoint = static_cast<Endpoint *>(data);
  endpoint->service->request(message, endpoint->name);
}

// Runs when the headers are read: a status set here keeps the upgrade from happening.
void Service::request(SoupServerMessage *message, const std::string &name) {
  log_.change([](Log::State &state) { state.requests++; });
  if (stream_->fault("silent_http", config_.silent_http)) {
    soup_server_message_pause(message);
    return;
  }
  bool signaling = name == "signaling";
  int status = signaling ? config_.upgrade_status_signaling : config_.upgrade_status_media;
  if (stream_->fault(signaling ? "upgrade_signaling" : "upgrade_media", status != 0)) {
    soup_server_message_set_status(message, static_cast<guint>(status), nullptr);
    if (status >= 300 && status < 400)
      soup_message_headers_replace(soup_server_message_get_response_headers(message), "Location",
                                   config_.redirect_to.c_str());
    return;
  }
  if (stream_->in_outage(name)) {
    soup_server_message_set_status(message, SOUP_STATUS_SERVICE_UNAVAILABLE, nullptr);
    return;
  }
  send_informational(message);
  if (signaling)
    check_headers(message);
}

// Libsoup knows none but 100, so they are written past it.
void Service::send_informational(SoupServerMessage *message) {
  GSocket *socket = soup_server_message_get_socket(message);
  for (int status : config_.informational) {
    const std::string text =
        "HTTP/1.1 " + std::to_string(status) + " Wait\r\nLink: </style.css>; rel=preload\r\n\r\n";
    g_socket_send(socket, text.data(), text.size(), nullptr, nullptr);
  }
}

void Service::check_headers(SoupServerMessage *message) {
  SoupMessageHeaders *headers = soup_server_message_get_request_headers(message);
  const char *stream_id = soup_message_headers_get_one(headers, "X-Zoom-RTMS-Stream-Id");
  const char *sent = soup_message_headers_get_one(headers, "X-Zoom-RTMS-Signature");
  if (stream_id && config_.stream_id != stream_id)
    log_.violation("signaling", "header X-Zoom-RTMS-Stream-Id is wrong");
  const std::string expected = expected_signature(config_);
  if (sent && !equal_constant_time(expected, sent))
    log_.violation("signaling", "header X-Zoom-RTMS-Signature is wrong");
}

void Service::on_websocket(SoupServer *, SoupServerMessage *message, const char *,
                           SoupWebsocketConnection *websocket, gpointer data) {
  auto endpoint = static_cast<Endpoint *>(data);
  endpoint->service->stream_->accepted(websocket, soup_server_message_get_socket(message),
                                       endpoint->name);
}

// Drops all sockets, then lets libsoup notice, so that nothing of it outlives the context.
void Service::shut_down() {
  GMainContext *context = g_main_context_get_thread_default();
  soup_server_disconnect(server_.get());
  stream_->abort_all();
  bool expired = false;
  Event deadline;
  deadline.after_ms(kShutDownUs / 1000, [&expired] {
    expired = true;
    return G_SOURCE_REMOVE;
  });
  while (!stream_->empty() && !expired)
    g_main_context_iteration(context, TRUE);
}

}  // namespace rtmstest
