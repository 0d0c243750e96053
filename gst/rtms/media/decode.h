// SPDX-License-Identifier: LGPL-2.1-or-later
// Payload of a media message → GstBuffer.
#pragma once

#include "gstptr.h"
#include "pool.h"
#include "protocol/types.h"

#include <optional>
#include <string_view>

namespace rtms {

// Base64 straight into the memory of a buffer, the pool's where it has one of that size. Null where
// it is not base64, is cut short, or is empty.
BufferPtr decode_base64(std::string_view text, PacketPool *pool = nullptr);

// A copy of the text.
BufferPtr text_buffer(std::string_view text);

// How long the audio in the buffer lasts; GST_CLOCK_TIME_NONE where the packet does not tell.
GstClockTime audio_duration(const AudioParams &params, GstBuffer *buffer);

// Of an RTP packet; nothing where the buffer is too short for one.
std::optional<int> rtp_payload_type(GstBuffer *buffer);

// False for raw audio that does not hold whole samples of each channel.
bool audio_is_whole(const AudioParams &params, GstBuffer *buffer);

// Adds the capture time in Unix ms as GstReferenceTimestampMeta with caps timestamp/x-unix.
void add_capture_time(GstBuffer *buffer, int64_t unix_ms, GstClockTime duration);

}  // namespace rtms
