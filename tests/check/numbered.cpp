// SPDX-License-Identifier: LGPL-2.1-or-later
#include "numbered.h"

#include <algorithm>
#include <utility>

#include "pipeline.h"
#include "replay.h"

namespace rtmscheck {
namespace {

constexpr int64_t kLineMs = 1000;
constexpr int64_t kGroup = 10;  // pictures from one keyframe to the next
// In packets: one participant speaks, nobody, the other, nobody.
constexpr int64_t kFirst = 150, kPause = 200, kOther = 300, kCycle = 400;
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
  constexpr char kSei = 6, kUserData = 5, kEnd = static_cast<char>(0x80);
  const std::string text = kMark + digits(number);
  const std::string head = {0, 0, 1, kSei, kUserData, static_cast<char>(text.size())};
  const std::string sei = head + text + kEnd;
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

// With filler data behind it.
Bytes padded(Bytes unit, std::size_t bytes) {
  constexpr uint8_t kFiller = 12, kEnd = 0x80;
  if (!bytes)
    return unit;
  unit.insert(unit.end(), {0, 0, 1, kFiller});
  unit.insert(unit.end(), bytes, 0xff);
  unit.push_back(kEnd);
  return unit;
}

bool is_pause(int64_t packet) {
  const int64_t at = packet % kCycle;
  return (at >= kFirst && at < kPause) || at >= kOther;
}

}  // namespace

Numbered::Numbered(const Options &options) : options_(options) {
  pictures();
}

bool Numbered::next(Media m, MediaItem &item, int64_t &due_ms) {
  if (!interval_ms(m))
    return false;
  if (m == Media::Audio)
    next_[m] = std::max(next_[m], options_.quiet_ms / kPacketMs);
  const bool speech = m == Media::Audio && options_.turns;
  while (speech && is_pause(next_[m]))
    next_[m]++;
  const int64_t number = next_[m]++;
  int64_t at_ms = number * interval_ms(m);
  due_ms = at_ms;
  if (m == Media::Audio && options_.backlog_ms) {
    const double paced = options_.speed > 0 ? static_cast<double>(at_ms) / options_.speed : 0;
    due_ms = std::max(at_ms - options_.backlog_ms, options_.hold_ms + static_cast<int64_t>(paced));
  } else {
    at_ms += options_.backlog_ms;
  }
  if (at_ms >= options_.end_ms)
    return false;
  uint64_t user = m == Media::Audio ? 0 : kUser;
  if (speech)
    user = number % kCycle < kFirst ? kUser : kUser + 1;
  item = rtmscheck::item(m, at_ms, payload(m, number), user, user == kUser ? "Ada" : "Bob");
  if (m == Media::Transcript)
    item.extra = "\"start_time\":" + std::to_string(item.timestamp - kLineMs / 2) +
                 ",\"end_time\":" + std::to_string(item.timestamp);
  return true;
}

void Numbered::skip_to(Media m, int64_t due_ms) {
  if (!interval_ms(m))
    return;
  const int64_t step = m == Media::Video ? group() : 1, span_ms = interval_ms(m) * step;
  next_[m] = std::max(next_[m], (due_ms + span_ms - 1) / span_ms * step);
}

std::optional<int64_t> Numbered::number_of(const Bytes &picture) {
  const std::string mark = kMark;
  const auto found = std::search(picture.begin(), picture.end(), mark.begin(), mark.end());
  if (found == picture.end())
    return std::nullopt;
  const auto number = found + static_cast<std::ptrdiff_t>(mark.size());
  return g_ascii_strtoll(std::string(number, number + kDigits).c_str(), nullptr, 10);
}

int64_t Numbered::group() const {
  return options_.group ? options_.group : kGroup;
}

int64_t Numbered::interval_ms(Media m) const {
  if (m == Media::Audio)
    return kPacketMs;
  if (m == Media::Chat)
    return options_.chat ? kLineMs : 0;
  return m == Media::Video ? kPictureMs : m == Media::Transcript ? kLineMs : 0;
}

Bytes Numbered::payload(Media m, int64_t number) const {
  if (m == Media::Video) {
    int64_t picture = number % group();
    if (picture >= kGroup)  // not decodable, but no keyframe
      picture = 1 + picture % (kGroup - 1);
    return padded(numbered(pictures()[static_cast<std::size_t>(picture)], number),
                  options_.padding);
  }
  if (m == Media::Transcript || m == Media::Chat)
    return text_bytes("Line " + std::to_string(number) + ".");
  const auto sample = static_cast<uint16_t>(sample_of(number));
  Bytes bytes;
  while (bytes.size() < kPacketBytes) {
    bytes.push_back(static_cast<uint8_t>(sample & 0xff));
    bytes.push_back(static_cast<uint8_t>(sample >> 8));
  }
  return bytes;
}

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

}  // namespace rtmscheck
