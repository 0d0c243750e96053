// SPDX-License-Identifier: LGPL-2.1-or-later
#include "connection.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace rtmstest {

namespace {

constexpr std::size_t kMaxUnanswered = 3;
constexpr int64_t kLateUs = G_USEC_PER_SEC;
constexpr guint64 kMaxIncoming = 4 * 1024 * 1024;
constexpr int kPatienceMs = 2000;

void write_all(int socket, const char *bytes, std::size_t size) {
  while (size > 0) {
    const ssize_t written = ::send(socket, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT);
    pollfd full{socket, POLLOUT, 0};
    if (written < 0 && (errno != EAGAIN || poll(&full, 1, kPatienceMs) <= 0))
      return;
    bytes += std::max<ssize_t>(written, 0);
    size -= static_cast<std::size_t>(std::max<ssize_t>(written, 0));
  }
}

}  // namespace

Connection::Connection(SoupWebsocketConnection *websocket, GSocket *socket, Identity identity,
                       Owner &owner, Log &log, const Config &config)
    : identity_(std::move(identity)),
      owner_(owner),
      log_(log),
      config_(config),
      websocket_(static_cast<SoupWebsocketConnection *>(g_object_ref(websocket))),
      socket_(static_cast<GSocket *>(g_object_ref(socket))),
      last_flow_us_(g_get_monotonic_time()) {
  soup_websocket_connection_set_max_incoming_payload_size(websocket, kMaxIncoming);
  message_handler_ = g_signal_connect(websocket, "message", G_CALLBACK(on_websocket_message), this);
  closed_handler_ = g_signal_connect(websocket, "closed", G_CALLBACK(on_websocket_closed), this);
  log_.change([](Log::State &state) {
    state.connections++;
    state.accepted++;
  });
  log_.note("connected: " + name());
}

Connection::~Connection() {
  g_signal_handler_disconnect(websocket_.get(), message_handler_);
  g_signal_handler_disconnect(websocket_.get(), closed_handler_);
  if (real_socket_ >= 0)
    ::close(real_socket_);
  if (quiet_peer_ >= 0)
    ::close(quiet_peer_);
}

bool Connection::open() const {
  return soup_websocket_connection_get_state(websocket_.get()) == SOUP_WEBSOCKET_STATE_OPEN;
}

GPollableOutputStream *Connection::output() const {
  GIOStream *stream = soup_websocket_connection_get_io_stream(websocket_.get());
  return G_POLLABLE_OUTPUT_STREAM(g_io_stream_get_output_stream(stream));
}

bool Connection::writable() const {
  return g_pollable_output_stream_is_writable(output());
}

void Connection::send(int msg_type, const Members &members) {
  send_text(message(config_, msg_type, members));
}

void Connection::send_text(const std::string &json) {
  if (silent_ || !open())
    return;
  last_flow_us_ = g_get_monotonic_time();
  if (config_.binary_frames)
    soup_websocket_connection_send_binary(websocket_.get(), json.data(), json.size());
  else
    soup_websocket_connection_send_text(websocket_.get(), json.c_str());
}

void Connection::start_keep_alives() {
  if (keeping_alive_ || config_.keep_alive_ms <= 0)
    return;
  keeping_alive_ = true;
  schedule_keep_alive();
}

// Traffic only moves the due time; the timer finds out when it fires, so that traffic costs
// nothing.
void Connection::schedule_keep_alive() {
  int64_t idle_ms = (g_get_monotonic_time() - last_flow_us_) / 1000;
  int64_t wait_ms = config_.keep_alive_ms - idle_ms;
  keep_alive_.after_ms(wait_ms > 0 ? wait_ms : 0, [this] { return keep_alive_due(); });
}

bool Connection::keep_alive_due() {
  int64_t idle_us = g_get_monotonic_time() - last_flow_us_;
  if (idle_us >= int64_t{config_.keep_alive_ms} * 1000) {
    if (unanswered_.size() >= kMaxUnanswered) {
      log_.violation(name(), "keep-alives not answered");
      unanswered_.clear();
      owner_.on_keep_alives_missed(*this);
      return G_SOURCE_REMOVE;
    }
    send_keep_alive();
  }
  schedule_keep_alive();
  return G_SOURCE_REMOVE;
}

void Connection::send_keep_alive() {
  last_timestamp_ = std::max(g_get_real_time() / 1000, last_timestamp_ + 1);
  unanswered_[last_timestamp_] = g_get_monotonic_time();
  send(12, Members().num("timestamp", last_timestamp_));
  log_.change([](Log::State &state) { state.sent_keep_alives++; });
}

