// SPDX-License-Identifier: LGPL-2.1-or-later
// What follows after a recording has ended. Pure.
#pragma once

namespace rtms::recorder {

enum class Mode { Alone, Once, Cluster };
// Continues: the next start of the recorder goes on.
enum class Stopping { No, Continues, ForGood };
// How a stream leaves this recorder. Released, Failed: it continues at the service, and other
// recorders of the cluster may record it. Failed: this recorder could not.
enum class Over { Ended, Released, Failed };

struct EndedPart {
  enum class Cause {
    Ended,      // the service ended the stream, or nothing more of it can be received
    Refused,    // the service accepted no connection
    BrokenOff,  // this recorder failed, the stream continues
    DiskFull,   // the same, for want of space
    Left        // the recorder stops, or another one continues
  };
  Cause cause = Cause::Ended;
  bool is_short = false;         // less than kShort_s is recorded
  unsigned shorts = 0;           // short parts that broke off before, one after the other
  bool announced_again = false;  // while its files were being finished
  bool is_kept = true;           // on disk, for the next part
  Mode mode = Mode::Alone;
  Stopping stopping = Stopping::No;
};

struct NextStep {
  // PartNow, PartLater: the recording continues, at once or when some seconds have passed. Leave:
  // the next start of a recorder continues it. With Nothing and NewRecording, it is over.
  enum class Next { Nothing, NewRecording, PartNow, PartLater, Leave };
  Next next = Next::Nothing;
  Over over = Over::Ended;
  unsigned shorts = 0;  // for the next part's end
};

// The next part of a shorter one comes some seconds later, and kMostShort times: else a fault that
// comes back would fill the disk with folders.
constexpr unsigned kShort_s = 10, kMostShort = 6;

NextStep next_step(const EndedPart &part);

}  // namespace rtms::recorder
