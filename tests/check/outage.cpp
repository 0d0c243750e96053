// SPDX-License-Identifier: LGPL-2.1-or-later
#include "outage.h"

#include <algorithm>
#include <atomic>
#include <cmath>

#include "launch.h"
#include "numbered.h"
#include "pipeline.h"

namespace rtmscheck {
namespace {

constexpr int64_t kFromMs = 3000;
constexpr double kFaster = 5;

// What is in the file: numbers with their times, in ms.
struct Recorded {
  std::map<int64_t, double> packets, pictures;
};

double ms_of(const GstBuffer *buffer) {
  return static_cast<double>(GST_BUFFER_PTS(buffer)) / GST_MSECOND;
}

void note_sound(GstElement *, GstBuffer *buffer, GstPad *, gpointer data) {
  const Bytes bytes = bytes_of(buffer);
  for (std::size_t at = 0; at + 1 < bytes.size(); at += kPacketBytes)
    static_cast<Recorded *>(data)->packets.emplace(
        (bytes[at] | bytes[at + 1] << 8) - Numbered::sample_of(0),
        ms_of(buffer) + static_cast<double>(at / kPacketBytes * kPacketMs));
}

void note_picture(GstElement *, GstBuffer *buffer, GstPad *, gpointer data) {
  if (const auto number = Numbered::number_of(bytes_of(buffer)))
    static_cast<Recorded *>(data)->pictures.emplace(*number, ms_of(buffer));
}

Recorded read_recording(const std::string &file, std::string *error) {
  Recorded recorded;
  ElementPtr pipeline =
      launch("filesrc location=" + file +
                 " ! matroskademux name=d  d.audio_0 ! fakesink name=sound async=false "
                 "signal-handoffs=true "
                 "d.video_0 ! fakesink name=picture async=false signal-handoffs=true",
             error);
  const auto connect = [&](const char *name, auto handler) {
    ElementPtr sink(gst_bin_get_by_name(GST_BIN(pipeline.get()), name));
    g_signal_connect(sink.get(), "handoff", G_CALLBACK(handler), &recorded);
  };
  connect("sound", note_sound);
  connect("picture", note_picture);
  *error = play_all(pipeline.get(), kDeadlineMs * 3);
  return recorded;
}

std::string replaced(std::string text, const std::string &what, const std::string &by) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size())
    text.replace(at, what.size(), by);
  return text;
}

Config config_of(const OutageRun &outage, int64_t length_ms) {
  Config config;
  config.strict = true;
  Numbered::Options options;
  options.end_ms = length_ms;
  config.source = std::make_shared<Numbered>(options);
  std::vector<Where> where = {Media::Audio};
  if (outage.lost == OutageRun::Lost::Signaling)
    where = {Signaling};
  else if (outage.lost == OutageRun::Lost::Media)
    where = {Media::Audio, Media::Video, Media::Transcript};
  for (const Where &one : where)
    config.outages.push_back({one, kFromMs, kFromMs + outage.away_ms});
  config.replay.audio = outage.replayed != OutageRun::Replayed::Nothing;
  config.replay.speed = outage.replayed == OutageRun::Replayed::Faster ? kFaster : 0;
  return config;
}

// Of the sound's pad, after the loss.
struct Pushed {
  std::atomic<unsigned> disconts{0};
  std::function<void()> connected;
};

GstPadProbeReturn on_sound(GstPad *, GstPadProbeInfo *info, gpointer data) {
  GstBuffer *buffer = gst_pad_probe_info_get_buffer(info);
  const Bytes bytes = bytes_of(buffer);
  const bool after = (bytes[0] | bytes[1] << 8) * kPacketMs > kFromMs / 2;
  if (after && GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_DISCONT))
    ++static_cast<Pushed *>(data)->disconts;
  return GST_PAD_PROBE_OK;
}

void on_pad_added(GstElement *, GstPad *pad, gpointer data) {
  if (std::string("audio") != GST_PAD_NAME(pad))
    return;
  gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, on_sound, data, nullptr);
  static_cast<Pushed *>(data)->connected();
}

// When the sound's connection was there again, in the stream's time.
int64_t back_ms(const Server &server) {
  int64_t start_us = 0, back_us = 0;
  for (const Received &one : server.received()) {
    if (!start_us && contains(one.text, "\"msg_type\":7"))
      start_us = one.time_us;
    const bool sound = one.socket == "media/audio" || one.socket == "media/all";
    if (sound && contains(one.text, "\"msg_type\":3"))
      back_us = one.time_us;
  }
  return (back_us - start_us) / 1000;
}

