// SPDX-License-Identifier: LGPL-2.1-or-later
// A media message → its buffer, without timestamps.
#pragma once

#include "media/pool.h"
#include "protocol/types.h"

namespace rtms {

struct TextOptions {
  bool json = false;     // transcript lines as JSON
  bool markup = false;   // plain ones on one line, without anything that reads as markup
  bool speaker = false;  // plain ones with the speaker in front
};

// Null where the payload is damaged or empty. `stream_start_ms` is what relative times of a
// transcript count from. Sound and pictures are put into the pool's buffers, where it has such.
BufferPtr make_buffer(const MediaData &data, const MediaParams &params, TextOptions options,
                      int64_t stream_start_ms, PacketPool *pool);

}  // namespace rtms
