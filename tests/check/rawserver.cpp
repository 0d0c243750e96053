// SPDX-License-Identifier: LGPL-2.1-or-later
#include "rawserver.h"

#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>

namespace rtmscheck {

namespace {

// A blocking call that takes longer has failed.
const unsigned kPatience_s = 10 * static_cast<unsigned>(slowness());

// The number behind a key in one of our client's messages; -1 where there is none.
int number_of(const std::string &json, const char *key) {
  const std::string quoted = std::string("\"") + key + "\":";
  const size_t at = json.find(quoted);
  return at == std::string::npos ? -1 : std::atoi(json.c_str() + at + quoted.size());
}

size_t big_endian(const std::string &bytes, size_t at, size_t size) {
  size_t number = 0;
  for (size_t i = 0; i < size; i++)
    number = number << 8 | static_cast<uint8_t>(bytes[at + i]);
  return number;
}

}  // namespace

std::string raw_frame(unsigned first_byte, const std::string &payload) {
  std::string frame(1, static_cast<char>(first_byte));
  const size_t size = payload.size();
  const unsigned more = size < 126 ? 0 : size <= 0xffff ? 2 : 8;
  frame += static_cast<char>(more == 0 ? size : more == 2 ? 126 : 127);
  for (unsigned i = more; i-- > 0;)
    frame += static_cast<char>(size >> (8 * i));
  return frame + payload;
}

std::string text_frame(const std::string &json) {
  return raw_frame(0x81, json);
}

// ---- a connection ----------------------------------------------------------------------

RawPeer::RawPeer(RawServer *server, GSocketConnection *connection)
    : server_(server), connection_(connection), stream_(share(G_IO_STREAM(connection))) {
  g_socket_set_timeout(g_socket_connection_get_socket(connection), kPatience_s);
}

bool RawPeer::secure(GTlsCertificate *certificate) {
  GIOStream *tls = g_tls_server_connection_new(stream_.get(), certificate, nullptr);
  if (!tls)
    return false;
  stream_.reset(tls);
  g_tls_connection_set_require_close_notify(G_TLS_CONNECTION(tls), FALSE);
  return g_tls_connection_handshake(G_TLS_CONNECTION(tls), nullptr, nullptr);
}

bool RawPeer::fill(size_t size) {
  while (buffer_.size() < size) {
    char bytes[4096];
    const gssize count = g_input_stream_read(g_io_stream_get_input_stream(stream_.get()), bytes,
                                             sizeof bytes, nullptr, nullptr);
    if (count <= 0)
      return false;
    buffer_.append(bytes, static_cast<size_t>(count));
  }
  return true;
}

bool RawPeer::send(const std::string &bytes) {
  return g_output_stream_write_all(g_io_stream_get_output_stream(stream_.get()), bytes.data(),
                                   bytes.size(), nullptr, nullptr, nullptr);
}

void RawPeer::read_request() {
  size_t end = 0;
  while ((end = buffer_.find("\r\n\r\n")) == std::string::npos)
    if (!fill(buffer_.size() + 1))
      return;
  const std::string head = buffer_.substr(0, end);
  buffer_.erase(0, end + 4);
  const size_t from = head.find(' ') + 1;
  path_ = head.substr(from, head.find(' ', from) - from);
  const std::string name = "Sec-WebSocket-Key: ";
  const size_t key = head.find(name) + name.size();
  key_ = head.substr(key, head.find("\r\n", key) - key);
}

std::string RawPeer::accept_key() const {
  const std::string text = key_ + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  Ptr<GChecksum, g_checksum_free> sha1(g_checksum_new(G_CHECKSUM_SHA1));
  g_checksum_update(sha1.get(), reinterpret_cast<const guchar *>(text.data()),
                    static_cast<gssize>(text.size()));
  guint8 digest[20];
  gsize size = sizeof digest;
  g_checksum_get_digest(sha1.get(), digest, &size);
  return CharPtr(g_base64_encode(digest, size)).get();
}

bool RawPeer::upgrade() {
  return send(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Accept: " +
      accept_key() + "\r\n\r\n");
}

// Clients mask what they send.
std::optional<RawPeer::Frame> RawPeer::receive() {
  if (!fill(2))
    return std::nullopt;
  size_t header = 2, size = buffer_[1] & 127;
  if (size >= 126) {
    const size_t more = size == 126 ? 2 : 8;
    if (!fill(2 + more))
      return std::nullopt;
    size = big_endian(buffer_, 2, more);
    header += more;
  }
  if (!fill(header + 4 + size))
    return std::nullopt;
  Frame frame{static_cast<unsigned>(buffer_[0] & 15), buffer_.substr(header + 4, size)};
  for (size_t i = 0; i < size; i++)
    frame.payload[i] = static_cast<char>(frame.payload[i] ^ buffer_[header + i % 4]);
  buffer_.erase(0, header + 4 + size);
  if (frame.opcode == 1)
    server_->note(frame.payload);
  return frame;
}

bool RawPeer::expect(int msg_type) {
  while (std::optional<Frame> frame = receive())
    if (frame->opcode == 1 && number_of(frame->payload, "msg_type") == msg_type)
      return true;
  return false;
}

bool RawPeer::keep_alive() {
  static std::atomic<int> next{1000};
  const int timestamp = next++;
  if (!send_json("{\"msg_type\":12,\"timestamp\":" + std::to_string(timestamp) + "}"))
    return false;
  while (std::optional<Frame> frame = receive())
    if (number_of(frame->payload, "msg_type") == 13 &&
        number_of(frame->payload, "timestamp") == timestamp)
      return true;
  return false;
}

unsigned RawPeer::close_code() {
  while (std::optional<Frame> frame = receive())
    if (frame->opcode == 8)
      return frame->payload.size() < 2 ? 0
                                       : static_cast<unsigned>(big_endian(frame->payload, 0, 2));
  return 0;
}

void RawPeer::linger() {
  while (std::optional<Frame> frame = receive()) {
    if (frame->opcode != 8)
      continue;
    send(raw_frame(0x88, frame->payload));
    return;
  }
}

void RawPeer::reset() {
  const struct linger at_once = {1, 0};
  setsockopt(g_socket_get_fd(g_socket_connection_get_socket(connection_.get())), SOL_SOCKET,
             SO_LINGER, &at_once, sizeof at_once);
  g_socket_close(g_socket_connection_get_socket(connection_.get()), nullptr);
}

bool RawPeer::signaling_handshake() {
  return upgrade() && expect(1) &&
         send_json(R"({"msg_type":2,"status_code":0,"media_server":{"server_urls":{"all":")" +
                   server_->media_url() + "\"}}}");
}

