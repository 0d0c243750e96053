// SPDX-License-Identifier: LGPL-2.1-or-later
// The interface to libnats. No call blocks; events are called on libnats' threads.
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
  std::string name;    // of this client, in the server's log
  std::string bucket;  // created if missing
};

struct NatsMessage {
  std::string key, data;
  uint64_t place = 0;
  uint64_t number = 0;   // of the watch's messages, from 1
  int64_t unix_ms = 0;   // by the server's clock
  bool is_last = false;  // the server has no further ones at the moment
};

// `place` is 0 if the outcome is unknown.
struct NatsAnswer {
  uint64_t place = 0;
};

class NatsLink {
 public:
  struct Events {
    std::function<void(const std::vector<std::string> &servers)> connected;
    // `why` may be empty.
    std::function<void(const std::string &why)> disconnected;
    // Messages follow if `why` is empty; otherwise it is the error.
    std::function<void(uint64_t watch, const std::string &why)> ready;
    std::function<void(uint64_t watch, const NatsMessage &message)> message;
    std::function<void(uint64_t number, const NatsAnswer &answer)> answer;
  };
  virtual ~NatsLink() = default;
  virtual void write(uint64_t number, const std::string &key, const std::string &data) = 0;
  // Delivers the bucket's messages from place `from` on; if one is lost, the next one's number
  // shows it. Replaces the last watch.
  virtual void watch(uint64_t watch, uint64_t from) = 0;
};

// Returns null, and sets `problem`, if the configuration is invalid.
std::unique_ptr<NatsLink> open_nats_link(const NatsConfig &config, NatsLink::Events events,
                                         std::string *problem);

}  // namespace rtms::recorder
