// SPDX-License-Identifier: LGPL-2.1-or-later
// Meetings on three recorders and three nats-servers, what happens to them, and what the service
// saw of that.
#pragma once

#include "clusterrun.h"
#include "kept.h"
#include "tinydisk.h"

#include <random>

namespace rtmscheck {

enum class Fault { Kill, Sleep, Terminate, Nats, Disk };
inline constexpr Fault kFaults[] = {Fault::Kill, Fault::Sleep, Fault::Terminate, Fault::Nats,
                                    Fault::Disk};
const char *name(Fault fault);

// Times are monotonic, in µs.
struct Episode {
  Fault fault;
  int64_t from_us = 0, until_us = 0;
  std::vector<std::size_t> meetings;  // those that it concerns
  std::vector<double> away_s;         // until each had its media again
  unsigned at_once = 1;               // signaling connections of one stream, as the service saw it
};

// Once for each signaling connection: when its client was ready for media.
std::vector<int64_t> readies_of(const Server &server);

class ClusterScene {
 public:
  ClusterScene(std::size_t meetings, int64_t length_ms, unsigned seed, bool has_video);

  // All meetings are announced, each at two recorders, and recorded.
  void begin();
  // Makes one happen, waits until all goes on, and puts all back. False: there is nothing to break.
  bool run(Fault fault, Episode *episode);
  // Some webhooks come again, each at two recorders.
  void repeat_webhooks();
  // All meetings end, and so do the recorders.
  void end();

  std::mt19937 &random() { return random_; }
  const std::vector<std::unique_ptr<Server>> &meetings() const { return meetings_; }
  const Runs &runs() const { return runs_; }
  bool has_disks() const { return disks_[0]->mounted(); }
  unsigned webhooks() const { return webhooks_; }

 private:
  void post_twice(const std::string &json);
  std::size_t pick(std::size_t count);
  std::vector<std::size_t> meetings_of(std::size_t recorder);
  std::size_t pick_busy(std::vector<std::size_t> *meetings);
  void hit(Fault fault, std::size_t which);
  void mend(Fault fault, std::size_t which);
  void wait_media(Episode *episode);
  void start(std::size_t which);
  std::string filler(std::size_t which) const;

  std::mt19937 random_;
  const bool has_video_;
  NatsServers nats_{3};
  TemporaryDirectory directory_;
  std::vector<std::string> outputs_;
  std::vector<std::unique_ptr<TinyDisk>> disks_;
  std::vector<std::unique_ptr<Server>> meetings_;
  Runs runs_;
  unsigned webhooks_ = 0;
};

}  // namespace rtmscheck
