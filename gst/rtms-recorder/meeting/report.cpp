// SPDX-License-Identifier: LGPL-2.1-or-later
#include "report.h"

#include "common/names.h"

#include <cstdlib>

namespace rtms::recorder {
namespace {

void add(JsonBuilder *builder, const char *name, double value) {
  json_builder_set_member_name(builder, name);
  json_builder_add_double_value(builder, value);
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
    : hook_(hook),
      file_(std::move(folder)),
      titles_(std::move(titles)),
      started_us_(unix_us),
      people_(unix_us) {}

void Report::write_tracks(JsonWriter *writer) const {
  JsonBuilder *builder = writer->builder();
  people_.write_speaker_count(writer);
  json_builder_set_member_name(builder, "tracks");
  json_builder_begin_array(builder);
  for (unsigned track = 0; track < titles_.size(); track++) {
    json_builder_begin_object(builder);
    writer->member("track", static_cast<int64_t>(track)).member("title", titles_[track]);
    people_.write_speakers(writer, track);
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
  if (capture_start_ms_)
    writer.member("capture_start_ms", capture_start_ms_).member("drift_ms", drift_ms_);
  writer.member("recording", part_.recording).member("part", static_cast<int64_t>(part_.number));
  if (!part_.previous.empty())
    writer.member("previous_part", part_.previous);
  if (ended_us_) {
    writer.member("ended", time_stamp(ended_us_)).member("end_reason", reason_);
    add(writer.builder(), "duration_s", duration_s_);
    // Times in files are rounded to 1 ms.
    const auto ms = [](GstClockTime end) {
      return static_cast<int64_t>((end + GST_MSECOND - 1) / GST_MSECOND);
    };
    writer.member("audio_end_ms", ms(ends_.audio)).member("video_end_ms", ms(ends_.video));
  }
  if (!error_.empty())
    writer.member("error", error_);
  if (!push_.empty())
    writer.member("push", push_);
  if (audio_behind_)
    add(writer.builder(), "audio_behind_s",
        static_cast<double>(audio_behind_ / GST_MSECOND) / 1000);
  if (late_audio_ms_)
    add(writer.builder(), "audio_lost_s", static_cast<double>(late_audio_ms_) / 1000);
  json_builder_set_member_name(writer.builder(), "files");
  json_builder_begin_array(writer.builder());
  for (const std::string &file : files_)
    json_builder_add_string_value(writer.builder(), file.c_str());
  json_builder_end_array(writer.builder());
  write_tracks(&writer);
  people_.write_participants(&writer);
  if (stats_) {
    writer.begin("stats");
    write_stats(writer.builder(), stats_.get());
    writer.end();
  }
  return writer.text() + "\n";
}

// Later packets may correct it.
bool Report::learn(const CaptureTime &capture, int64_t tolerance_ms) {
  const int64_t start_ms = capture.start_ms();
  const bool learned = std::abs(start_ms - capture_start_ms_) > tolerance_ms;
  if (learned) {
    capture_start_ms_ = start_ms;
    drift_ms_ = capture.drift_ms();
  }
  return learned;
}

void Report::refresh(int64_t now_us, const CaptureTime &capture) {
  // Written at once, because --join needs it even if this recorder is killed; the jitter of the
  // first packets is not.
  constexpr int64_t kTolerance_ms = 5, kJitter_ms = 50, kEachStart_us = 10 * G_USEC_PER_SEC;
  const bool learned = learn(capture, now_us < next_start_us_ ? kJitter_ms : kTolerance_ms);
  if (learned)
    next_start_us_ = now_us + kEachStart_us;
  // A list of 10,000 entries takes 0.1 s, so it is written every 10 s.
  constexpr int64_t kEach_us = 1000;
  if (!learned && (now_us < next_us_ || !people_.take_changed()))
    return;
  next_us_ = now_us + kEach_us * static_cast<int64_t>(people_.listed());
  write("recording");
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
