// SPDX-License-Identifier: LGPL-2.1-or-later
// Starts, ends and counts all meetings of the process, as webhooks announce them. Used on the main
// thread.
#pragma once

#include "common/recent.h"
#include "disk/diskwatch.h"
#include "disk/keeping.h"
#include "disk/seenrequests.h"
#include "disk/storage.h"
#include "meeting/meetings.h"
#include "meeting/tail.h"
#include "secondtries.h"
#include "webhook/listener.h"

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace rtms::recorder {

// Totals since the start, of ended recordings.
struct Totals {
  uint64_t started = 0, finished = 0, failed = 0, refused = 0, webhooks = 0;
  uint64_t bytes = 0, dropped = 0, reconnects = 0;

  void add(const Status &status) {
    bytes += counter(status.stats.get(), "bytes");
    dropped += counter(status.stats.get(), "dropped");
    reconnects += counter(status.stats.get(), "reconnects");
  }
};

// The cluster, or nothing in its place.
struct Membership {
  virtual ~Membership() = default;
  // A meeting of an earlier run, without its recorder.
  virtual void meeting_found(const FoundMeeting &) {}
  virtual void meeting_opened(const std::string & /*stream*/, const std::string & /*folder*/) {}
  // Released, Failed: the stream continues, and other recorders may record it. Failed: this one
  // could not.
  enum class Over { Ended, Released, Failed };
  virtual void meeting_over(const std::string & /*stream*/, Over) {}
};

class Recorder {
 public:
  Recorder(const Options &options, Log *log, std::function<void()> idle);
  ~Recorder();

  // Is called at the start. Continues the meetings of the recorder's last run, as another part; in
  // a cluster, meetings begin by take() only.
  void resume(Membership *membership);
  // Returns false if the stream belongs to the cluster and is not being recorded here.
  bool webhook(const WebhookNotice &notice);
  void take(const WebhookNotice &notice, const Part &part);
  // Another recorder continues the stream. `urgent`: the connections close before the files are
  // finished.
  void let_go(const std::string &stream, bool urgent);
  // Finishes all recordings, for good or until the next start: then it returns true, and webhooks
  // that come meanwhile are kept. `idle` is called when none is left; with --once, after each.
  bool stop(bool for_good);
  bool stopping() const { return stopping_; }
  // No connection is used after this time of the sleep clock.
  void set_until(int64_t until_us) { meetings_.set_until(until_us); }
  // Is called each second.
  void watch();

  const Meetings &meetings() const { return meetings_; }
  // Running streams, and those about to start.
  std::vector<std::string> streams() const;
  // Includes `running`.
  Totals totals(const std::vector<Status> &running) const;
  const Storage &storage() const { return storage_; }
  uint64_t log_lines_dropped() const { return log_->dropped(); }
  // Why nothing can be recorded now, or empty.
  std::string sick() const;
  // Whether files about ended meetings or requests are still being written.
  bool busy() const { return keeping_.busy() || seen_.busy() || tails_.busy(); }
  // Whether no recording has failed or was refused.
  bool all_good() const { return totals_.failed == 0 && totals_.refused == 0; }

 private:
  // A stream whose folder is being created. `before`: its part of the last run.
  struct Opening {
    WebhookNotice notice;
    std::optional<FoundMeeting> before;
    Part part;
  };
  void resume(FoundMeeting found);
  void started(const WebhookNotice &notice);
  void begin(Opening opening);
  void refuse(const WebhookNotice &notice, const Part &part, const std::string &why);
  // `stream` by value: the method destroys the meeting that has the caller's copy.
  void gone(std::string stream, Outcome outcome);
  void opened(const std::string &stream, const Storage::Place &place);
  bool nothing_left() const { return meetings_.empty() && opening_.empty(); }

  const Options &options_;
  Log *const log_;
  const std::function<void()> idle_;
  Meetings meetings_;
  std::map<std::string, Opening> opening_;
  // Refused, or ended because the disk was full.
  SecondTries second_tries_;
  // Webhooks that arrive before the meetings of the last run are known.
  std::optional<std::vector<WebhookNotice>> early_;
  // Streams announced again while their last recording is being finished.
  std::map<std::string, WebhookNotice> waiting_;
  Recent<bool> recorded_{1000};         // streams recorded to their end
  Recent<int64_t> ended_{1000};         // by stream: the event_ts of its last end
  Recent<unsigned> short_parts_{1000};  // that broke off, one after the other
  std::string once_stream_;
  Totals totals_;
  Storage storage_;
  DiskWatch disk_;
  Keeping keeping_;
  SeenRequests seen_;
  Tails tails_;
  Membership *membership_ = nullptr;
  bool shares_ = false;
  unsigned seconds_ = 0;
  bool stopping_ = false;
  bool continues_ = false;  // stopping: the next start continues
};

}  // namespace rtms::recorder
