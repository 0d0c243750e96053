// SPDX-License-Identifier: LGPL-2.1-or-later
// In the place of natslink.cpp, where libnats is missing.
#include "natslink.h"

namespace rtms::recorder {

std::unique_ptr<NatsLink> open_nats_link(const NatsConfig &, NatsLink::Events,
                                         std::string *problem) {
  *problem = "this program was built without libnats. Install libnats-dev, and build it again";
  return nullptr;
}

}  // namespace rtms::recorder
