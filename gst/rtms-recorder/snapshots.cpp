// SPDX-License-Identifier: LGPL-2.1-or-later
#include "snapshots.h"

#include "common/names.h"

namespace rtms::recorder {
namespace {

LiveMeeting live(const Status &status) {
  constexpr size_t kLongestId = 256;
  LiveMeeting meeting;
  meeting.folder = status.name;
  meeting.stream = shown(status.stream, kLongestId);
  meeting.state = status.state;
  meeting.seconds = status.seconds;
  meeting.file_bytes = status.file_bytes;
  meeting.bits_per_second = status.bits_per_second;
  meeting.reconnects = counter(status.stats.get(), "reconnects");
  meeting.dropped = counter(status.stats.get(), "dropped");
  meeting.lost_audio_ms = status.late_ms;
  meeting.behind_ms = status.behind_ms;
  meeting.level_db = status.level.peak_db;
  meeting.speakers = status.voices;
  meeting.speaking = status.level.speaking;
  if (status.pushing)
    meeting.push = status.pushed ? "connected" : "disconnected";
  return meeting;
}

}  // namespace

Snapshot snapshot_of(const Recorder &recorder, const Sharing *sharing, const Requests &requests) {
  const std::vector<Status> running = recorder.meetings().statuses();
  const Totals totals = recorder.totals(running);
  Snapshot snapshot;
  snapshot.made_us = g_get_monotonic_time();
  snapshot.sick = sick(recorder, sharing);
  snapshot.metrics = metrics(recorder, sharing, requests, running);
  snapshot.free_bytes = recorder.storage().free_bytes();
  snapshot.finished = totals.finished;
  snapshot.failed = totals.failed;
  snapshot.refused = totals.refused;
  for (const Status &status : running)
    snapshot.meetings.push_back(live(status));
  return snapshot;
}

}  // namespace rtms::recorder
