// SPDX-License-Identifier: LGPL-2.1-or-later
// One medium of the meeting, as negotiated.
#pragma once

#include <json-glib/json-glib.h>

#include "cast.h"

namespace rtmstest {

class Track {
 public:
  virtual ~Track() = default;
  // False: it has ended.
  virtual bool next(MediaItem &item, int64_t &position_ms) = 0;
  // What lies before is left out; positions never go back.
  virtual void skip_to(int64_t position_ms) = 0;
};

struct TrackOptions {
  const Cast &cast;
  std::string uri;  // of the file to play, or empty
  int width, height;
  int64_t from_ms;  // where it starts
};

// `params`: the negotiated ones, null where nothing is known.
std::unique_ptr<Track> make_audio_track(const TrackOptions &options, JsonObject *params);
std::unique_ptr<Track> make_video_track(const TrackOptions &options, JsonObject *params);
std::unique_ptr<Track> make_deskshare_track(const TrackOptions &options, JsonObject *params);
std::unique_ptr<Track> make_transcript_track(const TrackOptions &options, JsonObject *params);
std::unique_ptr<Track> make_chat_track(const TrackOptions &options, JsonObject *params);

}  // namespace rtmstest
