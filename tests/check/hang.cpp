// SPDX-License-Identifier: LGPL-2.1-or-later
// A program (LD_PRELOAD) whose main thread waits for ever in its next poll() after the signal
// SIGRTMIN, as if a driver held it. It holds no lock, and SIGCONT does not help.
#include <dlfcn.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <csignal>

namespace {

std::atomic<bool> hangs;

[[gnu::constructor]] void prepare() {
  struct sigaction action = {};
  action.sa_handler = [](int) { hangs = true; };
  sigaction(SIGRTMIN, &action, nullptr);
}

template <typename Function, typename... Arguments>
int call(const char *name, Arguments... arguments) {
  while (hangs && syscall(SYS_gettid) == getpid())
    pause();
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name))(arguments...);
}

}  // namespace

extern "C" {

int poll(pollfd *sockets, nfds_t count, int timeout_ms) {
  return call<decltype(&poll)>("poll", sockets, count, timeout_ms);
}

int ppoll(pollfd *sockets, nfds_t count, const timespec *timeout, const sigset_t *mask) {
  return call<decltype(&ppoll)>("ppoll", sockets, count, timeout, mask);
}

}  // extern "C"
