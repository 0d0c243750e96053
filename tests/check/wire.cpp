// SPDX-License-Identifier: LGPL-2.1-or-later
#include "wire.h"

#include "transport/upgrade.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>

namespace rtmscheck {
namespace {

constexpr size_t kPiece = 16 << 10;
constexpr int kClose = 8, kText = 1;

std::string key_of(std::string head) {
  constexpr std::string_view kName = "sec-websocket-key:";
  std::string lower = head;
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  size_t at = lower.find(kName);
  if (at == std::string::npos)
    return "";
  at = head.find_first_not_of(' ', at + kName.size());
  return head.substr(at, head.find('\r', at) - at);
}

}  // namespace

std::string server_frame(int opcode, std::string_view payload) {
  std::string text(1, static_cast<char>(0x80 | opcode));
  const size_t size = payload.size();
  const unsigned more = size < 126 ? 0 : size <= 0xffff ? 2 : 8;
  text += static_cast<char>(more == 0 ? size : more == 2 ? 126 : 127);
  for (unsigned i = more; i-- > 0;)
    text += static_cast<char>(size >> (8 * i));
  return text.append(payload);
}

Wire::Wire(int fd, SSL_CTX *tls) : fd_(fd), ssl_(tls ? SSL_new(tls) : nullptr) {
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
  if (!ssl_)
    return;
  SSL_set_fd(ssl_.get(), fd);
  SSL_set_accept_state(ssl_.get());
  SSL_set_mode(ssl_.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
}

Wire::~Wire() {
  close(fd_);
}

// As read(2): 0 at the end, -1 when nothing is there or it is broken.
long Wire::receive(char *bytes, size_t size) {
  if (!ssl_) {
    const ssize_t count = ::read(fd_, bytes, size);
    over_ = count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR);
    return count;
  }
  const int count = SSL_read(ssl_.get(), bytes, static_cast<int>(size));
  if (count > 0)
    return count;
  const int error = SSL_get_error(ssl_.get(), count);
  over_ = error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE;
  return -1;
}

void Wire::read(const std::function<void(const std::string &)> &message) {
  char piece[kPiece];
  for (long count = 0; !over_ && (count = receive(piece, sizeof piece)) > 0;)
    received_.append(piece, static_cast<size_t>(count));
  if (path_.empty() && !upgrade())
    return;
  int opcode = 0;
  for (std::string payload; !over_ && next_frame(&opcode, &payload);) {
    over_ |= opcode == kClose;
    if (opcode == kText)
      message(payload);
  }
}

bool Wire::upgrade() {
  const size_t end = received_.find("\r\n\r\n");
  if (end == std::string::npos)
    return false;
  const std::string head = received_.substr(0, end);
  received_.erase(0, end + 4);
  path_ = head.substr(4, head.find(' ', 4) - 4);
  write(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Accept: " +
      rtms::upgrade_accept(key_of(head)) + "\r\n\r\n");
  return true;
}

// A client's frames are short, and masked.
bool Wire::next_frame(int *opcode, std::string *payload) {
  if (received_.size() < 2)
    return false;
  auto byte = [this](size_t at) { return static_cast<unsigned char>(received_[at]); };
  size_t size = byte(1) & 0x7f, head = 2;
  if (size == 126) {
    if (received_.size() < 4)
      return false;
    size = static_cast<size_t>(byte(2) << 8 | byte(3));
    head = 4;
  }
  if (received_.size() < head + 4 + size)
    return false;
  *opcode = byte(0) & 0x0f;
  payload->assign(received_, head + 4, size);
  for (size_t i = 0; i < size; i++)
    (*payload)[i] = static_cast<char>((*payload)[i] ^ received_[head + i % 4]);
  received_.erase(0, head + 4 + size);
  return true;
}

void Wire::write(std::string_view bytes) {
  const bool waits = has_unsent();
  unsent_.append(bytes);
  if (!waits)
    write_more();
}

void Wire::write_more() {
  while (!unsent_.empty() && !over_) {
    const long count = ssl_
                           ? SSL_write(ssl_.get(), unsent_.data(), static_cast<int>(unsent_.size()))
                           : send(fd_, unsent_.data(), unsent_.size(), MSG_NOSIGNAL);
    if (count <= 0) {
      const int error = ssl_ ? SSL_get_error(ssl_.get(), static_cast<int>(count)) : 0;
      over_ |= ssl_ ? error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE
                    : errno != EAGAIN && errno != EINTR;
      return;
    }
    unsent_.erase(0, static_cast<size_t>(count));
  }
}

}  // namespace rtmscheck
