// SPDX-License-Identifier: LGPL-2.1-or-later
#include "requestlog.h"

namespace rtms {

void RequestLog::answered(unsigned status, const std::string &why, const std::string &peer) {
  const std::string text =
      name_ + ": " + std::to_string(status) + ", " + why + " (from " + peer + ")";
  if (status >= 300) {
    refused(status, text);
    return;
  }
  counts_[status]++;
  if (sink_ && sink_->enabled(LogSink::Level::Info))
    sink_->write(LogSink::Level::Info, text);
}

void RequestLog::closed(const std::string &why, const std::string &peer) {
  refused(0, name_ + ": connection closed without an answer, " + why + " (from " + peer + ")");
}

void RequestLog::refused(unsigned status, const std::string &text) {
  counts_[status]++;
  if (second_.running()) {
    silent_++;
    return;
  }
  second_.start(1000, [this] { summary(); });
  if (sink_ && sink_->enabled(LogSink::Level::Info))
    sink_->write(LogSink::Level::Info, text);
}

void RequestLog::summary() {
  if (silent_ && sink_ && sink_->enabled(LogSink::Level::Info))
    sink_->write(LogSink::Level::Info,
                 name_ + ": " + std::to_string(silent_) +
                     " more requests refused or connections closed within a second");
  silent_ = 0;
}

}  // namespace rtms
