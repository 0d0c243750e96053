// SPDX-License-Identifier: LGPL-2.1-or-later
#include "expectedstreams.h"

#include <utility>

namespace rtms {
namespace {

ObjectPtr<GstStream> new_stream(Media media, const std::string &id) {
  GstStreamType type = GST_STREAM_TYPE_AUDIO;
  if (is_picture(media))
    type = GST_STREAM_TYPE_VIDEO;
  else if (is_text(media))
    type = GST_STREAM_TYPE_TEXT;
  const GstStreamFlags flags = is_text(media) ? GST_STREAM_FLAG_SPARSE : GST_STREAM_FLAG_NONE;
  return ObjectPtr<GstStream>(gst_stream_new(id.c_str(), nullptr, type, flags));
}

}  // namespace

std::string ExpectedStreams::id_of(const std::string &prefix, Media media) {
  return prefix + "/" + media_nick(media);
}

void ExpectedStreams::expect(Media media, const std::string &prefix) {
  auto &stream = streams_[static_cast<unsigned>(media)];
  if (!stream)
    stream = new_stream(media, id_of(prefix, media));
}

ObjectPtr<GstStream> ExpectedStreams::take(Media media, const std::string &id) {
  auto &expected = streams_[static_cast<unsigned>(media)];
  if (!expected || gst_stream_get_stream_id(expected.get()) != id)
    return new_stream(media, id);
  return std::exchange(expected, nullptr);
}

bool ExpectedStreams::drop(MediaMask media) {
  bool any = false;
  for (Media m : kAllMedia)
    if (media & media_bit(m))
      any |= std::exchange(streams_[static_cast<unsigned>(m)], nullptr) != nullptr;
  return any;
}

}  // namespace rtms
