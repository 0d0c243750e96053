// SPDX-License-Identifier: LGPL-2.1-or-later
// Shares the meetings between the recorders of a cluster: Ownership on top of NATS. Used on the
// main thread.
#pragma once

#include "base/glibptr.h"
#include "nats.h"
#include "ownership.h"
#include "protocol/webhook.h"
#include "publications.h"
#include "serverprobe.h"
#include "wire.h"

#include <optional>

namespace rtms::recorder {

struct ClusterConfig {
  std::vector<std::string> urls;
  std::string credentials_file, ca_file;
  std::string name;  // of this recorder; if empty, host name and process id
};

// A webhook that any recorder of the cluster received.
struct ClusterWebhook {
  WebhookEvent event = WebhookEvent::Other;
  Webhook hook;
  std::string json;
};

struct ClusterListener {
  virtual ~ClusterListener() = default;
  // This recorder owns the stream, and must record it as the claim's part.
  virtual void cluster_begin(const ClaimRecord &claim, const ClusterWebhook &webhook) = 0;
  // The recorder no longer owns the stream, and must close its connections at once, then call
  // closed().
  virtual void cluster_stop(const std::string &stream) = 0;
  // A later webhook of an owned stream. Returns false if the stream is not being recorded.
  virtual bool cluster_webhook(const ClusterWebhook &webhook) = 0;
  // No connection may be used after this time of the sleep clock. Is called again with later times.
  virtual void cluster_until(int64_t until_us) = 0;
  virtual void cluster_event(bool good, const char *event, const std::string &stream,
                             const std::string &text) = 0;
};

class Cluster final : private NatsListener, private Writes, private OwnershipEvents {
 public:
  Cluster(const ClusterConfig &config, Nats::Post post, ClusterListener *listener);
  ~Cluster() override;

  // The error in the configuration, or empty.
  const std::string &problem() const { return nats_.problem(); }
  // Publishes a webhook to all recorders. `done` gets true if the store has it: see Publications.
  void publish(const std::string &json, std::function<void(bool)> done);
  void set_capacity(const Capacity &capacity) { ownership_.set_capacity(capacity); }
  // The recorder has made the folder of the stream's part.
  void opened(const std::string &stream, const std::string &folder);
  void closed(const std::string &stream, Closed why);
  // Gives up the lease, so that others need not wait for its expiry. Must be called after all
  // streams are closed. Calls `done` when that is written, or after a short time.
  void leave(std::function<void()> done);

  bool usable() const { return nats_.usable() && ownership_.held(); }
  const Ownership &ownership() const { return ownership_; }
  // takeovers: of meetings from other recorders. losses: of the lease, and so of all streams.
  struct Counters {
    uint64_t takeovers = 0, losses = 0;
  };
  const Counters &counters() const { return counters_; }

 private:
  void nats_message(const NatsMessage &message) override;
  void nats_state(State state, const std::string &why) override;
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
  Publications publications_;
  Fold fold_;
  std::map<uint64_t, Write> writing_;  // by ticket
  ServerProbe probe_;
  int64_t refused_since_ = 0, probed_ = 0, until_told_ = 0;
  bool reads_on_ = false;  // all that was stored before has been read
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
