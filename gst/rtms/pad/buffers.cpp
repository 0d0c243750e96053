// SPDX-License-Identifier: LGPL-2.1-or-later
#include "buffers.h"

#include "media/decode.h"
#include "media/picture.h"
#include "protocol/text.h"

namespace rtms {
namespace {

BufferPtr decode(const MediaData &data, const MediaParams &params, PacketPool *pool) {
  BufferPtr buffer = decode_base64(data.payload, pool);
  if (!buffer)
    return nullptr;
  if (data.media == Media::Audio) {
    if (!audio_is_whole(params.audio, buffer.get()))
      return nullptr;
    GST_BUFFER_DURATION(buffer.get()) = audio_duration(params.audio, buffer.get());
  } else {
    // The codec of the payload has priority over the negotiated one.
    const Codec codec = plain_codec(buffer.get()).value_or(params.pictures(data.media).codec);
    const Picture kind = picture_kind(codec, buffer.get());
    // Nobody can begin at what has neither a picture nor the parameters of one.
    if (kind == Picture::Delta ||
        (kind == Picture::Unknown && parameter_sets(buffer.get()).empty()))
      GST_BUFFER_FLAG_SET(buffer.get(), GST_BUFFER_FLAG_DELTA_UNIT);
  }
  return buffer;
}

BufferPtr text(const MediaData &data, TextOptions options, int64_t stream_start_ms) {
  if (data.media == Media::Chat)
    return text_buffer(chat_json(data));
  BufferPtr buffer = nullptr;
  if (options.json)
    buffer = text_buffer(transcript_json(data, stream_start_ms));
  else if (!data.payload.empty())
    buffer = text_buffer(options.markup ? transcript_markup(data, options.speaker)
                                        : transcript_line(data, options.speaker));
  TextSpan span = transcript_span(data, stream_start_ms);
  // A text display needs a duration to remove the line.
  if (options.markup && span.end <= span.start)
    span.end = span.start + reading_time_ms(data.payload);
  if (buffer && span.end > span.start)
    GST_BUFFER_DURATION(buffer.get()) =
        static_cast<GstClockTime>(span.end - span.start) * GST_MSECOND;
  return buffer;
}

}  // namespace

BufferPtr make_buffer(const MediaData &data, const MediaParams &params, TextOptions options,
                      int64_t stream_start_ms, PacketPool *pool) {
  return is_text(data.media) ? text(data, options, stream_start_ms) : decode(data, params, pool);
}

}  // namespace rtms
