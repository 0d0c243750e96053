// SPDX-License-Identifier: LGPL-2.1-or-later
// All meetings of the process, and what the service tells of them. On the main thread.
#pragma once

#include "common/recent.h"
#include "disk/diskwatch.h"
#include "disk/keeping.h"
#include "disk/seenrequests.h"
#include "disk/storage.h"
#include "meeting/meetings.h"
#include "webhook/listener.h"

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace rtms::recorder {

// What has been since the start, over all recordings that have ended.
struct Totals {
  uint64_t started = 0, finished = 0, failed = 0, refused = 0, webhooks = 0;
  uint64_t bytes = 0, dropped = 0, reconnects = 0;
};

// Others that record the same streams, if not this recorder.
struct Membership {
  virtual ~Membership() = default;
  virtual void meeting_opened(const std::string &stream, const std::string &folder) = 0;
  // `goes_on`: not here, but others may record the stream further.
  virtual void meeting_over(const std::string &stream, bool goes_on) = 0;
};

class Recorder {
 public:
  Recorder(const Options &options, Log *log, std::function<void()> idle);
  ~Recorder();

  // At the start: meetings that were recorded when the recorder ended go on, as another part. Not
  // where streams are shared with others: there they begin by take() alone.
  void resume(Membership *membership);
  // False: the stream is shared, and not recorded here now.
  bool webhook(const WebhookNotice &notice);
  void take(const WebhookNotice &notice, const Part &part);
  // Somebody else records it further. Urgent: the connections are closed before the files.
  void let_go(const std::string &stream, bool urgent);
  // Finishes all recordings, for good or until the next start. `idle` is called when there is none
  // any more; with --once after each.
  void stop(bool for_good);
  bool stopping() const { return stopping_; }
  // No connection of any meeting is used after that moment of the sleep clock.
  void set_until(int64_t until_us) { meetings_.set_until(until_us); }
  // Each second.
  void watch();

  const Meetings &meetings() const { return meetings_; }
  // Those that run, and those that are about to.
  std::vector<std::string> streams() const;
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
    Part part;
  };
  void resume(FoundMeeting found);
  void started(const WebhookNotice &notice);
  void begin(Opening opening);
  void refuse(const WebhookNotice &notice, const std::string &why);
  // By value: the meeting, which is destroyed in there, has the caller's.
  void gone(std::string stream, Outcome outcome);
  void opened(const std::string &stream, const Storage::Place &place);
  bool nothing_left() const { return meetings_.empty() && opening_.empty(); }

  const Options &options_;
  Log *const log_;
  const std::function<void()> idle_;
  Meetings meetings_;
  std::map<std::string, Opening> opening_;
  // What came before it was known which meetings go on.
  std::optional<std::vector<WebhookNotice>> early_;
  // Streams that were announced again while their last recording was being finished.
  std::map<std::string, WebhookNotice> waiting_;
  Recent recorded_{1000};  // streams that are, to their end
  std::string once_stream_;
  Totals totals_;
  Storage storage_;
  DiskWatch disk_;
  Keeping keeping_;
  SeenRequests seen_;
  Membership *membership_ = nullptr;
  bool shares_ = false;
  unsigned seconds_ = 0;
  bool stopping_ = false;
};

}  // namespace rtms::recorder
