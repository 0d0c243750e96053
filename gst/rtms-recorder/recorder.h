// SPDX-License-Identifier: LGPL-2.1-or-later
// All meetings of the process, and what the service tells of them. On the main thread.
#pragma once

#include "diskwatch.h"
#include "keeping.h"
#include "meeting.h"
#include "recent.h"
#include "seenrequests.h"
#include "storage.h"
#include "webhook/listener.h"

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

namespace rtms::recorder {

// What has been since the start, over all recordings that have ended.
struct Totals {
  uint64_t started = 0, finished = 0, failed = 0, refused = 0, webhooks = 0;
  uint64_t bytes = 0, dropped = 0, reconnects = 0;
};

class Recorder {
 public:
  Recorder(const Options &options, Log *log, std::function<void()> idle);
  ~Recorder();
  Recorder(const Recorder &) = delete;
  Recorder &operator=(const Recorder &) = delete;

  // At the start: meetings that were recorded when the recorder ended go on, as another part.
  void resume();
  void webhook(const WebhookNotice &notice);
  // Finishes all recordings, for good or until the next start. `idle` is called when there is none
  // any more; with --once after each.
  void stop(bool for_good);
  bool stopping() const { return stopping_; }
  // Each second.
  void watch();

  size_t meetings() const { return meetings_.size(); }
  std::vector<Status> statuses() const;
  // With those that run.
  Totals totals(const std::vector<Status> &running) const;
  const Storage &storage() const { return storage_; }
  uint64_t log_lines_dropped() const { return log_->dropped(); }
  // Why nothing can be recorded now, or nothing.
  std::string sick() const;
  // Something is still to be written about meetings that have ended, or requests.
  bool busy() const { return keeping_.busy() || seen_.busy(); }
  // Whether all that was to be recorded is.
  bool all_good() const { return totals_.failed == 0 && totals_.refused == 0; }

 private:
  // A stream whose folder is being made, and its part before.
  struct Opening {
    WebhookNotice notice;
    std::optional<FoundMeeting> before;
  };
  void resume(FoundMeeting found);
  void started(const WebhookNotice &notice);
  void begin(Opening opening);
  void refuse(const WebhookNotice &notice, const std::string &why);
  void gone(Meeting *meeting, Outcome outcome);
  void opened(const std::string &stream, const Storage::Place &place);
  void end_all(const std::string &why);
  bool nothing_left() const { return meetings_.empty() && opening_.empty(); }

  const Options &options_;
  Log *const log_;
  const std::function<void()> idle_;
  std::map<std::string, std::unique_ptr<Meeting>> meetings_;  // by stream id
  std::map<std::string, Opening> opening_;
  // What came before it was known which meetings go on.
  std::optional<std::vector<WebhookNotice>> early_;
  // Streams that were announced again while their last recording was being finished.
  std::map<std::string, WebhookNotice> waiting_;
  Recent recorded_{1000};       // streams that are, to their end
  std::set<std::string> left_;  // streams that go on without us
  std::string once_stream_;
  Totals totals_;
  Storage storage_;
  DiskWatch disk_;
  Keeping keeping_;
  SeenRequests seen_;
  unsigned seconds_ = 0;
  bool stopping_ = false;
};

}  // namespace rtms::recorder
