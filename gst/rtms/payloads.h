// A media message → its buffer, without timestamps.
#pragma once

#include "media/gstptr.h"
#include "protocol/types.h"

namespace rtms {

bool is_text(Media media);

// Null where the payload is damaged or empty. `stream_start_ms` is what relative times of a
// transcript count from.
BufferPtr make_buffer(const MediaData &data, const MediaParams &params, bool transcript_json,
                      int64_t stream_start_ms);

// Puts who is speaking, or is seen, on the buffer as a GstCustomMeta `GstRtmsParticipantMeta`.
void add_participant(GstBuffer *buffer, const MediaData &data);
// To be called once before that.
void register_participant_meta();

}  // namespace rtms
