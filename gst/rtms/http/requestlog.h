// SPDX-License-Identifier: LGPL-2.1-or-later
// What is counted and logged of requests. A stranger cannot fill the log: one refusal is logged
// each second, and the number of the others.
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
  // `name`: with what each line begins.
  explicit RequestLog(std::string name) : name_(std::move(name)) {}

  void start(LogSink *sink) { sink_ = sink; }
  // An answer that was given: `peer` is the client's address.
  void answered(unsigned status, const std::string &why, const std::string &peer);
  // A connection that was closed without an answer, and why.
  void closed(const std::string &why, const std::string &peer);
  // By status; 0 counts the connections that were closed without an answer.
  const std::map<unsigned, uint64_t> &counts() const { return counts_; }

 private:
  void refused(unsigned status, const std::string &text);
  void summary();

  const std::string name_;
  LogSink *sink_ = nullptr;
  std::map<unsigned, uint64_t> counts_;
  uint64_t silent_ = 0;  // refusals of this second that have no line
  Timer second_;
};

}  // namespace rtms
