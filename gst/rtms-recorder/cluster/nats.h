// SPDX-License-Identifier: LGPL-2.1-or-later
// A bucket of NATS JetStream: writes, and the order of all writes. libnats has threads of its own,
// and calls that block; the listener and all answers are called on the main thread.
#pragma once

#include "natslink.h"

#include <map>

namespace rtms::recorder {

struct NatsListener {
  virtual ~NatsListener() = default;
  // Messages arrive in order, each at least once.
  virtual void nats_message(const NatsMessage &message) = 0;
  // Unusable: the connection or the bucket; `why`. Anew: the bucket is another one: places begin at
  // 1 again, and old records are gone.
  enum class State { Usable, Unusable, Anew };
  virtual void nats_state(State state, const std::string &why) = 0;
};

class Nats {
 public:
  // Runs a function on the main thread later, in the order of the calls.
  using Post = std::function<void(std::function<void()>)>;
  using Done = std::function<void(const NatsAnswer &)>;

  // Connects, and reconnects forever. One per process. problem() has the error in the
  // configuration.
  Nats(const NatsConfig &config, Post post, NatsListener *listener);
  ~Nats();
  Nats(const Nats &) = delete;
  Nats &operator=(const Nats &) = delete;

  const std::string &problem() const { return problem_; }
  bool usable() const { return usable_; }
  void write(const std::string &key, const std::string &data, int64_t now, Done done);
  // Times out pending writes, and replaces a watch that has stopped.
  void tick(int64_t now);
  // The servers that were known at the last connection, as host:port: those that were replaced
  // since would be probed for ever.
  const std::vector<std::string> &servers() const { return servers_; }

 private:
  struct Waiting {
    Done done;
    int64_t until = 0;
    uint64_t after = 0;  // the highest place that was known when it was written
  };
  void answered(uint64_t number, const NatsAnswer &answer);
  void received(uint64_t watch, const NatsMessage &message);
  void connected(const std::vector<std::string> &servers);
  void disconnected(const std::string &why);
  void ready(uint64_t watch, const std::string &why);
  void watch_again();
  void begin_anew();

  NatsListener *const listener_;
  std::shared_ptr<Nats *> alive_;
  std::vector<std::string> servers_;
  std::string problem_;
  std::map<uint64_t, Waiting> waiting_;
  uint64_t count_ = 0, watch_ = 0, last_place_ = 0, highest_place_ = 0, received_ = 0;
  // The place of a write that was acknowledged, and not received yet.
  uint64_t owed_ = 0;
  int64_t owed_since_ = 0, now_ = 0;
  bool connected_ = false, usable_ = false;
  std::unique_ptr<NatsLink> link_;
};

}  // namespace rtms::recorder
