// SPDX-License-Identifier: LGPL-2.1-or-later
// libnats, behind what a Nats needs of it. No call waits; the events come from libnats' threads.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace rtms::recorder {

struct NatsConfig {
  std::vector<std::string> urls;
  std::string credentials_file, ca_file;
  std::string name;    // of this client, for the server's log
  std::string bucket;  // made where there is none
};

struct NatsMessage {
  std::string key, data;
  uint64_t place = 0;
  int64_t unix_ms = 0;  // by the server's clock
};

// 0: it is not known whether it was written.
struct NatsAnswer {
  uint64_t place = 0;
};

class NatsLink {
 public:
  struct Events {
    std::function<void(const std::vector<std::string> &servers)> connected;
    // There is no connection; perhaps it is known why.
    std::function<void(const std::string &why)> disconnected;
    // Messages come from now on, or what is wrong.
    std::function<void(uint64_t watch, const std::string &why)> ready;
    std::function<void(uint64_t watch, const NatsMessage &message)> message;
    std::function<void(uint64_t number, const NatsAnswer &answer)> answer;
  };
  virtual ~NatsLink() = default;
  virtual void write(uint64_t number, const std::string &key, const std::string &data) = 0;
  // All that is kept of the bucket, from that place on, and what follows. Replaces the last watch.
  virtual void watch(uint64_t watch, uint64_t from) = 0;
};

// Null, and what is wrong with the configuration.
std::unique_ptr<NatsLink> open_nats_link(const NatsConfig &config, NatsLink::Events events,
                                         std::string *problem);

}  // namespace rtms::recorder