void Connection::answered_keep_alive(std::optional<int64_t> timestamp) {
  auto found = timestamp ? unanswered_.find(*timestamp) : unanswered_.end();
  if (found == unanswered_.end()) {
    log_.violation(name(), "keep-alive answer with a timestamp that was not asked");
    return;
  }
  if (g_get_monotonic_time() - found->second > kLateUs)
    log_.violation(name(), "keep-alive answered late");
  unanswered_.erase(found);
}

void Connection::close() {
  closed_by_server_ = true;
  keep_alive_.stop();
  if (open())
    soup_websocket_connection_close(websocket_.get(), SOUP_WEBSOCKET_CLOSE_NORMAL, nullptr);
}

void Connection::abort() {
  closed_by_server_ = true;
  keep_alive_.stop();
  g_socket_shutdown(socket_.get(), TRUE, TRUE, nullptr);
}

// libsoup would go on answering pings and closes. So its file descriptor is exchanged for one on
// which nothing ever happens, and the real connection stays open with nobody looking at it.
void Connection::silence() {
  if (silent_ || !open())
    return;
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) != 0)
    return;
  int descriptor = g_socket_get_fd(socket_.get());
  real_socket_ = dup(descriptor);
  dup2(pair[0], descriptor);
  ::close(pair[0]);
  quiet_peer_ = pair[1];
  silent_ = true;
  keep_alive_.stop();
}

void Connection::stall() {
  silence();
  stalled_ = silent_;
}

// What libsoup wrote meanwhile was for the real connection.
void Connection::resume() {
  if (!stalled_ || !open())
    return;
  char bytes[4096];
  ssize_t size = 0;
  while ((size = recv(quiet_peer_, bytes, sizeof bytes, MSG_DONTWAIT)) > 0)
    write_all(real_socket_, bytes, static_cast<std::size_t>(size));
  dup2(real_socket_, g_socket_get_fd(socket_.get()));
  ::close(real_socket_);
  ::close(quiet_peer_);
  real_socket_ = quiet_peer_ = -1;
  silent_ = stalled_ = false;
  last_flow_us_ = g_get_monotonic_time();
  for (auto &[timestamp, sent] : unanswered_)
    sent = last_flow_us_;
  if (keeping_alive_)
    schedule_keep_alive();
}

bool Connection::abandoned() const {
  pollfd real{real_socket_, POLLRDHUP, 0};
  return silent_ && poll(&real, 1, 0) > 0;
}

void Connection::on_websocket_message(SoupWebsocketConnection *, gint type, GBytes *bytes,
                                      gpointer data) {
  auto self = static_cast<Connection *>(data)->shared_from_this();
  gsize size = 0;
  auto text = static_cast<const char *>(g_bytes_get_data(bytes, &size));
  Received received{self->name(), text ? std::string(text, size) : std::string(),
                    type == SOUP_WEBSOCKET_DATA_BINARY, g_get_monotonic_time(), self->serial()};
  self->last_flow_us_ = received.time_us;
  if (received.binary && self->config_.strict)
    self->log_.violation(self->name(), "binary frame from the client");
  self->log_.change([&received](Log::State &state) { state.received.push_back(received); });
  self->owner_.on_message(*self, received.text);
}

void Connection::record_close() {
  unsigned code = soup_websocket_connection_get_close_code(websocket_.get());
  CloseRecord record{name(), code ? code : unsigned{SOUP_WEBSOCKET_CLOSE_ABNORMAL},
                     closed_by_server_, serial()};
  int64_t now = g_get_monotonic_time();
  for (const auto &[timestamp, sent] : unanswered_)
    if (now - sent > kLateUs)
      log_.violation(name(), "keep-alive not answered");
  if (config_.strict && !closed_by_server_ && code != SOUP_WEBSOCKET_CLOSE_NORMAL)
    log_.violation(name(), "closed by the client with code " + std::to_string(record.code));
  log_.note("closed: " + name() + ", code " + std::to_string(record.code));
  log_.change([&record](Log::State &state) {
    state.connections--;
    state.closes.push_back(record);
  });
}

void Connection::on_websocket_closed(SoupWebsocketConnection *, gpointer data) {
  auto self = static_cast<Connection *>(data)->shared_from_this();
  self->keep_alive_.stop();
  self->record_close();
  bool with_frame = soup_websocket_connection_get_close_code(self->websocket_.get()) != 0;
  self->owner_.on_closed(*self, with_frame);
}

}  // namespace rtmstest
