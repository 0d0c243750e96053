// SPDX-License-Identifier: LGPL-2.1-or-later
// What the ports for webhooks and for the operator write to the recorder's log.
#pragma once

#include "base/log.h"
#include "common/gst.h"
#include "common/log.h"

#include <string>

namespace rtms::recorder {

// Limits the lines about requests, because anybody can send requests.
class ListenerLog final : public LogSink {
 public:
  explicit ListenerLog(Log *log) : log_(log) {}
  bool enabled(Level level) const override { return level <= Level::Info; }
  void write(Level level, const std::string &text) override {
    constexpr unsigned kMost = 20;
    const bool warning = level == Level::Warning;
    if (warning || written_++ < kMost)
      log_->write(warning ? Log::Level::Warning : Log::Level::Info, "http", "", text);
  }
  // Is called each second.
  void forget() { written_ = 0; }

 private:
  Log *log_;
  unsigned written_ = 0;
};

// Passes lines of the admin port's thread to the main thread.
class AdminLog final : public LogSink {
 public:
  explicit AdminLog(LogSink *log) : log_(log) {}
  bool enabled(Level level) const override { return log_->enabled(level); }
  void write(Level level, const std::string &text) override {
    post([log = log_, level, text] { log->write(level, text); });
  }

 private:
  LogSink *const log_;  // used on the main thread
};

}  // namespace rtms::recorder
