// SPDX-License-Identifier: LGPL-2.1-or-later
#include "kept.h"

#include <algorithm>
#include <cmath>

#include "pipeline.h"

namespace rtmscheck {
namespace {

constexpr int64_t kFromMs = 3000;
constexpr double kInPlaceMs = 20, kSamplesPerMs = 16;

struct Run {
  int64_t packet;
  double from_ms;
  std::size_t samples;
};
struct Recorded {
  std::vector<Run> runs;               // of one track, or of those of the participants
  std::map<int64_t, double> pictures;  // when, in ms
};

void note_sound(GstElement *, GstBuffer *buffer, GstPad *, gpointer data) {
  auto runs = static_cast<std::vector<Run> *>(data);
  const Bytes bytes = bytes_of(buffer);
  const double start_ms = static_cast<double>(GST_BUFFER_PTS(buffer)) / GST_MSECOND;
  int sample = 0;
  for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) {
    const int next = bytes[i] | bytes[i + 1] << 8;
    if (next && next == sample && i > 0)
      runs->back().samples++;
    else if (next)
      runs->push_back({next - Numbered::sample_of(0),
                       start_ms + static_cast<double>(i / 2) / kSamplesPerMs, 1});
    sample = next;
  }
}

void note_picture(GstElement *, GstBuffer *buffer, GstPad *, gpointer data) {
  if (const auto number = Numbered::number_of(bytes_of(buffer)))
    static_cast<std::map<int64_t, double> *>(data)->emplace(
        *number, static_cast<double>(GST_BUFFER_PTS(buffer)) / GST_MSECOND);
}

void note_frame(GstElement *, GstBuffer *buffer, GstPad *, gpointer data) {
  if (const auto number = Numbered::number_of(bytes_of(buffer)))
    static_cast<std::vector<int64_t> *>(data)->push_back(*number);
}

Recorded read(const std::string &file, const std::vector<unsigned> &tracks, bool has_video,
              std::string *error) {
  constexpr char kSink[] = " ! fakesink async=false signal-handoffs=true name=";
  std::string line = "filesrc location=" + file + " ! matroskademux name=d";
  if (has_video)
    line += std::string(" d.video_0") + kSink + "picture";
  for (unsigned track : tracks)
    line += " d.audio_" + std::to_string(track) + kSink + "sound" + std::to_string(track);
  Recorded recorded;
  std::vector<std::vector<Run>> runs(tracks.size());
  ElementPtr pipeline = launch(line, error);
  const auto connect = [&](const std::string &name, auto handler, gpointer data) {
    ElementPtr sink(gst_bin_get_by_name(GST_BIN(pipeline.get()), name.c_str()));
    g_signal_connect(sink.get(), "handoff", G_CALLBACK(handler), data);
  };
  if (has_video)
    connect("picture", note_picture, &recorded.pictures);
  for (std::size_t i = 0; i < tracks.size(); i++)
    connect("sound" + std::to_string(tracks[i]), note_sound, &runs[i]);
  *error = play_all(pipeline.get(), kDeadlineMs * 3);
  for (const std::vector<Run> &one : runs)
    recorded.runs.insert(recorded.runs.end(), one.begin(), one.end());
  return recorded;
}

// When the first packet is heard, or would be.
double base_ms(const std::vector<Run> &runs) {
  std::vector<double> all;
  for (const Run &run : runs)
    all.push_back(run.from_ms - static_cast<double>(run.packet * kPacketMs));
  std::sort(all.begin(), all.end());
  return all.empty() ? 0 : all[all.size() / 2];
}

double seconds_in_place(const std::vector<Run> &runs, double base_ms) {
  std::map<int64_t, std::size_t> samples;
  for (const Run &run : runs) {
    const double first_ms = base_ms + static_cast<double>(run.packet * kPacketMs) - kInPlaceMs;
    const double last_ms = first_ms + kPacketMs + 2 * kInPlaceMs;
    const double end_ms = run.from_ms + static_cast<double>(run.samples) / kSamplesPerMs;
    if (run.from_ms >= first_ms && end_ms <= last_ms)
      samples[run.packet] += run.samples;
  }
  std::size_t all = 0;
  for (const auto &[packet, count] : samples)
    all += std::min(count, kPacketSamples);
  return static_cast<double>(all) / kSamplesPerMs / 1000;
}

unsigned pictures_in_place(const Recorded &recorded, double base_ms, int64_t first_ms) {
  return static_cast<unsigned>(
      std::count_if(recorded.pictures.begin(), recorded.pictures.end(), [&](const auto &picture) {
        const double due_ms = base_ms + static_cast<double>(first_ms + picture.first * kPictureMs);
        return std::fabs(picture.second - due_ms) <= kPictureMs;
      }));
}

std::string seconds_text(int64_t ms) {
  return std::to_string(ms / 1000) + (ms % 1000 ? "." + std::to_string(ms % 1000 / 100) : "") +
         " s";
}

const char *name_of(const std::vector<Where> &where) {
  if (where.size() > 1)
    return "each of the media";
  if (!where[0])
    return "signaling, and so all";
  return *where[0] == Media::Audio ? "audio" : "video";
}

// Silence begins with the meeting and lasts until the outage: the time of a medium that comes first
// is known by then.
int64_t from_ms(const Disturbance &disturbance) {
  constexpr int64_t kAwayBefore_ms = 1000;
  return disturbance.quiet_ms ? disturbance.quiet_ms - kAwayBefore_ms : kFromMs;
}

}  // namespace

