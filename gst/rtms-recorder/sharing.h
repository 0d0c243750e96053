// SPDX-License-Identifier: LGPL-2.1-or-later
// Connects the cluster with this recorder's meetings.
#pragma once

#include "cluster/cluster.h"
#include "common/log.h"
#include "common/metrics.h"
#include "recorder.h"
#include "watchdog.h"

#include <set>

namespace rtms::recorder {

class Sharing final : public Membership, private ClusterListener {
 public:
  // `idle` is called when a draining recorder has no meeting left.
  Sharing(const Options &options, Recorder *recorder, Log *log, std::function<void()> idle);
  ~Sharing() override;

  // The error in the configuration, or empty.
  const std::string &problem() const { return cluster_.problem(); }
  void publish(const WebhookNotice &notice, std::function<void(bool)> accepted);
  // Is called each second.
  void watch();
  // Takes no more streams, and releases its own, or waits for their end.
  void drain();
  // Leaves the cluster. No meeting may be left.
  void leave(std::function<void()> done) { cluster_.leave(std::move(done)); }

  // Why no webhook can be accepted now, or empty.
  std::string sick() const;
  void add_metrics(Metrics *metrics) const;

 private:
  void meeting_found(const FoundMeeting &found) override;
  void meeting_opened(const std::string &stream, const std::string &folder) override;
  void meeting_over(const std::string &stream, Over over) override;
  void cluster_begin(const ClaimRecord &claim, const ClusterWebhook &webhook) override;
  void cluster_stop(const std::string &stream) override;
  bool cluster_webhook(const ClusterWebhook &webhook) override;
  void cluster_until(int64_t until_us) override;
  void cluster_event(bool good, const char *event, const std::string &stream,
                     const std::string &text) override;

  void publish_found();
  void watch_disk();
  void watch_service();
  void move_next();
  bool others_take() const;
  Capacity capacity() const;

  const Options &options_;
  Recorder *const recorder_;
  Log *const log_;
  const std::function<void()> idle_;
  std::vector<FoundMeeting> found_;  // until it is known whether the cluster has them
  std::string moving_;               // the stream that is being moved
  unsigned disk_gone_s_ = 0;
  bool let_all_go_ = false;          // because of the disk
  std::set<std::string> unreached_;  // streams that are released because of the network
  int64_t unfit_until_us_ = 0;       // a stream could not be recorded, or its service not reached
  Timer disk_timer_;
  bool draining_ = false;
  Watchdog watchdog_;
  Cluster cluster_;
};

}  // namespace rtms::recorder
