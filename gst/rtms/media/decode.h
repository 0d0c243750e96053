// SPDX-License-Identifier: LGPL-2.1-or-later
// Payload of a media message → GstBuffer.
#pragma once

#include "gstptr.h"
#include "pool.h"
#include "protocol/types.h"

#include <optional>
#include <string_view>

namespace rtms {

// Decodes base64 directly into a buffer, the pool's if it has that size. Returns null for invalid,
// truncated or empty base64.
BufferPtr decode_base64(std::string_view text, PacketPool *pool = nullptr);

// Returns a copy of the text.
BufferPtr text_buffer(std::string_view text);

// Returns the duration of the audio; GST_CLOCK_TIME_NONE if the packet does not define it.
GstClockTime audio_duration(const AudioParams &params, GstBuffer *buffer);

// Returns the payload type of an RTP packet; nothing if the buffer is too short.
std::optional<int> rtp_payload_type(GstBuffer *buffer);

// False for raw audio with an incomplete sample of a channel.
bool audio_is_whole(const AudioParams &params, GstBuffer *buffer);

// Adds the capture time in Unix ms as GstReferenceTimestampMeta with caps timestamp/x-unix.
void add_capture_time(GstBuffer *buffer, int64_t unix_ms, GstClockTime duration);

}  // namespace rtms
