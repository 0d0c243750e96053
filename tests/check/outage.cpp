// SPDX-License-Identifier: LGPL-2.1-or-later
#include "outage.h"

#include <algorithm>
#include <atomic>
#include <cmath>

#include "launch.h"
#include "pipeline.h"
#include "replay.h"

namespace rtmscheck {
namespace {

constexpr int64_t kPacketMs = 20, kPictureMs = 40, kLineMs = 1000, kFromMs = 3000;
constexpr int64_t kGroup = 10;  // pictures from one keyframe to the next
constexpr std::size_t kPacketBytes = 640;
constexpr double kFaster = 5;
constexpr char kMark[] = "rtms-test-number";  // as long as a UUID
constexpr int kDigits = 10;

std::string digits(int64_t number) {
  const std::string text = std::to_string(number);
  return std::string(kDigits - text.size(), '0') + text;
}

// Where the first slice's start code is.
std::size_t first_slice(const Bytes &unit) {
  for (std::size_t i = 0; i + 3 < unit.size(); i++) {
    const int type = unit[i + 3] & 0x1f;
    if (!unit[i] && !unit[i + 1] && unit[i + 2] == 1 && (type == 1 || type == 5))
      return i;
  }
  g_assert_not_reached();
}

// The number is an SEI message of its own.
Bytes numbered(const Bytes &unit, int64_t number) {
  constexpr uint8_t kSei = 6, kUserData = 5, kEnd = 0x80;
  const std::string text = kMark + digits(number);
  Bytes sei = {0, 0, 1, kSei, kUserData, static_cast<uint8_t>(text.size())};
  sei.insert(sei.end(), text.begin(), text.end());
  sei.push_back(kEnd);
  Bytes all = unit;
  all.insert(all.begin() + static_cast<std::ptrdiff_t>(first_slice(unit)), sei.begin(), sei.end());
  return all;
}

const std::vector<Bytes> &pictures() {
  static const std::vector<Bytes> all = [] {
    MeetingOptions options;
    options.duration_ms = kGroup * kPictureMs;
    const auto reel = film(options);
    std::vector<Bytes> units;
    for (const auto &[due_ms, item] : reel->items.at(Media::Video))
      units.push_back(item.payload);
    return units;
  }();
  return all;
}

// Each sample of a packet, and each picture, tells its number.
class Numbered : public MediaSource {
 public:
  explicit Numbered(int64_t end_ms) : end_ms_(end_ms) {}

  bool next(Media m, MediaItem &item, int64_t &due_ms) override {
    if (!interval_ms(m))
      return false;
    const int64_t number = next_[m]++;
    due_ms = number * interval_ms(m);
    if (due_ms >= end_ms_)
      return false;
    item = rtmscheck::item(m, due_ms, payload(m, number), m == Media::Audio ? 0 : kUser);
    if (m == Media::Transcript)
      item.extra = "\"start_time\":" + std::to_string(item.timestamp - kLineMs / 2) +
                   ",\"end_time\":" + std::to_string(item.timestamp);
    return true;
  }
  void skip_to(Media m, int64_t due_ms) override {
    if (!interval_ms(m))
      return;
    const int64_t step = m == Media::Video ? kGroup : 1, span_ms = interval_ms(m) * step;
    next_[m] = std::max(next_[m], (due_ms + span_ms - 1) / span_ms * step);
  }

 private:
  static int64_t interval_ms(Media m) {
    if (m == Media::Audio)
      return kPacketMs;
    return m == Media::Video ? kPictureMs : m == Media::Transcript ? kLineMs : 0;
  }
  static Bytes payload(Media m, int64_t number) {
    if (m == Media::Video)
      return numbered(pictures()[static_cast<std::size_t>(number % kGroup)], number);
    if (m == Media::Transcript)
      return text_bytes("Line " + std::to_string(number) + ".");
    Bytes bytes;
    while (bytes.size() < kPacketBytes) {
      bytes.push_back(static_cast<uint8_t>(number & 0xff));
      bytes.push_back(static_cast<uint8_t>(number >> 8));
    }
    return bytes;
  }

  const int64_t end_ms_;
  std::map<Media, int64_t> next_;
};

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
        bytes[at] | bytes[at + 1] << 8,
        ms_of(buffer) + static_cast<double>(at / kPacketBytes * kPacketMs));
}

void note_picture(GstElement *, GstBuffer *buffer, GstPad *, gpointer data) {
  const Bytes bytes = bytes_of(buffer);
  const std::string mark = kMark;
  const auto found = std::search(bytes.begin(), bytes.end(), mark.begin(), mark.end());
  if (found == bytes.end())
    return;
  const auto number = found + static_cast<std::ptrdiff_t>(mark.size());
  static_cast<Recorded *>(data)->pictures.emplace(
      g_ascii_strtoll(std::string(number, number + kDigits).c_str(), nullptr, 10), ms_of(buffer));
}

// Plays to the end. What is said against it; empty: nothing.
std::string play_all(GstElement *pipeline, int64_t patience_ms) {
  gst_element_set_state(pipeline, GST_STATE_PLAYING);
  BusPtr bus(gst_element_get_bus(pipeline));
  constexpr auto kWanted =
      static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR | GST_MESSAGE_WARNING);
  MessagePtr message(gst_bus_timed_pop_filtered(
      bus.get(), static_cast<GstClockTime>(patience_ms) * GST_MSECOND, kWanted));
  gst_element_set_state(pipeline, GST_STATE_NULL);
  if (!message)
    return "no end";
  if (GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_EOS)
    return {};
  const Failure failure = failure_of(message.get());
  return failure.text + ": " + failure.debug;
}

ElementPtr launch(const std::string &line, std::string *error) {
  GError *failure = nullptr;
  GstElement *pipeline = gst_parse_launch(line.c_str(), &failure);
  ErrorPtr owned(failure);
  if (failure)
    *error = failure->message;
  return ElementPtr(pipeline ? static_cast<GstElement *>(gst_object_ref_sink(pipeline)) : nullptr);
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
  pictures();
  Config config;
  config.strict = true;
  config.source = std::make_shared<Numbered>(length_ms);
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
      return "that of the sound";
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
