// SPDX-License-Identifier: LGPL-2.1-or-later
// A program (LD_PRELOAD) that cannot connect to the port RTMS_UNREACHED, as if the network had no
// route to it. With RTMS_UNREACHED_WHEN, only while that file exists.
#include <arpa/inet.h>
#include <dlfcn.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

extern "C" int connect(int socket, const sockaddr *address, socklen_t length) {
  const char *port = getenv("RTMS_UNREACHED");
  const auto inet = reinterpret_cast<const sockaddr_in *>(address);
  const char *when = getenv("RTMS_UNREACHED_WHEN");
  if (port && (!when || access(when, F_OK) == 0) && address->sa_family == AF_INET &&
      ntohs(inet->sin_port) == atoi(port)) {
    errno = ENETUNREACH;
    return -1;
  }
  return reinterpret_cast<decltype(&connect)>(dlsym(RTLD_NEXT, "connect"))(socket, address, length);
}
