// SPDX-License-Identifier: LGPL-2.1-or-later
// PCM of the meeting: made, or out of a file. Interleaved signed 16 bit, little-endian.
#pragma once

#include <optional>

#include "cast.h"
#include "pipeline.h"

namespace rtmstest {

struct PcmFormat {
  int rate = 16000, channels = 1;
};

class Sound {
 public:
  virtual ~Sound() = default;
  // `frames` samples per channel from that one on; positions never go back. False: it has ended.
  virtual bool read(int64_t first_frame, std::size_t frames, std::vector<uint8_t> &pcm) = 0;
};

// A beep at each full second, between them something with the rhythm of speech; the pitch tells
// the speaker: one, or (none given) whoever is active.
class MadeSound : public Sound {
 public:
  MadeSound(const Cast &cast, PcmFormat format, std::optional<unsigned> speaker)
      : cast_(cast), format_(format), speaker_(speaker) {}
  bool read(int64_t first_frame, std::size_t frames, std::vector<uint8_t> &pcm) override;

 private:
  double value(double seconds, unsigned speaker) const;
  const Cast &cast_;
  PcmFormat format_;
  std::optional<unsigned> speaker_;
};

class FileSound : public Sound {
 public:
  FileSound(const std::string &uri, PcmFormat format);
  bool read(int64_t first_frame, std::size_t frames, std::vector<uint8_t> &pcm) override;

 private:
  bool fill();
  std::size_t frame_bytes() const { return 2 * static_cast<std::size_t>(format_.channels); }

  PcmFormat format_;
  Pipeline pipeline_;
  std::vector<uint8_t> pending_;
  int64_t pending_frame_ = 0;  // position of the first pending one
  bool positioned_ = false;
};

}  // namespace rtmstest
