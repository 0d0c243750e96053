// SPDX-License-Identifier: LGPL-2.1-or-later
// Typed request → JSON text.
#pragma once

#include "types.h"

#include <string>
#include <utility>
#include <vector>

namespace rtms {

// How a mask goes over the wire: the sentinel where all five are wanted, else the bits.
MediaMask wire_mask(MediaMask mask);

std::string build_signaling_handshake(const Identity &who, MediaMask mask, bool buffer_data,
                                      int64_t sequence);
std::string build_data_handshake(const Identity &who, MediaMask mask, const MediaParams &params,
                                 int64_t sequence);
std::string build_event_subscription(const std::vector<int> &event_types);
std::string build_client_ready(const Identity &who);
// `timestamp` is KeepAliveRequest::timestamp, the very text that came.
std::string build_keep_alive_response(const std::string &timestamp);
std::string build_stream_close(const Identity &who);
std::string build_video_subscription(uint64_t user_id, bool subscribe, int64_t timestamp_ms);

// The events to subscribe to: every one of the product, but for those that are sent unasked.
std::vector<int> subscribable_events(Product product);

}  // namespace rtms
