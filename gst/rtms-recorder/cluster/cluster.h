// SPDX-License-Identifier: LGPL-2.1-or-later
// This recorder among those that share the meetings: its ownership, on top of NATS. On the main
// thread.
#pragma once

#include "base/glibptr.h"
#include "fold.h"
#include "nats.h"
#include "ownership.h"
#include "protocol/webhook.h"
#include "serverprobe.h"
#include "wire.h"

#include <optional>

namespace rtms::recorder {

struct ClusterConfig {
  std::vector<std::string> urls;
  std::string credentials_file, ca_file;
  std::string name;  // of this recorder: empty: the machine's, and the process
};

// A webhook that one of the recorders has received.
struct ClusterWebhook {
  WebhookEvent event = WebhookEvent::Other;
  Webhook hook;
  std::string json;
};

struct ClusterListener {
  virtual ~ClusterListener() = default;
  // The stream is this recorder's. It is to be recorded, as that part.
  virtual void cluster_begin(const ClaimRecord &claim, const ClusterWebhook &webhook) = 0;
  // It is not any more: its connections are closed at once. Then closed() follows.
  virtual void cluster_stop(const std::string &stream) = 0;
  // A later webhook about one of its streams. False: it is none of the part that runs.
  virtual bool cluster_webhook(const ClusterWebhook &webhook) = 0;
  // After that moment of the sleep clock no connection may be used. Again and again.
  virtual void cluster_until(int64_t until_us) = 0;
  virtual void cluster_event(bool good, const char *event, const std::string &stream,
                             const std::string &text) = 0;
};

class Cluster final : private NatsListener, private Writes, private OwnershipEvents {
 public:
  Cluster(const ClusterConfig &config, Nats::Post post, ClusterListener *listener);
  ~Cluster() override;

  // What is wrong with the configuration, or nothing.
  const std::string &problem() const { return nats_.problem(); }
  // Tells all recorders. `done` learns whether they will know it, whatever happens here.
  void publish(const std::string &json, std::function<void(bool)> done);
  void set_capacity(const Capacity &capacity) { ownership_.set_capacity(capacity); }
  // The part has a folder of that name.
  void opened(const std::string &stream, const std::string &folder);
  void closed(const std::string &stream, ClaimRecord::State state);
  // At the end, when nothing goes on here: others need not wait for it to expire. `done` is called
  // when they know, or soon.
  void leave(std::function<void()> done);

  bool usable() const { return nats_.usable() && ownership_.held(); }
  const Ownership &ownership() const { return ownership_; }
  // Meetings that were taken over from others; and how often all were lost.
  struct Counters {
    uint64_t takeovers = 0, losses = 0;
  };
  const Counters &counters() const { return counters_; }

 private:
  void nats_message(const NatsMessage &message) override;
  void nats_state(bool usable, const std::string &why) override;
  void write(const Write &write) override;
  void begin(const ClaimRecord &claim) override;
  void stop(const std::string &stream) override;
  void missed(const std::string &stream) override;
  void lost() override;

  void tick();
  void probe();
  void record(const NatsMessage &message);
  void webhook(const NatsMessage &message);
  void answered(const Write &write, const NatsAnswer &answer);
  void check_leaving();
  void tell_until();

  ClusterListener *const listener_;
  const std::string writer_;
  const std::vector<std::string> urls_;
  Fold fold_;
  std::map<uint64_t, Write> writing_;  // by ticket
  ServerProbe probe_;
  int64_t refused_since_ = 0, probed_ = 0, until_told_ = 0;
  uint64_t last_webhook_ = 0;
  Counters counters_;
  std::string state_told_;
  std::function<void()> left_;
  int64_t leave_until_ = 0;
  bool gave_up_ = false;
  AttachedSource ticking_;
  Ownership ownership_;
  Nats nats_;
};

}  // namespace rtms::recorder
