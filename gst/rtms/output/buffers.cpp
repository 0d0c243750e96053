// SPDX-License-Identifier: LGPL-2.1-or-later
#include "buffers.h"

#include "media/decode.h"
#include "protocol/text.h"

namespace rtms {
namespace {

constexpr const char *kParticipantMeta = "GstRtmsParticipantMeta";

BufferPtr decode(const MediaData &data, const MediaParams &params, PacketPool *pool) {
  BufferPtr buffer = decode_base64(data.payload, pool);
  if (!buffer)
    return nullptr;
  if (data.length && *data.length != static_cast<int64_t>(gst_buffer_get_size(buffer.get())))
    return nullptr;
  if (data.media == Media::Audio) {
    if (!audio_is_whole(params.audio, buffer.get()))
      return nullptr;
    GST_BUFFER_DURATION(buffer.get()) = audio_duration(params.audio, buffer.get());
  } else {
    const VideoParams &video = data.media == Media::Screen ? params.screen : params.video;
    if (picture_kind(video.codec, buffer.get()) == Picture::Delta)
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
    buffer = text_buffer(transcript_line(data, options.speaker));
  const TextSpan span = transcript_span(data, stream_start_ms);
  if (buffer && span.end > span.start)
    GST_BUFFER_DURATION(buffer.get()) =
        static_cast<GstClockTime>(span.end - span.start) * GST_MSECOND;
  return buffer;
}

// The fields of the participant meta.
struct Fields {
  GQuark user_id = g_quark_from_static_string("user-id");
  GQuark user_name = g_quark_from_static_string("user-name");
  GQuark channel_id = g_quark_from_static_string("channel-id");
};

const Fields &fields() {
  static const Fields fields;
  return fields;
}

bool is_text_of(const GstStructure *structure, GQuark field, std::string_view text) {
  const GValue *value = gst_structure_id_get_value(structure, field);
  const char *held = value && G_VALUE_HOLDS_STRING(value) ? g_value_get_string(value) : nullptr;
  return held && text == held;
}

// The meta of a buffer that is used again.
bool tells(const GstStructure *structure, const MediaData &data) {
  const GValue *id = gst_structure_id_get_value(structure, fields().user_id);
  return gst_structure_n_fields(structure) == 3 && id && G_VALUE_HOLDS_UINT64(id) &&
         g_value_get_uint64(id) == data.user_id &&
         is_text_of(structure, fields().user_name, data.user_name) &&
         is_text_of(structure, fields().channel_id, data.channel_id);
}

void set_text(GstStructure *structure, GQuark field, std::string_view text) {
  GValue value = G_VALUE_INIT;
  g_value_init(&value, G_TYPE_STRING);
  if (text.empty())
    g_value_set_static_string(&value, "");
  else
    g_value_take_string(&value, g_strndup(text.data(), text.size()));
  gst_structure_id_take_value(structure, field, &value);
}

}  // namespace

bool is_text(Media media) {
  return media == Media::Transcript || media == Media::Chat;
}

BufferPtr make_buffer(const MediaData &data, const MediaParams &params, TextOptions options,
                      int64_t stream_start_ms, PacketPool *pool) {
  return is_text(data.media) ? text(data, options, stream_start_ms) : decode(data, params, pool);
}

EventPtr participant_tags(const MediaData &data) {
  std::string id;
  if (!data.channel_id.empty())
    id = "channel-id=" + std::string(data.channel_id);
  else if (data.user_id != 0)
    id = "user-id=" + std::to_string(data.user_id);
  if (id.empty() && data.user_name.empty())
    return nullptr;
  GstTagList *tags = gst_tag_list_new_empty();
  if (!data.user_name.empty())
    gst_tag_list_add(tags, GST_TAG_MERGE_REPLACE, GST_TAG_TITLE,
                     std::string(data.user_name).c_str(), nullptr);
  if (!id.empty())
    gst_tag_list_add(tags, GST_TAG_MERGE_REPLACE, GST_TAG_EXTENDED_COMMENT, id.c_str(), nullptr);
  return EventPtr(gst_event_new_tag(tags));
}

void add_participant(GstBuffer *buffer, const MediaData &data) {
  static const GstMetaInfo *info = gst_meta_get_info(kParticipantMeta);
  GstMeta *meta = gst_buffer_get_meta(buffer, info->api);
  if (data.user_id == 0 && data.user_name.empty() && data.channel_id.empty()) {
    if (meta)
      gst_buffer_remove_meta(buffer, meta);
    return;
  }
  if (!meta) {
    meta = gst_buffer_add_meta(buffer, info, nullptr);
    keep_with_buffer(buffer, meta);
  }
  GstStructure *structure = gst_custom_meta_get_structure(reinterpret_cast<GstCustomMeta *>(meta));
  if (tells(structure, data))
    return;
  gst_structure_remove_all_fields(structure);
  GValue id = G_VALUE_INIT;
  g_value_init(&id, G_TYPE_UINT64);
  g_value_set_uint64(&id, data.user_id);
  gst_structure_id_take_value(structure, fields().user_id, &id);
  set_text(structure, fields().user_name, data.user_name);
  set_text(structure, fields().channel_id, data.channel_id);
}

void register_participant_meta() {
  static const gchar *tags[] = {nullptr};
  if (!gst_meta_get_info(kParticipantMeta))
    gst_meta_register_custom(kParticipantMeta, tags, nullptr, nullptr, nullptr);
}

}  // namespace rtms
