// SPDX-License-Identifier: LGPL-2.1-or-later
#include "websocket.h"

#include "base/socketwatch.h"
#include "base/timer.h"
#include "dial.h"
#include "frames.h"
#include "outbox.h"
#include "randomkey.h"
#include "upgrade.h"

#include <gio/gnetworking.h>
#include <cerrno>
#include <optional>

namespace rtms {
namespace {

// The most bytes read per turn, before timers and other connections run.
constexpr gssize kTurn = 256 << 10;
// Sockets hold less: a peer that sends without end is not read without end.
constexpr gssize kRest = 64 << 20;
constexpr int64_t kRest_us = 50000;
// More than what a round leaves unread.
constexpr gssize kBehind = 64 << 10;
// In the first second of a connection, the time of its handshakes, rounds are short.
constexpr unsigned kHandshakes_ms = 1000, kHandshakeRound_ms = 5;
// A shorter read has emptied the socket, or a TLS record that was not full.
constexpr gssize kFullRead = 16 << 10;
constexpr char kNoRandomNumbers[] = "OpenSSL has no random numbers";

std::string valid_text(std::string_view text) {
  if (text.empty())
    return {};
  return StringPtr(g_utf8_make_valid(text.data(), static_cast<gssize>(text.size()))).get();
}

class WebSocket final : public Transport {
 public:
  WebSocket(const std::shared_ptr<const WebSocketOptions> &options,
            std::shared_ptr<unsigned> operations, TransportListener *listener)
      : options_(options),
        listener_(listener),
        dial_(std::make_unique<Dial>(options, std::move(operations))),
        outbox_(options->permit),
        reader_(static_cast<size_t>(options->max_message_size)) {}
  ~WebSocket() override { abort(); }

  void open(const std::string &url, const Headers &headers) override;
  void send(const std::string &text) override;
  void ping() override { write_frame(Opcode::Ping, {}); }
  void read_rest() override;
  void shut_down() override;
  void close() override;
  void abort() override;
  int64_t heard_us() const override { return heard_us_; }
  int64_t answered_us() const override { return answered_us_; }
  bool is_behind() const override {
    return socket_ && g_socket_get_available_bytes(socket_.get()) > kBehind;
  }

 private:
  enum class State { Connecting, Upgrading, Open, Closing, Over };

  void connected(Dial::Result result);
  void closed(const TransportClose &why);
  void fail(int close_code, const TransportClose &why);

  void set_round(unsigned ms);
  void watch_tls();
  // `all` reads until nothing is left. Otherwise a short read ends the turn, which saves a system
  // call.
  void read_turn(gssize left = kTurn, bool all = false);
  void read_ended(gssize count, const GError *error);
  // These return false if the connection is over; this object may be destroyed then.
  bool watch();
  bool read_upgrade();
  bool read_messages();
  bool handle(const FrameEvent &event);
  bool handle_close(const FrameEvent &event);

  void write_frame(Opcode opcode, std::string_view payload);

