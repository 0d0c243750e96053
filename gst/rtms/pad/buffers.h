// SPDX-License-Identifier: LGPL-2.1-or-later
// Makes the buffer of a media message, without timestamps.
#pragma once

#include "media/pool.h"
#include "protocol/types.h"

namespace rtms {

struct TextOptions {
  bool json = false;     // transcript lines as JSON
  bool markup = false;   // plain lines without line breaks, escaped as markup
  bool speaker = false;  // plain lines with the speaker's name first
};

// Returns null if the payload is damaged or empty. Relative times of a transcript count from
// `stream_start_ms`. Audio and video use the pool's buffers, if it has the size.
BufferPtr make_buffer(const MediaData &data, const MediaParams &params, TextOptions options,
                      int64_t stream_start_ms, PacketPool *pool);

}  // namespace rtms
