// SPDX-License-Identifier: LGPL-2.1-or-later
#include "settings.h"

#include "transport/url.h"

namespace rtms {

std::string shown_proxy(const Settings &settings) {
  return without_password(settings.proxy);
}

}  // namespace rtms
