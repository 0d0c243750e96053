// SPDX-License-Identifier: LGPL-2.1-or-later
// All meetings of the process, and what the service tells of them. On the main thread.
#pragma once

#include "meeting.h"
#include "storage.h"
#include "webhook/listener.h"

#include <deque>
#include <map>
#include <memory>
#include <set>

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

  void webhook(const WebhookNotice &notice);
  // Finishes all recordings. `idle` is called when there is none any more; with --once after each.
  void stop();
  bool stopping() const { return stopping_; }
  // Each second.
  void watch();

  size_t meetings() const { return meetings_.size(); }
  std::vector<Status> statuses() const;
  Totals totals() const;
  uint64_t free_bytes() const { return storage_.free_bytes(); }
  uint64_t log_lines_dropped() const { return log_->dropped(); }
  // Why nothing can be recorded now, or nothing.
  std::string sick() const;
  // Whether all that was to be recorded is.
  bool all_good() const { return totals_.failed == 0 && totals_.refused == 0; }

 private:
  void started(const WebhookNotice &notice);
  void begin(const WebhookNotice &notice);
  void refuse(const WebhookNotice &notice, const std::string &why);
  void gone(Meeting *meeting, Outcome outcome);
  void remember(const std::string &stream);
  void opened(const std::string &stream, const Storage::Place &place);
  void watch_disk();
  bool nothing_left() const { return meetings_.empty() && opening_.empty(); }

  const Options &options_;
  Log *const log_;
  const std::function<void()> idle_;
  std::map<std::string, std::unique_ptr<Meeting>> meetings_;  // by stream id
  // Streams whose folder is being made.
  std::map<std::string, WebhookNotice> opening_;
  // Streams that were announced again while their last recording was being finished.
  std::map<std::string, WebhookNotice> waiting_;
  std::set<std::string> recorded_;  // streams that are, to their end
  Totals totals_;
  Storage storage_;
  bool stopping_ = false, disk_hangs_ = false;
};

}  // namespace rtms::recorder
