// SPDX-License-Identifier: LGPL-2.1-or-later
// Webhooks on their way into the store. A server may be electing another leader, or be starting
// again: each is written until the store has it. Pure: no clock, no NATS.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>

namespace rtms::recorder {

class Publications {
 public:
  // `done` gets true if the store has the text. May be called later, once.
  using Write = std::function<void(const std::string &key, const std::string &body,
                                   std::function<void(bool)> done)>;
  // The service waits for an answer for three seconds, and sends again what was refused.
  static constexpr int64_t kAnswer_ms = 2500;
  // It waits for a client for a minute: what is written later is void.
  static constexpr int64_t kLongest_ms = 65000;
  static constexpr int64_t kAgain_ms = 250;

  explicit Publications(Write write) : write_(std::move(write)) {}

  // `done` gets true when the store has the text, or false after kAnswer_ms: writing goes on.
  void add(const std::string &key, const std::string &body, std::function<void(bool)> done,
           int64_t now);
  void tick(int64_t now);

 private:
  struct One {
    std::string key, body;
    std::function<void(bool)> done;
    int64_t since = 0, next = 0;
    bool writing = false, stored = false;
  };
  void write(const std::shared_ptr<One> &one);

  const Write write_;
  std::list<std::shared_ptr<One>> all_;
};

}  // namespace rtms::recorder
