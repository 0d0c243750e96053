// SPDX-License-Identifier: LGPL-2.1-or-later
#include "process.h"

#include "protocol/signature.h"

#include <glib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <cstdlib>
#include <cstring>
#ifdef __linux__
#include <sys/prctl.h>
#endif

namespace rtms::recorder {

void protect_process(bool group_readable) {
  constexpr mode_t kUserAlone = 077, kGroupReads = 027;
  umask(group_readable ? kGroupReads : kUserAlone);
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
#ifdef __linux__
  prctl(PR_SET_DUMPABLE, 0);
#endif
}

// g_unsetenv() leaves the value in memory, readable in /proc/…/environ: it must be wiped.
void forget_variables(std::initializer_list<const char *> names) {
  for (const char *name : names) {
    if (char *value = std::getenv(name))
      wipe_memory(value, std::strlen(value));
    g_unsetenv(name);
  }
}

uint64_t raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
    return UINT64_MAX;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_max;
}

}  // namespace rtms::recorder
