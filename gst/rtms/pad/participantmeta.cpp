// SPDX-License-Identifier: LGPL-2.1-or-later
#include "participantmeta.h"

#include "media/pool.h"

namespace rtms {
namespace {

constexpr const char *kParticipantMeta = "GstRtmsParticipantMeta";

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

// Whether the meta of a reused buffer already names the speaker.
bool tells(const GstStructure *structure, const Speaker &speaker) {
  const GValue *id = gst_structure_id_get_value(structure, fields().user_id);
  return gst_structure_n_fields(structure) == 3 && id && G_VALUE_HOLDS_UINT64(id) &&
         g_value_get_uint64(id) == speaker.user_id &&
         is_text_of(structure, fields().user_name, speaker.name) &&
         is_text_of(structure, fields().channel_id, speaker.channel_id);
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

EventPtr participant_tags(const Speaker &speaker) {
  const std::string id = speaker.id().tag();
  if (id.empty() && speaker.name.empty())
    return nullptr;
  GstTagList *tags = gst_tag_list_new_empty();
  if (!speaker.name.empty())
    gst_tag_list_add(tags, GST_TAG_MERGE_REPLACE, GST_TAG_TITLE, std::string(speaker.name).c_str(),
                     nullptr);
  if (!id.empty())
    gst_tag_list_add(tags, GST_TAG_MERGE_REPLACE, GST_TAG_EXTENDED_COMMENT, id.c_str(), nullptr);
  return EventPtr(gst_event_new_tag(tags));
}

void add_participant(GstBuffer *buffer, const Speaker &speaker) {
  static const GstMetaInfo *info = gst_meta_get_info(kParticipantMeta);
  GstMeta *meta = gst_buffer_get_meta(buffer, info->api);
  if (speaker.user_id == 0 && speaker.name.empty() && speaker.channel_id.empty()) {
    if (meta)
      gst_buffer_remove_meta(buffer, meta);
    return;
  }
  if (!meta) {
    meta = gst_buffer_add_meta(buffer, info, nullptr);
    keep_with_buffer(buffer, meta);
  }
  GstStructure *structure = gst_custom_meta_get_structure(reinterpret_cast<GstCustomMeta *>(meta));
  if (tells(structure, speaker))
    return;
  gst_structure_remove_all_fields(structure);
  GValue id = G_VALUE_INIT;
  g_value_init(&id, G_TYPE_UINT64);
  g_value_set_uint64(&id, speaker.user_id);
  gst_structure_id_take_value(structure, fields().user_id, &id);
  set_text(structure, fields().user_name, speaker.name);
  set_text(structure, fields().channel_id, speaker.channel_id);
}

void register_participant_meta() {
  static const gchar *tags[] = {nullptr};
  if (!gst_meta_get_info(kParticipantMeta))
    gst_meta_register_custom(kParticipantMeta, tags, nullptr, nullptr, nullptr);
}

}  // namespace rtms
