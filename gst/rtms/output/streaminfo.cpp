// SPDX-License-Identifier: LGPL-2.1-or-later
#include "streaminfo.h"

#include "media/caps.h"
#include "media/decode.h"
#include "media/picture.h"
#include "output.h"
#include "pad/participantmeta.h"

#include <utility>

GST_DEBUG_CATEGORY_EXTERN(gst_rtms_output_debug);
#define GST_CAT_DEFAULT gst_rtms_output_debug

namespace rtms {
namespace {

PictureSize negotiated_size(const VideoParams &params) {
  switch (params.resolution) {
    case Resolution::Sd:
      return {854, 480, ""};
    case Resolution::Fhd:
      return {1920, 1080, ""};
    case Resolution::Qhd:
      return {2560, 1440, ""};
    default:
      return {1280, 720, ""};
  }
}

ObjectPtr<GstStream> new_stream(Media media, const std::string &id) {
  GstStreamType type = GST_STREAM_TYPE_AUDIO;
  if (is_picture(media))
    type = GST_STREAM_TYPE_VIDEO;
  else if (is_text(media))
    type = GST_STREAM_TYPE_TEXT;
  const GstStreamFlags flags = is_text(media) ? GST_STREAM_FLAG_SPARSE : GST_STREAM_FLAG_NONE;
  return ObjectPtr<GstStream>(gst_stream_new(id.c_str(), nullptr, type, flags));
}

void note_tags(GstStream *stream, GstEvent *event) {
  GstTagList *tags = nullptr;
  gst_event_parse_tag(event, &tags);
  gst_stream_set_tags(stream, tags);
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

StreamInfo::StreamInfo(const OutputContext *context, Media media, const OutputLabel &label,
                       GstRtmsSrcPad *pad)
    : context_(context),
      media_(media),
      one_at_a_time_(label.participant || is_picture(media)),
      pad_(pad) {
  caps_ = caps();
  set_black();
  stream_ = context->expected->take(media, label.stream_id);
  gst_stream_set_caps(stream_.get(), caps_.get());
  if (label.participant) {
    user_id_ = label.participant->user_id;
    title_ = label.participant->name;
  }
  store_sticky_events(label);
}

void StreamInfo::store_sticky_events(const OutputLabel &label) {
  GstPad *pad = GST_PAD(pad_);
  GstEvent *start = gst_event_new_stream_start(label.stream_id.c_str());
  gst_event_set_group_id(start, context_->group_id);
  if (is_text(media_))
    gst_event_set_stream_flags(start, GST_STREAM_FLAG_SPARSE);
  gst_event_set_stream(start, stream_.get());
  gst_pad_push_event(pad, start);
  gst_pad_push_event(pad, gst_event_new_caps(caps_.get()));
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  GstEvent *first = gst_event_new_segment(&segment);
  gst_event_set_seqnum(first, context_->seqnum);
  gst_pad_push_event(pad, first);
  if (context_->time.timeline().anchored())
    gst_rtms_src_pad_enqueue_event(pad_, context_->time.segment_event(context_->seqnum));
  EventPtr tags = label.participant ? participant_tags(*label.participant) : nullptr;
  if (!tags)
    return;
  note_tags(stream_.get(), tags.get());
  gst_pad_push_event(pad, tags.release());
}

CapsPtr StreamInfo::caps() const {
  switch (media_) {
    case Media::Audio:
      return audio_caps(context_->params.audio, rtp_payload_);
    case Media::Video:
    case Media::Screen:
      return video_caps(pictures(), size_);
    case Media::Transcript:
      return transcript_caps(context_->config.transcript_json, context_->config.transcript_markup);
    case Media::Chat:
      break;
  }
  return chat_caps();
}

// The known parameters; a codec other than the negotiated one has an unknown frame rate.
VideoParams StreamInfo::pictures() const {
  VideoParams params = context_->params.pictures(media_);
  if (!other_codec_)
    return params;
  params.codec = *other_codec_;
  params.fps = 0;
  return params;
}

// JPEG and PNG need no black frames: each of their frames is independent, and muxers need no
// parameter sets.
void StreamInfo::set_black() const {
  if (!is_picture(media_))
    return;
  const VideoParams params = pictures();
  const bool is_h264 = params.codec == Codec::H264;
  gst_rtms_src_pad_set_black(pad_,
                             is_h264 ? size_.value_or(negotiated_size(params)) : PictureSize());
}

void StreamInfo::renegotiated() {
  set_black();
  CapsPtr now = caps();
  if (gst_caps_is_equal(caps_.get(), now.get()))
    return;
  gst_rtms_src_pad_enqueue_event(pad_, EventPtr(gst_event_new_caps(now.get())));
  caps_ = std::move(now);
  gst_stream_set_caps(stream_.get(), caps_.get());
}

bool StreamInfo::follow_speaker(const Speaker &speaker, const GstBuffer *buffer) {
  if (!one_at_a_time_)
    return true;
  if (user_id_ && user_id_ != speaker.user_id &&
      GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_DELTA_UNIT))
    return false;
  // A message without a name leaves the participant's known name as it is.
  const bool told = user_id_ == speaker.user_id && (speaker.name.empty() || title_ == speaker.name);
  user_id_ = speaker.user_id;
  EventPtr tags = told ? nullptr : participant_tags(speaker);
  if (!tags)
    return true;
  title_ = speaker.name;
  note_tags(stream_.get(), tags.get());
  gst_rtms_src_pad_enqueue_event(pad_, std::move(tags));
  return true;
}

bool StreamInfo::follow_format(GstBuffer *buffer) {
  if (media_ == Media::Audio && is_rtp(context_->params.audio))
    follow_rtp(buffer);
  const bool follows = !is_picture(media_) || follow_codec(buffer);
  follow_size(buffer);
  return follows;
}

void StreamInfo::follow_rtp(GstBuffer *buffer) {
  const auto payload = rtp_payload_type(buffer);
  if (!payload || payload == rtp_payload_)
    return;
  rtp_payload_ = payload;
  renegotiated();
}

bool StreamInfo::follow_codec(GstBuffer *buffer) {
  const Codec negotiated = context_->params.pictures(media_).codec, before = pictures().codec;
  const Codec codec = plain_codec(buffer).value_or(before);
  if (codec == before)
    return true;
  other_codec_.reset();
  if (codec != negotiated)
    other_codec_ = codec;
  size_.reset();
  renegotiated();
  GST_INFO_OBJECT(pad_, "payloads are %s now, after %s", codec_nick(codec), codec_nick(before));
  if (!std::exchange(warned_, true))
    GST_ELEMENT_WARNING(context_->element, STREAM, FORMAT,
                        ("The service sends %s on pad %s, although %s was negotiated: the caps "
                         "change. Link an element that accepts both, such as decodebin.",
                         codec_nick(codec), GST_PAD_NAME(pad_), codec_nick(negotiated)),
                        (nullptr));
  return !GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_DELTA_UNIT);
}

void StreamInfo::follow_size(GstBuffer *buffer) {
  if (!is_picture(media_))
    return;
  const Codec codec = pictures().codec;
  std::optional<PictureSize> size;
  if (!GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_DELTA_UNIT))
    size = picture_size(codec, buffer);
  // H.264 without a size has that of an SPS before. A JPEG or PNG without a readable size is
  // invalid, or made to hide it.
  if (codec == Codec::H264)
    oversized_ = (size && !size->is_sane()) || begins_oversized(buffer);
  else
    oversized_ = !size || !size->is_sane();
  if (oversized_)
    return;
  // A camera without color information does not remove the last camera's.
  if (size && size_ && size->colorimetry.empty())
    size->colorimetry = size_->colorimetry;
  if (!size || size_ == size)
    return;
  size_ = size;
  renegotiated();
}

}  // namespace rtms
