// SPDX-License-Identifier: LGPL-2.1-or-later
#include "report.h"

#include "names.h"

namespace rtms::recorder {
namespace {

// A server can invent people without end.
constexpr size_t kMostPeople = 1000;

void add(JsonBuilder *builder, const char *name, const std::string &value) {
  json_builder_set_member_name(builder, name);
  json_builder_add_string_value(builder, value.c_str());
}

void add(JsonBuilder *builder, const char *name, double value) {
  json_builder_set_member_name(builder, name);
  json_builder_add_double_value(builder, value);
}

double seconds(GstClockTime time) {
  return static_cast<double>(time / GST_MSECOND) / 1000;
}

gboolean write_stat(GQuark name, const GValue *value, gpointer data) {
  auto builder = static_cast<JsonBuilder *>(data);
  json_builder_set_member_name(builder, g_quark_to_string(name));
  if (G_VALUE_HOLDS_UINT64(value))
    json_builder_add_int_value(builder, static_cast<gint64>(g_value_get_uint64(value)));
  else if (G_VALUE_HOLDS_INT64(value))
    json_builder_add_int_value(builder, g_value_get_int64(value));
  else if (GST_VALUE_HOLDS_STRUCTURE(value)) {
    json_builder_begin_object(builder);
    write_stats(builder, gst_value_get_structure(value));
    json_builder_end_object(builder);
  } else
    json_builder_add_null_value(builder);
  return TRUE;
}

}  // namespace

void write_stats(JsonBuilder *builder, const GstStructure *stats) {
  gst_structure_foreach(stats, write_stat, builder);
}

Report::Report(const Webhook &hook, std::string folder, std::vector<std::string> titles,
               int64_t unix_us)
    : hook_(hook), file_(std::move(folder)), titles_(std::move(titles)), started_us_(unix_us) {}

void Report::heard(const Voice &voice) {
  if (voices_.size() < kMostPeople)
    voices_.push_back(voice);
}

void Report::joined(uint64_t user, const std::string &name, int64_t unix_us) {
  if (participants_.size() < kMostPeople)
    participants_.push_back({user, shown(name), unix_us, 0});
}

void Report::left(uint64_t user, int64_t unix_us) {
  for (Participant &participant : participants_)
    if (participant.user == user && !participant.left_us)
      participant.left_us = unix_us;
}

void Report::write_tracks(JsonBuilder *builder) const {
  json_builder_set_member_name(builder, "tracks");
  json_builder_begin_array(builder);
  for (unsigned track = 0; track < titles_.size(); track++) {
    json_builder_begin_object(builder);
    json_builder_set_member_name(builder, "track");
    json_builder_add_int_value(builder, track);
    add(builder, "title", titles_[track]);
    json_builder_set_member_name(builder, "speakers");
    json_builder_begin_array(builder);
    for (const Voice &voice : voices_) {
      if (voice.who.empty() || (voice.track != track && track != 0))
        continue;
      json_builder_begin_object(builder);
      add(builder, "user_id", voice.who);
      add(builder, "user_name", voice.name);
      add(builder, "first_heard_s", seconds(voice.from));
      json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
    json_builder_end_object(builder);
  }
  json_builder_end_array(builder);
}

void Report::write_participants(JsonBuilder *builder) const {
  json_builder_set_member_name(builder, "participants");
  json_builder_begin_array(builder);
  for (const Participant &participant : participants_) {
    json_builder_begin_object(builder);
    add(builder, "user_id", std::to_string(participant.user));
    add(builder, "user_name", participant.name);
    add(builder, "joined", time_stamp(participant.joined_us));
    if (participant.left_us)
      add(builder, "left", time_stamp(participant.left_us));
    json_builder_end_object(builder);
  }
  json_builder_end_array(builder);
}

std::string Report::json(const char *state) const {
  JsonWriter writer;
  writer.member("state", std::string(state))
      .member("stream_id", shown(hook_.stream_id, 256))
      .member("id", shown(hook_.id, 256))
      .member("meeting_id", shown(hook_.meeting_id, 256))
      .member("event", shown(hook_.event))
      .member("started", time_stamp(started_us_));
  if (part_.number > 1)
    writer.member("part", static_cast<int64_t>(part_.number))
        .member("previous_part", part_.previous);
  if (ended_us_) {
    writer.member("ended", time_stamp(ended_us_)).member("end_reason", reason_);
    add(writer.builder(), "duration_s", duration_s_);
  }
  if (!error_.empty())
    writer.member("error", error_);
  if (!push_.empty())
    writer.member("push", push_);
  if (audio_behind_)
    add(writer.builder(), "audio_behind_s", seconds(audio_behind_));
  if (late_audio_ms_)
    add(writer.builder(), "audio_lost_s", static_cast<double>(late_audio_ms_) / 1000);
  json_builder_set_member_name(writer.builder(), "files");
  json_builder_begin_array(writer.builder());
  for (const std::string &file : files_)
    json_builder_add_string_value(writer.builder(), file.c_str());
  json_builder_end_array(writer.builder());
  write_tracks(writer.builder());
  write_participants(writer.builder());
  if (stats_) {
    writer.begin("stats");
    write_stats(writer.builder(), stats_.get());
    writer.end();
  }
  return writer.text() + "\n";
}

void Report::write(const char *state) {
  file_.write(json(state));
}

void Report::close(int64_t unix_us, double duration_s, const std::string &reason,
                   const std::string &error, StructurePtr stats, const std::string &push,
                   std::function<void(const std::string &problem)> done) {
  ended_us_ = unix_us;
  duration_s_ = duration_s;
  reason_ = reason;
  error_ = error;
  stats_ = std::move(stats);
  push_ = push;
  file_.close(json(error.empty() ? "finished" : "failed"), std::move(done));
}

}  // namespace rtms::recorder
