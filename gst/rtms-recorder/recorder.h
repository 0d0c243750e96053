// SPDX-License-Identifier: LGPL-2.1-or-later
// Starts, ends and counts all meetings of the process, as webhooks announce them. Used on the main
// thread.
#pragma once

#include "disk/diskwatch.h"
#include "disk/keeping.h"
#include "disk/storage.h"
#include "meeting/meetings.h"
#include "meeting/tail.h"
#include "streams/knownstreams.h"
#include "streams/leftmeetings.h"
#include "streams/nextstep.h"
#include "streams/streamhistory.h"
#include "totals.h"
#include "webhook/listener.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace rtms::recorder {

// The cluster, or nothing in its place.
struct Membership {
  virtual ~Membership() = default;
  // A meeting of an earlier run, without its recorder.
  virtual void meeting_found(const FoundMeeting &) {}
  virtual void meeting_opened(const std::string & /*stream*/, const std::string & /*folder*/) {}
  virtual void meeting_over(const std::string & /*stream*/, Over) {}
};

class Recorder {
 public:
  Recorder(const Options &options, Log *log, std::function<void()> idle);

  // Is called at the start. Continues the meetings of the recorder's last run, as another part; in
  // a cluster, meetings begin by take() only.
  void resume(Membership *membership);
  // Ends the membership. What the disk answers later is nobody's then.
  void left_cluster() { membership_ = &nobody_; }
  // Returns false if the stream belongs to the cluster and is not being recorded here.
  bool webhook(const WebhookNotice &notice);
  void take(const WebhookNotice &notice, const Part &part);
  // Another recorder continues the stream. `urgent`: the connections close before the files are
  // finished.
  void let_go(const std::string &stream, bool urgent);
  // Finishes all recordings, for good or until the next start: then it returns true, and webhooks
  // that come meanwhile are kept. `idle` is called when none is left; with --once, after each.
  bool stop(bool for_good);
  bool is_stopping() const { return stopping_ != Stopping::No; }
  // No connection is used after this time of the sleep clock.
  void set_until(int64_t until_us) { meetings_.set_until(until_us); }
  // Is called each second.
  void watch();

  const Meetings &meetings() const { return meetings_; }
  // Running streams, and those about to start.
  std::vector<std::string> streams() const { return streams_.active(); }
  // Of ended recordings, and of the running ones.
  Totals totals(const std::vector<Status> &running) const;
  const Storage &storage() const { return storage_; }
  // Why nothing can be recorded now, or empty.
  std::string sick() const;
  // Whether files about ended meetings or requests are still being written.
  bool busy() const { return keeping_.busy() || left_.busy() || tails_.busy(); }

 private:
  void found(FoundMeeting found);
  void started(const WebhookNotice &notice);
  void stopped(const WebhookNotice &notice);
  // `before`: the stream's last part, by an earlier recorder. The other arguments must not
  // refer to elements of streams_, which changes.
  void begin(const WebhookNotice &notice, const Part &part,
             std::optional<FoundMeeting> before = {});
  bool may_begin(const Part &part, bool needs_room) const;
  void opened(const std::string &stream, uint64_t ticket, const Storage::Place &place);
  void refuse(const WebhookNotice &notice, const Part &part, const std::string &why,
              int64_t age_s = 0, bool needs_room = false);
  void leave(const WebhookNotice &notice, const Part &part, std::optional<FoundMeeting> before);
  void gone(const std::string &id, Outcome outcome);

  const Options &options_;
  Log *const log_;
  const std::function<void()> idle_;
  Mode mode_ = Mode::Alone;
  Stopping stopping_ = Stopping::No;
  Meetings meetings_;
  KnownStreams streams_;
  StreamHistory history_;
  std::string once_stream_;
  Totals totals_;
  Storage storage_;
  DiskWatch disk_;
  Keeping keeping_;
  LeftMeetings left_;
  Tails tails_;
  Membership nobody_;
  Membership *membership_ = &nobody_;
  unsigned seconds_ = 0;
};

}  // namespace rtms::recorder
