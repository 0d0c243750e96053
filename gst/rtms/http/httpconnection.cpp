// SPDX-License-Identifier: LGPL-2.1-or-later
#include "httpconnection.h"

namespace rtms {
namespace {

constexpr size_t kPiece = 16 << 10;
// The most bytes read before other connections have their turn.
constexpr size_t kTurn = 64 << 10;
// A client that is still sending may read its answer only after it has sent everything: that many
// bytes are discarded.
constexpr uint64_t kMaxDiscarded = 16 << 20;
// A paused player reads nothing, and repeats its request when the connection was closed.
constexpr unsigned kPieceTimeout_ms = 60000;

const char *phrase(unsigned status) {
  switch (status) {
    case 200:
      return "OK";
    case 206:
      return "Partial Content";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 411:
      return "Length Required";
    case 413:
      return "Content Too Large";
    case 416:
      return "Range Not Satisfiable";
    case 421:
      return "Misdirected Request";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Answer";
  }
}

std::string head_of(const HttpAnswer &answer) {
  const uint64_t size = answer.pieces ? answer.pieces->size() : answer.body.size();
  std::string text = "HTTP/1.1 " + std::to_string(answer.status) + " " + phrase(answer.status) +
                     "\r\nContent-Type: " + answer.type +
                     "\r\nContent-Length: " + std::to_string(size) +
                     "\r\nConnection: close\r\nX-Content-Type-Options: nosniff\r\n";
  for (const auto &[name, value] : answer.headers)
    text += name + ": " + value + "\r\n";
  return text + "\r\n";
}

std::string address_of(GSocket *socket, bool with_port) {
  ObjectPtr<GSocketAddress> address(g_socket_get_remote_address(socket, nullptr));
  if (!address || !G_IS_INET_SOCKET_ADDRESS(address.get()))
    return "an address that is not known";
  auto inet = G_INET_SOCKET_ADDRESS(address.get());
  StringPtr text(g_inet_address_to_string(g_inet_socket_address_get_address(inet)));
  return with_port ? std::string(text.get()) + " port " +
                         std::to_string(g_inet_socket_address_get_port(inet))
                   : std::string(text.get());
}

}  // namespace

HttpConnection::HttpConnection(uint64_t number, ObjectPtr<GSocket> socket,
                               std::unique_ptr<TlsStream> tls, unsigned timeout_ms,
                               HttpService *service)
    : number_(number),
      socket_(std::move(socket)),
      tls_(std::move(tls)),
      service_(service),
      alive_(std::make_shared<HttpConnection *>(this)) {
  place_.from = address_group(address_of(socket_.get(), false));
  place_.since_us = g_get_monotonic_time();
  g_socket_set_blocking(socket_.get(), FALSE);
  // If the system cannot watch the socket, the deadline closes the connection.
  readable_.start(socket_.get(), G_IO_IN, [this](GIOCondition) { on_readable(); });
  deadline_.start(timeout_ms, [this] {
    over(state_ == State::Deciding ? "the answer takes too long" : "the client takes too long");
  });
}

HttpConnection::~HttpConnection() {
  readable_.stop();
  g_socket_close(socket_.get(), nullptr);
}

std::string HttpConnection::peer() const {
  return address_of(socket_.get(), true);
}

// ---- reading ---------------------------------------------------------------------------

bool HttpConnection::on_readable() {
  char piece[kPiece];
  for (size_t turn = 0; turn < kTurn; turn += sizeof piece) {
    GError *raw_error = nullptr;
    const gssize count = g_socket_receive(socket_.get(), piece, sizeof piece, nullptr, &raw_error);
    ErrorPtr error(raw_error);
    if (g_error_matches(error.get(), G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
      return true;
    if (count <= 0)
      return over("the client has gone");
    if (!received({piece, static_cast<size_t>(count)}))
      return false;
    if (static_cast<size_t>(count) < sizeof piece)
      return true;
  }
  return true;
}

bool HttpConnection::received(std::string_view bytes) {
  if (state_ != State::Reading) {
    discarded_ += bytes.size();
    return discarded_ <= kMaxDiscarded || over("the client sends without end");
  }
  if (!tls_)
    return take(bytes);
  std::string plain;
  const bool good = tls_->received(bytes, &plain);
  if (!flush())
    return false;
  if (!good)  // An alert may have gone out.
    return over("the client does not speak TLS");
  return plain.empty() || take(plain);
}

bool HttpConnection::take(std::string_view plain) {
  const HttpReader::State before = reader_.state();
  const HttpReader::State now = reader_.add(plain);
  if (now == HttpReader::State::Refused)
    return respond(service_->http_malformed(this, reader_.status(), reader_.why()));
  if (before == HttpReader::State::Head && now != HttpReader::State::Head) {
    place_.stage = Place::Stage::HasHead;
    head_only_ = reader_.head().method == "HEAD";
    if (const auto refused = service_->http_head(this, reader_.head()))
      return respond(*refused);
    announced_ = reader_.head().content_length;
    if (now == HttpReader::State::Body && reader_.head().expects_continue &&
        !send("HTTP/1.1 100 Continue\r\n\r\n"))
      return false;
  }
  if (now != HttpReader::State::Complete)
    return true;
  const auto answer = service_->http_request(this, reader_.head(), reader_.body());
  if (answer)
    return respond(*answer);
  state_ = State::Deciding;
  announced_ = 0;
  reader_.clear();
  return true;
}

// ---- writing ---------------------------------------------------------------------------

void HttpConnection::answer(const HttpAnswer &answer) {
  respond(answer);
}

bool HttpConnection::respond(const HttpAnswer &answer) {
  state_ = State::Answering;
  place_.has_large_answer = answer.body.size() > kLargeAnswer;
  announced_ = 0;
  reader_.clear();
  if (answer.pieces && !head_only_) {
    pieces_ = answer.pieces;
    pieces_left_ = pieces_->size();
  }
  const std::string text = head_of(answer) + (head_only_ ? "" : answer.body);
  return pieces_left_ > 0 ? send(text) : send_last(text);
}

bool HttpConnection::send_last(std::string_view text) {
  if (!tls_)
    return send(text);
  tls_->send(text);
  tls_->close();
  return flush();
}

bool HttpConnection::send(std::string_view text) {
  if (tls_) {
    tls_->send(text);
    return flush();
  }
  unsent_ += text;
  return write_more();
}

bool HttpConnection::flush() {
  unsent_ += tls_->output();
  return write_more();
}

bool HttpConnection::write_more() {
  while (!unsent_.empty()) {
    GError *raw_error = nullptr;
    const gssize count =
        g_socket_send(socket_.get(), unsent_.data(), unsent_.size(), nullptr, &raw_error);
    ErrorPtr error(raw_error);
    if (g_error_matches(error.get(), G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK)) {
      if (writable_)
        return true;
      writable_.reset(g_socket_create_source(socket_.get(), G_IO_OUT, nullptr));
      GSocketSourceFunc go_on = [](GSocket *, GIOCondition, gpointer self) -> gboolean {
        return static_cast<HttpConnection *>(self)->write_more() ? G_SOURCE_CONTINUE
                                                                 : G_SOURCE_REMOVE;
      };
      g_source_set_callback(writable_.get(), G_SOURCE_FUNC(go_on), this, nullptr);
      g_source_attach(writable_.get(), g_main_context_get_thread_default());
      return true;
    }
    if (count <= 0)
      return over("the client has gone");
    unsent_.erase(0, static_cast<size_t>(count));
  }
  writable_.reset();
  return state_ != State::Answering || sent();
}

// One piece is in memory, however slowly the client reads.
bool HttpConnection::sent() {
  if (pieces_left_ == 0)
    return answered();
  deadline_.start(kPieceTimeout_ms, [this] { over("the client takes too long"); });
  pieces_->next([this, alive = std::weak_ptr<HttpConnection *>(alive_)](std::string_view piece) {
    if (!alive.expired())
      take_piece(piece);
  });
  return true;
}

void HttpConnection::take_piece(std::string_view piece) {
  if (piece.empty() || piece.size() > pieces_left_) {
    over("the body cannot be read");
    return;
  }
  pieces_left_ -= piece.size();
  if (pieces_left_ > 0)
    send(piece);
  else
    send_last(piece);
}

// The client closes after the answer.
bool HttpConnection::answered() {
  state_ = State::Draining;
  place_.stage = Place::Stage::Answered;
  g_socket_shutdown(socket_.get(), FALSE, TRUE, nullptr);
  service_->http_answered(this);
  return true;
}

bool HttpConnection::over(const char *why) {
  service_->http_over(this, state_ <= State::Deciding ? why : nullptr);
  return false;
}

}  // namespace rtms
