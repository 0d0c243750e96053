// SPDX-License-Identifier: LGPL-2.1-or-later
// Counts and logs requests. A client cannot fill the log: one refusal per second is logged, the
// others are summed up.
#pragma once

#include "base/log.h"
#include "base/timer.h"

#include <cstdint>
#include <map>
#include <string>
#include <utility>

namespace rtms {

class RequestLog {
 public:
  // `name` is the prefix of each line.
  explicit RequestLog(std::string name) : name_(std::move(name)) {}

  void start(LogSink *sink) { sink_ = sink; }
  // An answer was given; `peer` is the client's address.
  void answered(unsigned status, const std::string &why, const std::string &peer);
  // A connection was closed without an answer; `why` is the reason.
  void closed(const std::string &why, const std::string &peer);
  // By status; 0: connections closed without an answer.
  const std::map<unsigned, uint64_t> &counts() const { return counts_; }

 private:
  void refused(unsigned status, const std::string &text);
  void summary();

  const std::string name_;
  LogSink *sink_ = nullptr;
  std::map<unsigned, uint64_t> counts_;
  uint64_t silent_ = 0;  // refusals in this second without a log line
  Timer second_;
};

}  // namespace rtms
