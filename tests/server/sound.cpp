// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sound.h"

#include <algorithm>
#include <cmath>

namespace rtmstest {

namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr double kBeepHz = 1000, kBeepSeconds = 0.1, kHushSeconds = 0.1;

void append(std::vector<uint8_t> &pcm, double value) {
  auto sample = static_cast<int16_t>(std::lround(std::clamp(value, -1.0, 1.0) * 32767));
  auto bits = static_cast<uint16_t>(sample);
  pcm.push_back(static_cast<uint8_t>(bits & 0xff));
  pcm.push_back(static_cast<uint8_t>(bits >> 8));
}

std::string file_description(const std::string &uri, PcmFormat format) {
  return "uridecodebin uri=\"" + uri +
         "\" ! audioconvert ! audioresample ! "
         "audio/x-raw,format=S16LE,layout=interleaved,rate=" +
         std::to_string(format.rate) + ",channels=" + std::to_string(format.channels) +
         " ! appsink name=sink";
}

}  // namespace

// The beep's start stands out from a hush before it.
double MadeSound::value(double seconds, unsigned speaker) const {
  double within = seconds - std::floor(seconds);
  if (within < kBeepSeconds)
    return 0.6 * std::sin(2 * kPi * kBeepHz * within);
  if (within > 1 - kHushSeconds)
    return 0;
  double pitch = Cast::pitch(speaker);
  double voice = std::sin(2 * kPi * pitch * seconds) + 0.5 * std::sin(4 * kPi * pitch * seconds);
  return 0.2 * voice * std::fabs(std::sin(2 * kPi * 2 * seconds));
}

bool MadeSound::read(int64_t first_frame, std::size_t frames, std::vector<uint8_t> &pcm) {
  pcm.clear();
  for (std::size_t i = 0; i < frames; i++) {
    int64_t frame = first_frame + static_cast<int64_t>(i);
    unsigned speaker = speaker_ ? *speaker_ : cast_.active(frame * 1000 / format_.rate);
    double sample = value(static_cast<double>(frame) / format_.rate, speaker);
    for (int channel = 0; channel < format_.channels; channel++)
      append(pcm, sample);
  }
  return true;
}

FileSound::FileSound(const std::string &uri, PcmFormat format)
    : format_(format), pipeline_(file_description(uri, format)) {}

// The first buffer tells where the file's sound begins; from there on it is continuous.
bool FileSound::fill() {
  SamplePtr sample = pipeline_.pull();
  if (!sample)
    return false;
  GstBuffer *buffer = gst_sample_get_buffer(sample.get());
  if (!positioned_ && GST_BUFFER_PTS_IS_VALID(buffer)) {
    guint64 time = gst_segment_to_stream_time(gst_sample_get_segment(sample.get()), GST_FORMAT_TIME,
                                              GST_BUFFER_PTS(buffer));
    if (GST_CLOCK_TIME_IS_VALID(time)) {
      guint64 lead =
          gst_util_uint64_scale_round(time, static_cast<guint64>(format_.rate), GST_SECOND);
      pending_.assign(lead * frame_bytes(), 0);
    }
  }
  positioned_ = true;
  std::vector<uint8_t> bytes = bytes_of(buffer);
  pending_.insert(pending_.end(), bytes.begin(), bytes.end());
  return true;
}

bool FileSound::read(int64_t first_frame, std::size_t frames, std::vector<uint8_t> &pcm) {
  auto skip = static_cast<std::size_t>(first_frame - pending_frame_) * frame_bytes();
  std::size_t wanted = frames * frame_bytes();
  while (pending_.size() < skip + wanted) {
    // What was skipped need not be kept.
    std::size_t gone = std::min(skip, pending_.size());
    pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(gone));
    skip -= gone;
    pending_frame_ += static_cast<int64_t>(gone / frame_bytes());
    if (!fill())
      return false;
  }
  auto start = pending_.begin() + static_cast<std::ptrdiff_t>(skip);
  auto end = start + static_cast<std::ptrdiff_t>(wanted);
  pcm.assign(start, end);
  pending_.erase(pending_.begin(), end);
  pending_frame_ = first_frame + static_cast<int64_t>(frames);
  return true;
}

}  // namespace rtmstest
