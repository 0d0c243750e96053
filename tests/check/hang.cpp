// SPDX-License-Identifier: LGPL-2.1-or-later
// A program (LD_PRELOAD) whose main thread hangs for ever after the signal SIGRTMIN, as if a driver
// or a lock held it. SIGCONT does not help.
#include <unistd.h>
#include <csignal>

namespace {

extern "C" void hang(int) {
  for (;;)
    pause();
}

[[gnu::constructor]] void prepare() {
  struct sigaction action {};
  action.sa_handler = hang;
  sigaction(SIGRTMIN, &action, nullptr);
}

}  // namespace