bool RawPeer::media_handshake() {
  return upgrade() && expect(3) && send_json(R"({"msg_type":4,"status_code":0})");
}

bool RawPeer::wait_ready() {
  return server_->wait_for([this] { return server_->received(7) > 0; });
}

// ---- the server ------------------------------------------------------------------------

RawServer::RawServer(Talk signaling, Talk media, GTlsCertificate *certificate)
    : signaling_(std::move(signaling)),
      media_(std::move(media)),
      certificate_(certificate ? share(certificate) : nullptr),
      listener_(g_socket_listener_new()),
      cancellable_(g_cancellable_new()) {
  ObjectPtr<GSocketAddress> any(g_inet_socket_address_new_from_string("127.0.0.1", 0));
  GSocketAddress *bound = nullptr;
  g_assert_true(g_socket_listener_add_address(listener_.get(), any.get(), G_SOCKET_TYPE_STREAM,
                                              G_SOCKET_PROTOCOL_TCP, nullptr, &bound, nullptr));
  port_ = g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(bound));
  g_object_unref(bound);
  thread_ = std::thread([this] { accept_all(); });
}

RawServer::~RawServer() {
  stop();
}

void RawServer::stop() {
  g_cancellable_cancel(cancellable_.get());
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stopped_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable())
    thread_.join();
  for (Peer &peer : peers_)
    peer.peer.shut_down();
  for (Peer &peer : peers_)
    peer.thread.join();
  peers_.clear();
}

void RawServer::accept_all() {
  while (GSocketConnection *connection =
             g_socket_listener_accept(listener_.get(), nullptr, cancellable_.get(), nullptr)) {
    accepted_++;
    peers_.push_back({RawPeer(this, connection), {}});
    Peer &peer = peers_.back();
    peer.thread = std::thread([this, &peer] {
      talk(peer.peer);
      peer.peer.shut_down();
    });
  }
}

void RawServer::talk(RawPeer &peer) {
  if (certificate_ && !peer.secure(certificate_.get()))
    return;
  peer.read_request();
  const bool media = contains(peer.path(), "/media");
  if (media) {
    std::lock_guard<std::mutex> lock(mutex_);
    times_us_.push_back(g_get_monotonic_time());
  }
  const Talk &own = media ? media_ : signaling_;
  if (own)
    own(peer);
  else if (media ? peer.media_handshake() : peer.signaling_handshake())
    peer.linger();
}

void RawServer::note(const std::string &message) {
  std::lock_guard<std::mutex> lock(mutex_);
  received_[number_of(message, "msg_type")]++;
}

std::string RawServer::url(const std::string &path) const {
  return (certificate_ ? "wss://127.0.0.1:" : "ws://127.0.0.1:") + std::to_string(port_) + path;
}

Setup RawServer::client() const {
  return [url = url("/signaling")](GstElement *src) {
    set(src, "media-types", "audio");
    // A stream of its own: tests have several at once. While one of its connections is flooded,
    // nothing comes on the other.
    g_object_set(src, "signaling-url", url.c_str(), "stream-id", url.c_str(), "meeting-uuid",
                 "m==", "client-id", "test-client", "client-secret", "test-secret", "retry-delay",
                 100, "connect-window", 0, "keep-alive-timeout", 12 * kDeadlineMs, nullptr);
  };
}

std::vector<int64_t> RawServer::times_us() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return times_us_;
}

unsigned RawServer::received(int msg_type) const {
  std::lock_guard<std::mutex> lock(mutex_);
  auto found = received_.find(msg_type);
  return found == received_.end() ? 0 : found->second;
}

bool RawServer::wait_for(const std::function<bool()> &holds) {
  // Floods take a busy machine longer than anything else.
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(3 * kDeadlineMs);
  // A condition that becomes true unseen is seen a moment later.
  while (!holds())
    if (std::chrono::steady_clock::now() > until || !pause(20))
      return false;
  return true;
}

bool RawServer::pause(int ms) {
  std::unique_lock<std::mutex> lock(mutex_);
  return !changed_.wait_for(lock, std::chrono::milliseconds(ms), [this] { return stopped_; });
}

void RawServer::expect(bool holds, const std::string &what) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (!holds && !stopped_)
    problems_ += what + "\n";
}

void RawServer::finish() {
  stop();
  ck_assert_msg(problems_.empty(), "%s", problems_.c_str());
}

uint64_t resident_bytes() {
  char *raw_text = nullptr;
  g_assert_true(g_file_get_contents("/proc/self/statm", &raw_text, nullptr, nullptr));
  CharPtr text(raw_text);
  // The second number counts pages.
  return g_ascii_strtoull(strchr(text.get(), ' '), nullptr, 10) *
         static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

int64_t cpu_us() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * int64_t{G_USEC_PER_SEC} +
         usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
}

}  // namespace rtmscheck