Config numbered(int64_t length_ms, bool turns) {
  Numbered::Options options;
  options.end_ms = length_ms;
  options.chat = true;
  options.turns = turns;
  Config config;
  config.replay.audio = true;
  config.source = std::make_shared<Numbered>(options);
  return config;
}

std::string name_of(const Disturbance &disturbance) {
  const std::string length = seconds_text(disturbance.length_ms);
  const std::string pace =
      disturbance.speed > 0
          ? "at " + std::to_string(static_cast<int>(disturbance.speed)) + "× real time"
          : "at once";
  switch (disturbance.what) {
    case Disturbance::What::Outage:
      return "outage of " + length + ", " + name_of(disturbance.where) + "; replayed " + pace +
             (disturbance.quiet_ms ? "; nobody spoke before" : "");
    case Disturbance::What::Stall:
      return "TCP stands still for " + length + ", " + name_of(disturbance.where);
    case Disturbance::What::Backlog:
      break;
  }
  return length + " of older audio " + pace +
         (disturbance.hold_ms
              ? ", " + seconds_text(disturbance.hold_ms) + " behind the first video frame"
              : "");
}

int64_t meeting_ms(const Disturbance &disturbance) {
  // The tries to connect again come more and more slowly: the last one may be so late.
  constexpr int64_t kTailMs = 3000, kLatestTryMs = 30000, kLongMs = 10000;
  const int64_t try_ms = disturbance.length_ms > kLongMs ? kLatestTryMs : disturbance.length_ms;
  switch (disturbance.what) {
    case Disturbance::What::Outage:
      return from_ms(disturbance) + disturbance.length_ms + try_ms + kTailMs;
    case Disturbance::What::Stall:
      return from_ms(disturbance) + disturbance.length_ms + kTailMs;
    case Disturbance::What::Backlog:
      break;
  }
  const double paced = disturbance.speed > 1
                           ? static_cast<double>(disturbance.length_ms) / (disturbance.speed - 1)
                           : 0;
  return disturbance.length_ms + static_cast<int64_t>(paced) + disturbance.hold_ms + kTailMs;
}

