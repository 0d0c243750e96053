// SPDX-License-Identifier: LGPL-2.1-or-later
// A system that has no thread to give, for one program (LD_PRELOAD): while there is a file named
// RTMS_NO_THREADS, pthread_create() fails as it does at a limit of processes.
#include <dlfcn.h>
#include <pthread.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

extern "C" int pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                              void *(*start)(void *), void *argument) {
  static const char *const file = std::getenv("RTMS_NO_THREADS");
  static const auto real =
      reinterpret_cast<decltype(&pthread_create)>(dlsym(RTLD_NEXT, "pthread_create"));
  if (file && access(file, F_OK) == 0)
    return EAGAIN;
  return real(thread, attributes, start, argument);
}
