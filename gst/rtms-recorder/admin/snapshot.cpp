// SPDX-License-Identifier: LGPL-2.1-or-later
#include "snapshot.h"

#include "protocol/json_write.h"

namespace rtms::recorder {
namespace {

void write(JsonWriter *writer, const LiveMeeting &meeting) {
  JsonBuilder *builder = writer->builder();
  json_builder_begin_object(builder);
  writer->member("folder", meeting.folder)
      .member("stream_id", meeting.stream)
      .member("state", meeting.state)
      .member("seconds", meeting.seconds)
      .member("file_bytes", static_cast<int64_t>(meeting.file_bytes))
      .member("bits_per_second", static_cast<int64_t>(meeting.bits_per_second))
      .member("reconnects", static_cast<int64_t>(meeting.reconnects))
      .member("dropped", static_cast<int64_t>(meeting.dropped))
      .member("lost_audio_ms", static_cast<int64_t>(meeting.lost_audio_ms))
      .member("behind_ms", meeting.behind_ms)
      .member("level_db", meeting.level_db)
      .member("speakers", static_cast<int64_t>(meeting.speakers));
  if (!meeting.push.empty())
    writer->member("push", meeting.push);
  json_builder_set_member_name(builder, "speaking");
  json_builder_begin_array(builder);
  for (const std::string &name : meeting.speaking)
    json_builder_add_string_value(builder, name.c_str());
  json_builder_end_array(builder);
  json_builder_end_object(builder);
}

}  // namespace

std::string json_of(const Snapshot &snapshot, int64_t age_ms) {
  JsonWriter writer;
  writer.member("age_ms", age_ms)
      .member("health", snapshot.sick.empty() ? std::string("ok") : snapshot.sick)
      .member("free_bytes", static_cast<int64_t>(snapshot.free_bytes))
      .member("finished", static_cast<int64_t>(snapshot.finished))
      .member("failed", static_cast<int64_t>(snapshot.failed))
      .member("refused", static_cast<int64_t>(snapshot.refused));
  json_builder_set_member_name(writer.builder(), "meetings");
  json_builder_begin_array(writer.builder());
  for (const LiveMeeting &meeting : snapshot.meetings)
    write(&writer, meeting);
  json_builder_end_array(writer.builder());
  return writer.text();
}

}  // namespace rtms::recorder
