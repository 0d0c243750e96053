// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sockets.h"

#include "folder.h"

#include "base/glibptr.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <algorithm>
#include <cstdlib>
#include <filesystem>

namespace rtms::recorder {
namespace {

// Returns null if the descriptor is no IP connection.
ObjectPtr<GSocketAddress> peer_of(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (getpeername(fd, reinterpret_cast<sockaddr *>(&address), &size) != 0 ||
      (address.ss_family != AF_INET && address.ss_family != AF_INET6))
    return nullptr;
  return ObjectPtr<GSocketAddress>(g_socket_address_new_from_native(&address, size));
}

}  // namespace

void limit_unacknowledged(const std::vector<GInetAddress *> &addresses, unsigned port,
                          unsigned timeout_ms) {
#ifdef TCP_USER_TIMEOUT
  for (const std::filesystem::path &path : paths_in("/proc/self/fd")) {
    const int fd = std::atoi(path.filename().c_str());
    const auto peer = peer_of(fd);
    if (!peer)
      continue;
    auto inet = G_INET_SOCKET_ADDRESS(peer.get());
    const auto is_one = [&](GInetAddress *address) {
      return g_inet_address_equal(address, g_inet_socket_address_get_address(inet));
    };
    if (g_inet_socket_address_get_port(inet) == port &&
        std::any_of(addresses.begin(), addresses.end(), is_one))
      setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms, sizeof timeout_ms);
  }
#endif
}

}  // namespace rtms::recorder
