// SPDX-License-Identifier: LGPL-2.1-or-later
// A meeting whose connections are lost for a while, recorded by the README's `record` line; and
// what is in the file. Sound and pictures have numbers, which the file is asked for.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace rtmscheck {

struct OutageRun {
  enum class Lost { Audio, Media, Unified, Signaling };  // a connection, or some
  enum class Replayed { AtOnce, Faster, Nothing };       // the sound of that time
  Lost lost = Lost::Audio;
  Replayed replayed = Replayed::AtOnce;
  int64_t away_ms = 1000;  // as long as the service is not there
};
inline constexpr OutageRun::Lost kLost[] = {OutageRun::Lost::Audio, OutageRun::Lost::Media,
                                            OutageRun::Lost::Unified, OutageRun::Lost::Signaling};
inline constexpr OutageRun::Replayed kReplayed[] = {
    OutageRun::Replayed::AtOnce, OutageRun::Replayed::Faster, OutageRun::Replayed::Nothing};

// In seconds of sound, unless told otherwise.
struct OutageResult {
  std::string error;      // of the pipeline, or of what has been recorded; else nothing counts
  double away = 0;        // from the loss to the next connection, in s
  double sent = 0;        // by the service, in all
  double replay = 0;      // of it, later than usual
  double placed = 0;      // of the replay, in the file at its place, +- 20 ms
  double lost = 0;        // sent, and not in the file
  double missing = 0;     // not in the file, sent or not
  double off = 0;         // how far the worst sound is from its place, in s
  unsigned disconts = 0;  // of the pad, after the loss
  unsigned pictures = 0, pictures_lost = 0;
  double picture_off = 0;  // how far the worst picture is from where the sound has it, in s
};

// The README's line, for a pipeline in that folder.
std::string record_line(const std::string &folder);
// Records into the folder by that line; takes longer than the connection is away. For any thread:
// nothing of check's is called. `connected` is called once the audio has a pad, on another thread.
OutageResult record_outage(const OutageRun &outage, const std::string &folder,
                           const std::string &line, const std::function<void()> &connected);
const char *name(OutageRun::Lost lost);
const char *name(OutageRun::Replayed replayed);

}  // namespace rtmscheck