  std::shared_ptr<const WebSocketOptions> options_;
  TransportListener *listener_;
  State state_ = State::Connecting;
  std::unique_ptr<Dial> dial_;
  std::string key_, request_;
  ObjectPtr<GIOStream> stream_;
  ObjectPtr<GSocket> socket_;
  GPollableInputStream *input_ = nullptr;  // the stream's
  SocketWatch readable_;
  unsigned round_ms_ = 0;
  Timer handshakes_;
  AttachedSource tls_waits_;
  Outbox outbox_;
  FrameReader reader_;
  int64_t heard_us_ = 0, answered_us_ = 0;
  bool *over_ = nullptr;  // reports the end to read_turn() on the stack
};

void WebSocket::open(const std::string &url, const Headers &headers) {
  UriPtr uri(g_uri_parse(url.c_str(), G_URI_FLAGS_ENCODED, nullptr));
  std::optional<std::string> request;
  const auto key = random_key();
  if (!key) {
    closed({TransportClose::Kind::Io, 0, kNoRandomNumbers});
    return;
  }
  key_ = *key;
  if (uri && g_uri_get_host(uri.get()))
    request = upgrade_request(uri.get(), key_, options_->user_agent, headers);
  if (!request) {
    closed({TransportClose::Kind::Io, 0, "not a URL"});
    return;
  }
  request_ = std::move(*request);
  dial_->start(uri.get(), [this](Dial::Result result) { connected(std::move(result)); });
}

void WebSocket::connected(Dial::Result result) {
  dial_.reset();
  if (!result.stream) {
    closed(result.failure);
    return;
  }
  stream_ = std::move(result.stream);
  socket_ = std::move(result.socket);
  input_ = G_POLLABLE_INPUT_STREAM(g_io_stream_get_input_stream(stream_.get()));
  outbox_.open(stream_.get(), share(socket_.get()));
  state_ = State::Upgrading;
  set_round(std::min(kHandshakeRound_ms, options_->round_ms));
  handshakes_.start(kHandshakes_ms, [this] { set_round(options_->round_ms); });
  if (watch())
    outbox_.write(request_);
}

void WebSocket::set_round(unsigned ms) {
  handshakes_.stop();
  round_ms_ = ms;
  readable_.set_round(ms);
}

// Watches the socket, not the stream: the stream's source removes its descriptors from the poll and
// adds them again in each dispatch, which wakes the loop once more.
bool WebSocket::watch() {
  tls_waits_.reset();
  if (readable_.start(socket_.get(), G_IO_IN, [this](GIOCondition) { read_turn(); })) {
    readable_.set_round(round_ms_);
    return true;
  }
  closed({TransportClose::Kind::Io, 0,
          std::string("the system cannot wait for another socket: ") + g_strerror(errno)});
  return false;
}

// TLS that leaves arrived bytes in its socket waits for something else, as in a handshake: only the
// stream's own source knows for what.
void WebSocket::watch_tls() {
  if (!G_IS_TLS_CONNECTION(stream_.get()) || g_socket_get_available_bytes(socket_.get()) <= 0)
    return;
  readable_.stop();
  tls_waits_.reset(g_pollable_input_stream_create_source(input_, nullptr));
  const GPollableSourceFunc ready = [](GObject *, gpointer data) -> gboolean {
    auto self = static_cast<WebSocket *>(data);
    if (self->watch())
      self->read_turn();
    return G_SOURCE_REMOVE;
  };
  g_source_set_callback(tls_waits_.get(), G_SOURCE_FUNC(ready), this, nullptr);
  g_source_attach(tls_waits_.get(), g_main_context_get_thread_default());
}

// ---- reading ---------------------------------------------------------------------------

void WebSocket::read_turn(gssize left, bool all) {
  if (over_)  // a listener runs the main loop
    return;
  const int64_t start_us = g_get_monotonic_time();
  gssize count = 0;
  bool more = true;
  while (more && left > 0) {
    const FrameReader::Room room = reader_.room();
    GError *raw_error = nullptr;
    count =
        g_pollable_input_stream_read_nonblocking(input_, room.data, room.size, nullptr, &raw_error);
    ErrorPtr error(raw_error);
    if (count <= 0)
      return read_ended(count, error.get());
    heard_us_ = g_get_monotonic_time();
    reader_.filled(static_cast<size_t>(count));
    // A full buffer may leave bytes of a TLS record, which the socket does not report as readable.
    more = (all && heard_us_ < start_us + kRest_us) || count >= kFullRead ||
           static_cast<size_t>(count) == room.size;
    if (state_ == State::Upgrading ? !read_upgrade() : !read_messages())
      return;
    left -= count;
  }
  if (more)
    readable_.again();
}

void WebSocket::read_rest() {
  if (state_ == State::Open || state_ == State::Closing)
    read_turn(kRest, true);
}

void WebSocket::read_ended(gssize count, const GError *error) {
  if (count < 0 && g_error_matches(error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    return watch_tls();
  if (count < 0)
    closed(close_of(error));
  else if (state_ == State::Upgrading)
    closed({TransportClose::Kind::Io, 0, "the server hung up instead of answering the upgrade"});
  else
    closed({TransportClose::Kind::Closed, 0, ""});
}

bool WebSocket::read_upgrade() {
  std::string_view bytes = reader_.buffered();
  std::optional<size_t> size = upgrade_answer_size(bytes);
  while (size && is_interim_answer(bytes.substr(0, *size))) {
    reader_.skip(*size);
    bytes = reader_.buffered();
    size = upgrade_answer_size(bytes);
  }
  if (!size && bytes.size() < kMaxUpgradeAnswer)
    return true;
  const std::optional<TransportClose> refusal =
      size ? upgrade_refusal(bytes.substr(0, *size), key_)
           : TransportClose{TransportClose::Kind::Protocol, 0,
                            "the server's answer to the upgrade has no end"};
  if (refusal) {
    closed(*refusal);
    return false;
  }
  reader_.skip(*size);
  state_ = State::Open;
  bool over = false;
  over_ = &over;
  listener_->transport_opened();
  if (over)
    return false;
  over_ = nullptr;
  return read_messages();
}

bool WebSocket::read_messages() {
  bool over = false;
  over_ = &over;
  for (;;) {
    const FrameEvent event = reader_.next();
    if (event.kind == FrameEvent::Kind::More)
      break;
    if (!handle(event) || over)
      return false;
  }
  over_ = nullptr;
  return true;
}

bool WebSocket::handle(const FrameEvent &event) {
  using Kind = FrameEvent::Kind;
  switch (event.kind) {
    case Kind::More:
      return true;
    case Kind::Data:
      static_assert(FrameReader::kPadding >= TransportListener::kPadding);
      listener_->transport_message(event.data);
      return true;
    case Kind::Ping:
      if (state_ == State::Open)
        outbox_.write_pong(event.data);
      return true;
    case Kind::Pong:
      answered_us_ = g_get_monotonic_time();
      return true;
    case Kind::Close:
      return handle_close(event);
    case Kind::TooLarge:
      fail(event.code, {TransportClose::Kind::TooLarge, event.code, ""});
      return false;
    case Kind::Broken:
      fail(event.code, {TransportClose::Kind::Protocol, event.code,
                        "the server sent " + std::string(event.data)});
      return false;
  }
  return true;
}

bool WebSocket::handle_close(const FrameEvent &event) {
  const TransportClose why = {TransportClose::Kind::Closed, event.code, valid_text(event.data)};
  if (state_ == State::Open)
    write_frame(Opcode::Close, event.code ? close_payload(event.code) : "");
  closed(why);
  return false;
}

// ---- writing ---------------------------------------------------------------------------

void WebSocket::send(const std::string &text) {
  write_frame(Opcode::Text, text);
}

void WebSocket::write_frame(Opcode opcode, std::string_view payload) {
  if (state_ == State::Open)
    outbox_.write_frame(opcode, payload);
}

// ---- the end ---------------------------------------------------------------------------

// The peer's answer and its last messages are waited for, and not for long.
void WebSocket::shut_down() {
  set_round(0);
  g_socket_shutdown(socket_.get(), FALSE, TRUE, nullptr);
}

void WebSocket::close() {
  set_round(0);
  if (state_ == State::Open) {
    write_frame(Opcode::Close, close_payload(kCloseNormal));
    state_ = State::Closing;
  } else if (state_ != State::Closing) {
    closed({TransportClose::Kind::Io, 0, "closed before it was open"});
  }
}

void WebSocket::fail(int close_code, const TransportClose &why) {
  write_frame(Opcode::Close, close_payload(close_code));
  closed(why);
}

void WebSocket::closed(const TransportClose &why) {
  TransportListener *listener = listener_;
  abort();
  if (listener)
    listener->transport_closed(why);
}

void WebSocket::abort() {
  listener_ = nullptr;
  state_ = State::Over;
  if (over_)
    *over_ = true;
  over_ = nullptr;
  dial_.reset();
  handshakes_.stop();
  readable_.stop();
  tls_waits_.reset();
  outbox_.stop();
  // Closes the socket at once, without waiting for TLS.
  if (socket_)
    g_socket_close(socket_.get(), nullptr);
  stream_.reset();
  socket_.reset();
}

}  // namespace

WebSocketFactory::WebSocketFactory(WebSocketOptions options, std::shared_ptr<unsigned> operations)
    : options_(std::make_shared<const WebSocketOptions>(std::move(options))),
      operations_(std::move(operations)) {}

std::unique_ptr<Transport> WebSocketFactory::create(TransportListener *listener) {
  return std::make_unique<WebSocket>(options_, operations_, listener);
}

}  // namespace rtms
