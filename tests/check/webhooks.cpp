// SPDX-License-Identifier: LGPL-2.1-or-later
#include "webhooks.h"

#include "crypto.h"

namespace rtmscheck {

namespace {

ObjectPtr<GSocketConnection> connect(const std::string &url, const std::string &ca_file,
                                     GError **failure) {
  ObjectPtr<GSocketClient> client(g_socket_client_new());
  ObjectPtr<GTlsDatabase> database;
  const bool tls = g_str_has_prefix(url.c_str(), "https:");
  if (tls && !ca_file.empty()) {
    database.reset(g_tls_file_database_new(ca_file.c_str(), nullptr));
    const auto trust = [](GSocketClient *, GSocketClientEvent event, GSocketConnectable *,
                          GIOStream *stream, gpointer data) {
      if (event == G_SOCKET_CLIENT_TLS_HANDSHAKING)
        g_tls_connection_set_database(G_TLS_CONNECTION(stream), G_TLS_DATABASE(data));
    };
    using OnEvent =
        void (*)(GSocketClient *, GSocketClientEvent, GSocketConnectable *, GIOStream *, gpointer);
    g_signal_connect(client.get(), "event", G_CALLBACK(static_cast<OnEvent>(trust)),
                     database.get());
  }
  g_socket_client_set_tls(client.get(), tls && database);
  g_socket_client_set_enable_proxy(client.get(), FALSE);
  g_socket_client_set_timeout(client.get(), static_cast<guint>(kDeadlineMs / 1000));
  return ObjectPtr<GSocketConnection>(
      g_socket_client_connect_to_uri(client.get(), url.c_str(), 80, nullptr, failure));
}

}  // namespace

bool is_trusted(const std::string &url, const std::string &ca_file) {
  GError *failure = nullptr;
  const auto connection = connect(url, ca_file, &failure);
  const ErrorPtr owned(failure);
  const bool refused = g_error_matches(failure, G_TLS_ERROR, G_TLS_ERROR_BAD_CERTIFICATE);
  ck_assert_msg(connection || refused, "%s: %s", url.c_str(), failure ? failure->message : "");
  return connection != nullptr;
}

HttpClient::HttpClient(const std::string &url, const std::string &ca_file) {
  GError *failure = nullptr;
  connection_ = connect(url, ca_file, &failure);
  ErrorPtr owned(failure);
  ck_assert_msg(connection_ != nullptr, "%s: %s", url.c_str(), failure ? failure->message : "");
}

bool HttpClient::send(const std::string &text) {
  GOutputStream *out = g_io_stream_get_output_stream(G_IO_STREAM(connection_.get()));
  return g_output_stream_write_all(out, text.data(), text.size(), nullptr, nullptr, nullptr);
}

HttpAnswer HttpClient::read() {
  GInputStream *in = g_io_stream_get_input_stream(G_IO_STREAM(connection_.get()));
  std::string text;
  char buffer[4096];
  for (;;) {
    GError *failure = nullptr;
    const gssize size = g_input_stream_read(in, buffer, sizeof buffer, nullptr, &failure);
    ErrorPtr owned(failure);
    ck_assert_msg(!g_error_matches(failure, G_IO_ERROR, G_IO_ERROR_TIMED_OUT), "no end after %s",
                  text.c_str());
    if (size <= 0)
      break;
    text.append(buffer, static_cast<std::size_t>(size));
  }
  HttpAnswer answer;
  const std::size_t end = text.find("\r\n\r\n");
  if (end == std::string::npos || std::sscanf(text.c_str(), "HTTP/1.%*d %d", &answer.status) != 1)
    return answer;
  answer.head = text.substr(0, end);
  answer.body = text.substr(end + 4);
  return answer;
}

bool HttpClient::ended(int timeout_ms) {
  GSocket *socket = g_socket_connection_get_socket(connection_.get());
  if (!g_socket_condition_timed_wait(socket, G_IO_IN, timeout_ms * gint64{1000}, nullptr, nullptr))
    return false;
  return read().status == 0;
}

std::string path_of(const std::string &url) {
  return url.substr(url.find('/', url.find("://") + 3));
}

Headers signed_headers(const std::string &body, int64_t age_s, const std::string &token) {
  const std::string stamp = std::to_string(g_get_real_time() / G_USEC_PER_SEC - age_s);
  return {{"x-zm-request-timestamp", stamp},
          {"x-zm-signature", "v0=" + hmac_sha256_hex(token, "v0:" + stamp + ":" + body)}};
}

std::string request_text(const std::string &method, const std::string &path, const Headers &headers,
                         const std::string &body) {
  std::string text = method + " " + path + " HTTP/1.1\r\nHost: hooks.example\r\n";
  for (const auto &[name, value] : headers)
    text += name + ": " + value + "\r\n";
  return text + "Content-Type: application/json; charset=utf-8\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

HttpAnswer post(const std::string &url, const Headers &headers, const std::string &body,
                const std::string &ca_file) {
  HttpClient client(url, ca_file);
  client.send(request_text("POST", path_of(url), headers, body));
  return client.read();
}

std::string moved(std::string webhook) {
  const std::string host = "://127.0.0.1";
  const size_t at = webhook.find(host);
  ck_assert_msg(at != std::string::npos, "%s", webhook.c_str());
  return webhook.replace(at, host.size(), "://localhost");
}

HttpAnswer post_signed(const std::string &url, const std::string &body,
                       const std::string &ca_file) {
  return post(url, signed_headers(body), body, ca_file);
}

std::string stream_event(const std::string &name, const std::string &stream_id, int64_t event_ts) {
  return "{\"event\":\"" + name + "\",\"event_ts\":" + std::to_string(event_ts) +
         R"(,"payload":{"account_id":"a","object":{"meeting_uuid":"m","rtms_stream_id":")" +
         stream_id + R"(","server_urls":"wss://127.0.0.1:1/s"}}})";
}

}  // namespace rtmscheck
