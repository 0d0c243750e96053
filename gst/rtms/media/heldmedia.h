// SPDX-License-Identifier: LGPL-2.1-or-later
// A copy of a media message that stays valid after the parser's next call.
#pragma once

#include "protocol/types.h"

#include <string>

namespace rtms {

struct HeldMedia {
  explicit HeldMedia(const MediaData &message)
      : payload(message.payload),
        user_name(message.user_name),
        channel_id(message.channel_id),
        data(message) {
    data.payload = payload;
    data.user_name = user_name;
    data.channel_id = channel_id;
  }
  HeldMedia(const HeldMedia &) = delete;
  HeldMedia &operator=(const HeldMedia &) = delete;

  // Lower bound of the memory used.
  size_t bytes() const {
    return sizeof(*this) + payload.size() + user_name.size() + channel_id.size();
  }

  const std::string payload, user_name, channel_id;
  MediaData data;  // with views of the members above
};

}  // namespace rtms
