// SPDX-License-Identifier: LGPL-2.1-or-later
// nats-servers with JetStream, on loopback: one, or three that are a cluster.
#pragma once

#include "launch.h"
#include "recording.h"

namespace rtmscheck {

class NatsServers {
 public:
  explicit NatsServers(unsigned count = 1);

  // For --cluster.
  std::string urls() const;
  void start(unsigned which);
  void kill(unsigned which);
  void send(unsigned which, int signal) { servers_[which]->send(signal); }
  unsigned count() const { return static_cast<unsigned>(ports_.size()); }
  // Until JetStream can be used.
  void wait_ready();

 private:
  TemporaryDirectory directory_;
  std::vector<unsigned> ports_, cluster_ports_;
  std::vector<std::unique_ptr<Program>> servers_;
};

}  // namespace rtmscheck
