// SPDX-License-Identifier: LGPL-2.1-or-later
// The audio tracks of a container: mixed samples on one side, encoded sources on the other.
#pragma once

#include "common/gst.h"
#include "settings/options.h"

#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

namespace rtms::recorder {

// The caps of all tracks before encoding.
CapsPtr sound_caps(unsigned rate);

// `at` counts samples from the start of the recording. Empty `samples` are silence.
BufferPtr sound_buffer(const std::vector<int16_t> &samples, size_t count, uint64_t at,
                       unsigned rate);

class Sources {
 public:
  // --join cuts audio between two packets.
  enum class Packets { Usual, Short };  // of 20 ms, of 2.5 ms

  // `titles`: of the tracks.
  Sources(const Options &options, std::vector<std::string> titles, Packets packets);

  unsigned tracks() const { return static_cast<unsigned>(sources_.size()); }
  // Returns the encoded source of a track, a bin with a pad `src`.
  ElementPtr make(unsigned track);
  // Containers store the last title, or the first.
  void set_title(unsigned track, const std::string &title);
  // Pushes the next samples of each track.
  void push(const std::vector<std::vector<int16_t>> &tracks, size_t count, uint64_t at);
  void end();
  // Returns the number of samples of a track that are lost: they waited for the file, and there was
  // no more room.
  uint64_t lost() const { return lost_; }

 private:
  void send_title(unsigned track) const;

  const unsigned rate_;
  const std::string encoder_;
  uint64_t lost_ = 0;
  std::mutex mutex_;  // guards the members below: the container is made on another thread
  std::vector<std::string> titles_;
  std::vector<ElementPtr> sources_;  // the appsrc of each track, or null
};

}  // namespace rtms::recorder
