// SPDX-License-Identifier: LGPL-2.1-or-later
// A WebSocket client that knows nothing of the protocol, for checks. It lives on the default main
// context of the thread that runs them.
#pragma once

#include <libsoup/soup.h>
#include "gst_check.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace rtmstest {

inline constexpr int kDeadlineMs = 5000;

// Runs the default context until the condition holds.
template <class Condition>
bool wait_until(Condition condition, int timeout_ms = kDeadlineMs) {
  bool expired = false;
  guint timer = g_timeout_add(
      static_cast<guint>(timeout_ms),
      [](gpointer data) -> gboolean {
        *static_cast<bool *>(data) = true;
        return G_SOURCE_CONTINUE;
      },
      &expired);
  // Evaluated once per round: conditions may consume what they find.
  bool holds = condition();
  while (!holds && !expired) {
    g_main_context_iteration(nullptr, TRUE);
    holds = condition();
  }
  g_source_remove(timer);
  return holds;
}

class Client {
 public:
  static constexpr guint64 kMaxIncoming = 64 * 1024 * 1024;

  Client(const std::string &url, const std::string &ca_file = {},
         const std::map<std::string, std::string> &headers = {}) {
    session_ = soup_session_new();
    if (!ca_file.empty())
      trust(ca_file);
    SoupMessage *message = soup_message_new("GET", url.c_str());
    ck_assert(message != nullptr);
    soup_message_add_flags(message, SOUP_MESSAGE_NO_REDIRECT);
    for (const auto &[name, value] : headers)
      soup_message_headers_append(soup_message_get_request_headers(message), name.c_str(),
                                  value.c_str());
    cancellable_ = g_cancellable_new();
    soup_session_websocket_connect_async(session_, message, nullptr, nullptr, G_PRIORITY_DEFAULT,
                                         cancellable_, on_connected, this);
    message_ = message;
  }
  ~Client() {
    if (websocket_) {
      g_signal_handlers_disconnect_by_data(websocket_, this);
      if (soup_websocket_connection_get_state(websocket_) == SOUP_WEBSOCKET_STATE_OPEN) {
        soup_websocket_connection_close(websocket_, 1000, nullptr);
        wait_until([this] {
          return soup_websocket_connection_get_state(websocket_) == SOUP_WEBSOCKET_STATE_CLOSED;
        });
      }
      g_object_unref(websocket_);
    }
    if (!done_)
      g_cancellable_cancel(cancellable_);
    wait_until([this] { return done_; });
    g_object_unref(cancellable_);
    g_object_unref(message_);
    soup_session_abort(session_);
    g_object_unref(session_);
  }
  Client(const Client &) = delete;
  Client &operator=(const Client &) = delete;

  bool connected() {
    wait_until([this] { return done_; });
    return websocket_ != nullptr;
  }
  bool done() const { return done_; }
  unsigned http_status() const { return soup_message_get_status(message_); }
  std::string header(const char *name) const {
    const char *value =
        soup_message_headers_get_one(soup_message_get_response_headers(message_), name);
    return value ? value : "";
  }
  void send(const std::string &text) {
    ck_assert(connected());
    soup_websocket_connection_send_text(websocket_, text.c_str());
  }
  void send_binary(const std::string &text) {
    ck_assert(connected());
    soup_websocket_connection_send_binary(websocket_, text.data(), text.size());
  }
  void close(unsigned code) {
    soup_websocket_connection_close(websocket_, static_cast<gushort>(code), nullptr);
  }
  // The first message of a type that was not asked for yet; empty: none came.
  std::string next(int msg_type) {
    std::string found;
    wait_until([&] { return take(msg_type, &found) || closed_; });
    return found;
  }
  std::string ask(const std::string &text, int msg_type) {
    send(text);
    return next(msg_type);
  }
  bool closed() {
    return wait_until([this] { return closed_; });
  }
  unsigned close_code() const { return soup_websocket_connection_get_close_code(websocket_); }
  const std::vector<std::string> &messages() const { return messages_; }
  unsigned binary_frames() const { return binary_frames_; }
  std::size_t count(int msg_type) const {
    return static_cast<std::size_t>(
        std::count_if(messages_.begin(), messages_.end(),
                      [=](const std::string &text) { return type_of(text) == msg_type; }));
  }

  static int type_of(const std::string &text) {
    auto at = text.find("\"msg_type\":");
    return at == std::string::npos ? -1 : std::atoi(text.c_str() + at + 11);
  }

 private:
  void trust(const std::string &ca_file) {
    GTlsDatabase *database = g_tls_file_database_new(ca_file.c_str(), nullptr);
    ck_assert(database != nullptr);
    soup_session_set_tls_database(session_, database);
    g_object_unref(database);
  }
  bool take(int msg_type, std::string *found) {
    for (std::size_t i = 0; i < messages_.size(); i++) {
      if (taken_.count(i) || type_of(messages_[i]) != msg_type)
        continue;
      taken_.insert(i);
      *found = messages_[i];
      return true;
    }
    return false;
  }
  static void on_connected(GObject *source, GAsyncResult *result, gpointer data) {
    auto self = static_cast<Client *>(data);
    self->websocket_ = soup_session_websocket_connect_finish(SOUP_SESSION(source), result, nullptr);
    self->done_ = true;
    if (!self->websocket_)
      return;
    soup_websocket_connection_set_max_incoming_payload_size(self->websocket_, kMaxIncoming);
    g_signal_connect(self->websocket_, "message", G_CALLBACK(on_message), self);
    g_signal_connect(self->websocket_, "closed", G_CALLBACK(on_closed), self);
  }
  static void on_message(SoupWebsocketConnection *, gint type, GBytes *bytes, gpointer data) {
    auto self = static_cast<Client *>(data);
    gsize size = 0;
    auto text = static_cast<const char *>(g_bytes_get_data(bytes, &size));
    if (type == SOUP_WEBSOCKET_DATA_BINARY)
      self->binary_frames_++;
    self->messages_.emplace_back(text, size);
  }
  static void on_closed(SoupWebsocketConnection *, gpointer data) {
    static_cast<Client *>(data)->closed_ = true;
  }

  SoupSession *session_ = nullptr;
  SoupMessage *message_ = nullptr;
  GCancellable *cancellable_ = nullptr;
  SoupWebsocketConnection *websocket_ = nullptr;
  bool done_ = false, closed_ = false;
  unsigned binary_frames_ = 0;
  std::vector<std::string> messages_;
  std::set<std::size_t> taken_;
};

}  // namespace rtmstest
