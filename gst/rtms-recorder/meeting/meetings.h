// SPDX-License-Identifier: LGPL-2.1-or-later
// The meetings that run, by stream. On the main thread.
#pragma once

#include "meeting.h"

#include <map>
#include <memory>
#include <set>
#include <vector>

namespace rtms::recorder {

class Meetings {
 public:
  // Starts it.
  void add(const std::string &stream, std::unique_ptr<Meeting> meeting);
  Meeting *find(const std::string &stream) const;
  void remove(const std::string &stream) { meetings_.erase(stream); }
  bool empty() const { return meetings_.empty(); }
  size_t count() const { return meetings_.size(); }

  // Finishes it. The stream goes on without us: then was_left() is true, once.
  void leave(const std::string &stream, const std::string &reason);
  bool was_left(const std::string &stream) { return left_.erase(stream) > 0; }
  // Ends all recordings before their streams.
  void finish_all(const std::string &reason, const std::string &error);
  // Its connections are closed at once, whatever it does.
  void cut(const std::string &stream);
  // No connection of any is used after that moment of the sleep clock; 0: for ever.
  void set_until(int64_t until_us);
  bool is_forbidden() const;

  // Each second.
  void watch();
  std::vector<Status> statuses() const;
  std::vector<std::string> streams() const;

 private:
  std::map<std::string, std::unique_ptr<Meeting>> meetings_;
  std::set<std::string> left_;
  int64_t until_us_ = 0;
};

}  // namespace rtms::recorder