Config config_of(const Disturbance &disturbance, bool turns) {
  Numbered::Options options;
  options.end_ms = meeting_ms(disturbance);
  options.turns = turns;
  options.quiet_ms = disturbance.quiet_ms;
  Config config;
  config.strict = true;
  const int64_t until_ms = from_ms(disturbance) + disturbance.length_ms;
  switch (disturbance.what) {
    case Disturbance::What::Outage:
      for (const Where &where : disturbance.where)
        config.outages.push_back({where, from_ms(disturbance), until_ms});
      config.replay.audio = true;
      config.replay.speed = disturbance.speed;
      break;
    case Disturbance::What::Stall:
      for (const Where &where : disturbance.where) {
        config.script.push_back({from_ms(disturbance), where, "", Action::Stall});
        config.script.push_back({until_ms, where, "", Action::Resume});
      }
      break;
    case Disturbance::What::Backlog:
      options.backlog_ms = disturbance.length_ms;
      options.hold_ms = disturbance.hold_ms;
      options.speed = disturbance.speed;
      break;
  }
  config.source = std::make_shared<Numbered>(options);
  return config;
}

Kept kept_in(const std::string &folder, const Server &server, const Disturbance &disturbance,
             bool turns) {
  const bool older = disturbance.what == Disturbance::What::Backlog;
  constexpr double kPacket = kPacketMs / 1000.0;
  Kept kept;
  const std::string file = folder + "/meeting.mkv";
  const Recorded all = read(file, {0}, true, &kept.error);
  if (!kept.error.empty())
    return kept;
  const double base = base_ms(all.runs);
  kept.sent = static_cast<double>(server.sent(Media::Audio)) * kPacket;
  kept.kept = seconds_in_place(all.runs, base);
  kept.pictures = static_cast<unsigned>(server.sent(Media::Video));
  kept.pictures_kept = pictures_in_place(all, base, older ? disturbance.length_ms : 0);
  if (turns)
    kept.kept =
        std::min(kept.kept, seconds_in_place(read(file, {1, 2}, true, &kept.error).runs, base));
  return kept;
}

Contents contents_of(const std::string &file, int64_t after, bool has_video) {
  constexpr int64_t kNumbers = 65536;
  Contents contents;
  Recorded all = read(file, {0}, has_video, &contents.error);
  for (Run &run : all.runs) {
    const double turns = static_cast<double>(after - run.packet) / kNumbers;
    run.packet += kNumbers * std::llround(std::max(turns, 0.0));
    after = run.packet;
  }
  const double base = base_ms(all.runs);
  std::map<int64_t, std::size_t> samples;
  for (const Run &run : all.runs) {
    const double off_ms = run.from_ms - base - static_cast<double>(run.packet * kPacketMs);
    if (off_ms >= -kInPlaceMs && off_ms <= kPacketMs + kInPlaceMs)
      samples[run.packet] += run.samples;
  }
  for (const auto &[packet, count] : samples)
    if (count + kPacketSamples / 10 >= kPacketSamples)
      contents.packets.insert(packet);
  for (const auto &[number, at_ms] : all.pictures)
    if (std::fabs(at_ms - base - static_cast<double>(number * kPictureMs)) <= kPictureMs)
      contents.pictures.insert(number);
  return contents;
}

std::vector<int64_t> numbers_of(const std::string &file) {
  std::vector<int64_t> frames;
  std::string error;
  ElementPtr pipeline = launch("filesrc location=" + file +
                                   " ! matroskademux ! fakesink async=false signal-handoffs=true "
                                   "name=frames",
                               &error);
  ElementPtr sink(gst_bin_get_by_name(GST_BIN(pipeline.get()), "frames"));
  g_signal_connect(sink.get(), "handoff", G_CALLBACK(note_frame), &frames);
  error = play_all(pipeline.get(), kDeadlineMs * 3);
  ck_assert_msg(error.empty(), "%s: %s", file.c_str(), error.c_str());
  return frames;
}

}  // namespace rtmscheck
