// SPDX-License-Identifier: LGPL-2.1-or-later
// What no client can beat: recv() into one buffer, and a memcpy of what came. raw PORT
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

constexpr char kRequest[] =
    "GET /media/0?now HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
char buffer[256 << 10], copy[sizeof buffer];

}  // namespace

int main(int argc, char **argv) {
  if (argc < 2)
    return 2;
  const int socket_fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(atoi(argv[1])));
  if (connect(socket_fd, reinterpret_cast<sockaddr *>(&address), sizeof address) != 0 ||
      send(socket_fd, kRequest, sizeof kRequest - 1, 0) < 0)
    return 1;
  uint64_t bytes = 0;
  ssize_t count = 0;
  while ((count = recv(socket_fd, buffer, sizeof buffer, 0)) > 0) {
    memcpy(copy, buffer, static_cast<size_t>(count));
    bytes += static_cast<uint64_t>(count);
    // The close frame, and then the server waits.
    if (count >= 4 && memcmp(buffer + count - 4, "\x88\x02\x03\xe8", 4) == 0)
      break;
  }
  close(socket_fd);
  printf("0 %" PRIu64 " 0\n", bytes);
  return 0;
}
