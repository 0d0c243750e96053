// SPDX-License-Identifier: LGPL-2.1-or-later
// The log sink of rooms without GStreamer: the element's sink writes to GStreamer's log.
#pragma once

#include <string>

namespace rtms {

class LogSink {
 public:
  enum class Level { Warning, Info, Debug, Trace };
  virtual ~LogSink() = default;
  virtual bool enabled(Level level) const = 0;
  virtual void write(Level level, const std::string &text) = 0;
};

}  // namespace rtms
