// SPDX-License-Identifier: LGPL-2.1-or-later
// Replaces natslink.cpp in builds without libnats.
#include "natslink.h"

namespace rtms::recorder {

std::unique_ptr<NatsLink> open_nats_link(const NatsConfig &, NatsLink::Events,
                                         std::string *problem) {
  *problem = "this program was built without libnats. Install libnats-dev, and build it again";
  return nullptr;
}

}  // namespace rtms::recorder