double base_of(const std::map<int64_t, double> &times, int64_t interval_ms) {
  std::vector<double> all;
  for (const auto &[number, time_ms] : times)
    if (number * interval_ms < kFromMs)
      all.push_back(time_ms - static_cast<double>(number * interval_ms));
  std::sort(all.begin(), all.end());
  return all.empty() ? 0 : all[all.size() / 2];
}

void judge(const OutageRun &outage, const Server &server, const Recorded &recorded,
           OutageResult *result) {
  constexpr double kSecond = 1000, kInPlaceMs = 20, kPacket = kPacketMs / kSecond;
  const int64_t until_ms = back_ms(server);
  result->away = static_cast<double>(until_ms - kFromMs) / kSecond;
  const auto in_outage = [=](int64_t number) {
    return number * kPacketMs >= kFromMs && number * kPacketMs < until_ms;
  };
  const double base_ms = base_of(recorded.packets, kPacketMs);
  for (const auto &[number, time_ms] : recorded.packets) {
    const double off_ms = std::fabs(time_ms - base_ms - static_cast<double>(number * kPacketMs));
    result->off = std::max(result->off, off_ms / kSecond);
    if (in_outage(number) && off_ms <= kInPlaceMs)
      result->placed += kPacket;
  }
  for (const auto &[number, time_ms] : recorded.pictures)
    result->picture_off =
        std::max(result->picture_off,
                 std::fabs(time_ms - base_ms - static_cast<double>(number * kPictureMs)) / kSecond);
  result->sent = static_cast<double>(server.sent(Media::Audio)) * kPacket;
  if (outage.replayed != OutageRun::Replayed::Nothing)
    result->replay = std::min(result->away, static_cast<double>(Replay().limit_ms) / kSecond);
  result->lost = result->sent - static_cast<double>(recorded.packets.size()) * kPacket;
  if (!recorded.packets.empty())
    result->missing = static_cast<double>(recorded.packets.rbegin()->first + 1 -
                                          recorded.packets.begin()->first) *
                          kPacket -
                      static_cast<double>(recorded.packets.size()) * kPacket;
  result->pictures = static_cast<unsigned>(server.sent(Media::Video));
  result->pictures_lost = result->pictures - static_cast<unsigned>(recorded.pictures.size());
}

}  // namespace

std::string record_line(const std::string &folder) {
  std::string line = replaced(documented_recipes().at("record"), "\\\n", " ");
  line = replaced(replaced(line, "gst-launch-1.0 -e ", ""), "\n", " ");
  line = replaced(line, "webhook.json", folder + "/webhook.json");
  return replaced(line, "location=meeting.mkv", "location=" + folder + "/meeting.mkv");
}

OutageResult record_outage(const OutageRun &outage, const std::string &folder,
                           const std::string &line, const std::function<void()> &connected) {
  // The tries to connect again come more and more slowly.
  const int64_t length_ms = kFromMs + outage.away_ms * 3 / 2 + 6000;
  OutageResult result;
  Server server(config_of(outage, length_ms));
  Pushed pushed;
  pushed.connected = connected;
  if (!server.start(&result.error))
    return result;
  const std::string webhook = server.webhook_json();
  g_file_set_contents((folder + "/webhook.json").c_str(), webhook.c_str(), -1, nullptr);
  ElementPtr pipeline = launch(line, &result.error);
  if (!result.error.empty())
    return result;
  ElementPtr src(gst_bin_get_by_name(GST_BIN(pipeline.get()), "meeting"));
  g_object_set(src.get(), "client-id", "test-client", "client-secret", "test-secret", nullptr);
  if (outage.lost == OutageRun::Lost::Unified)
    gst_util_set_object_arg(G_OBJECT(src.get()), "connection-mode", "unified");
  g_signal_connect(src.get(), "pad-added", G_CALLBACK(on_pad_added), &pushed);
  result.error = play_all(pipeline.get(), length_ms + kDeadlineMs * 2);
  if (!result.error.empty())
    return result;
  const Recorded recorded = read_recording(folder + "/meeting.mkv", &result.error);
  judge(outage, server, recorded, &result);
  result.disconts = pushed.disconts;
  return result;
}

const char *name(OutageRun::Lost lost) {
  switch (lost) {
    case OutageRun::Lost::Audio:
      return "audio";
    case OutageRun::Lost::Media:
      return "each of the media";
    case OutageRun::Lost::Unified:
      return "one for all media";
    case OutageRun::Lost::Signaling:
      break;
  }
  return "signaling, and so all";
}

const char *name(OutageRun::Replayed replayed) {
  switch (replayed) {
    case OutageRun::Replayed::AtOnce:
      return "at once";
    case OutageRun::Replayed::Faster:
      return "at 5×";
    case OutageRun::Replayed::Nothing:
      break;
  }
  return "none";
}

}  // namespace rtmscheck
