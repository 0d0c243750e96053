// SPDX-License-Identifier: LGPL-2.1-or-later
// nats-servers with JetStream, on loopback: one, or three that are a cluster.
#pragma once

#include "launch.h"
#include "recording.h"

namespace rtmscheck {

class NatsServers {
 public:
  struct Setup {
    unsigned count = 1;
    // With TLS, and an account: see ca_file() and credentials_file().
    bool guarded = false;
    std::string host = "127.0.0.1";  // whose certificate is that of 127.0.0.1
  };
  explicit NatsServers(unsigned count = 1) : NatsServers(Setup{count}) {}
  explicit NatsServers(const Setup &setup);

  // For --cluster, --cluster-ca and --cluster-credentials.
  std::string urls() const;
  std::string ca_file() const { return directory_.file("ca.pem"); }
  static std::string credentials_file();
  void start(unsigned which);
  void kill(unsigned which);
  // Removes what the server has stored; it must not run.
  void empty(unsigned which);
  void send(unsigned which, int signal) { servers_[which]->send(signal); }
  unsigned count() const { return static_cast<unsigned>(ports_.size()); }
  // Until JetStream can be used.
  void wait_ready();

  // What all have done so far: messages and bytes from and to clients and each other, and seconds
  // of processor time; and how much is in the buckets.
  struct Figures {
    double in_messages = 0, out_messages = 0, in_bytes = 0, out_bytes = 0, cpu_s = 0;
    double kept_messages = 0, kept_bytes = 0;
  };
  Figures figures() const;
  std::string output(unsigned which) const { return servers_[which]->output(); }
  // From the next start on there is the account, or not.
  void set_account(bool exists);

 private:
  std::string address(unsigned port) const { return setup_.host + ":" + std::to_string(port); }

  const Setup setup_;
  TemporaryDirectory directory_;
  std::vector<unsigned> ports_, cluster_ports_, monitor_ports_;
  std::vector<std::unique_ptr<Program>> servers_;
};

}  // namespace rtmscheck
