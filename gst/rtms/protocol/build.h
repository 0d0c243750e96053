// SPDX-License-Identifier: LGPL-2.1-or-later
// Typed requests → JSON text.
#pragma once

#include "types.h"

#include <string>
#include <utility>
#include <vector>

namespace rtms {

// Returns the mask as sent: the sentinel for all five kinds of media, else the bits.
MediaMask wire_mask(MediaMask mask);

// `unified`: one connection is to carry all media; the sentinel is for such a one.
std::string build_signaling_handshake(const Identity &who, MediaMask mask, bool unified,
                                      bool buffer_data, int64_t sequence);
std::string build_data_handshake(const Identity &who, MediaMask mask, const MediaParams &params,
                                 int64_t sequence);
std::string build_event_subscription(const std::vector<int> &event_types);
std::string build_client_ready(const Identity &who);
// `timestamp` is KeepAliveRequest::timestamp, unchanged.
std::string build_keep_alive_response(const std::string &timestamp);
std::string build_stream_close(const Identity &who);
std::string build_video_subscription(uint64_t user_id, bool subscribe, int64_t timestamp_ms);

// Returns every event of the product, except those that the service sends without a subscription.
std::vector<int> subscribable_events(Product product);

}  // namespace rtms
