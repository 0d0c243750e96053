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
    : file_(std::move(folder)), facts_{hook, std::move(titles), unix_us, People(unix_us)} {}

void Report::Facts::write_tracks(JsonWriter *writer) const {
  JsonBuilder *builder = writer->builder();
  people.write_speaker_count(writer);
  json_builder_set_member_name(builder, "tracks");
  json_builder_begin_array(builder);
  for (unsigned track = 0; track < titles.size(); track++) {
    json_builder_begin_object(builder);
    writer->member("track", static_cast<int64_t>(track)).member("title", titles[track]);
    people.write_speakers(writer, track);
    json_builder_end_object(builder);
  }
  json_builder_end_array(builder);
}

std::string Report::Facts::json(const std::string &state) const {
  JsonWriter writer;
  writer.member("state", state)
      .member("stream_id", shown(hook.stream_id, 256))
      .member("id", shown(hook.id, 256))
      .member("meeting_id", shown(hook.meeting_id, 256))
      .member("event", shown(hook.event))
      .member("started", time_stamp(started_us));
  if (capture_start_ms)
    writer.member("capture_start_ms", capture_start_ms).member("drift_ms", drift_ms);
  writer.member("recording", part.recording).member("part", static_cast<int64_t>(part.number));
  if (!part.previous.empty())
    writer.member("previous_part", part.previous);
  if (ended_us) {
    writer.member("ended", time_stamp(ended_us)).member("end_reason", reason);
    add(writer.builder(), "duration_s", duration_s);
    // Times in files are rounded to 1 ms.
    const auto ms = [](GstClockTime end) {
      return static_cast<int64_t>((end + GST_MSECOND - 1) / GST_MSECOND);
    };
    writer.member("audio_end_ms", ms(ends.audio)).member("video_end_ms", ms(ends.video));
  }
  if (!error.empty())
    writer.member("error", error);
  if (!push.empty())
    writer.member("push", push);
  if (audio_behind)
    add(writer.builder(), "audio_behind_s", static_cast<double>(audio_behind / GST_MSECOND) / 1000);
  if (late_audio_ms)
    add(writer.builder(), "audio_lost_s", static_cast<double>(late_audio_ms) / 1000);
  if (texts_left_out)
    writer.member("texts_left_out", static_cast<int64_t>(texts_left_out));
  json_builder_set_member_name(writer.builder(), "files");
  json_builder_begin_array(writer.builder());
  for (const std::string &file : files)
    json_builder_add_string_value(writer.builder(), file.c_str());
  json_builder_end_array(writer.builder());
  write_tracks(&writer);
  people.write_participants(&writer);
  if (stats) {
    writer.begin("stats");
    write_stats(writer.builder(), stats.get());
    writer.end();
  }
  return writer.text() + "\n";
}

// Later packets may correct it.
bool Report::learn(const CaptureTime &capture, int64_t tolerance_ms) {
  const int64_t start_ms = capture.start_ms();
  const bool learned = std::abs(start_ms - facts_.capture_start_ms) > tolerance_ms;
  if (learned) {
    facts_.capture_start_ms = start_ms;
    facts_.drift_ms = capture.drift_ms();
  }
  return learned;
}

bool Report::refresh(int64_t now_us, const CaptureTime &capture) {
  // Written at once, because --join needs it even if this recorder is killed; the jitter of the
  // first packets is not.
  constexpr int64_t kTolerance_ms = 5, kJitter_ms = 50, kEachStart_us = 10 * G_USEC_PER_SEC;
  if (learn(capture, now_us < next_start_us_ ? kJitter_ms : kTolerance_ms)) {
    next_start_us_ = now_us + kEachStart_us;
    learned_ = true;
  }
  if ((!learned_ || now_us < next_jump_us_) && (now_us < next_us_ || !people().take_changed()))
    return false;
  learned_ = false;
  // A list of 10,000 names takes 0.3 s of a processor, so it is written every 10 s. A server may
  // change the start as often as the names.
  constexpr int64_t kEach_us = 1000;
  const int64_t pause_us = kEach_us * static_cast<int64_t>(people().listed());
  next_us_ = now_us + pause_us;
  next_jump_us_ = now_us + std::min(pause_us, kEachStart_us);
  write("recording");
  return true;
}

std::function<std::string()> Report::text(const char *state) const {
  return [facts = std::make_shared<const Facts>(facts_), state] { return facts->json(state); };
}

void Report::write(const char *state) {
  file_.write(text(state));
}

void Report::close(int64_t unix_us, double duration_s, const std::string &reason,
                   const std::string &error, StructurePtr stats, const std::string &push,
                   std::function<void(const std::string &problem)> done) {
  facts_.ended_us = unix_us;
  facts_.duration_s = duration_s;
  facts_.reason = reason;
  facts_.error = error;
  facts_.stats = std::move(stats);
  facts_.push = push;
  file_.close(text(error.empty() ? "finished" : "failed"), std::move(done));
}

}  // namespace rtms::recorder
