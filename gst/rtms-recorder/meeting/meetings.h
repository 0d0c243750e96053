// SPDX-License-Identifier: LGPL-2.1-or-later
// The running meetings, by stream. Used on the main thread.
#pragma once

#include "disk/diskwatch.h"
#include "meeting.h"

#include <map>
#include <memory>
#include <set>
#include <vector>

namespace rtms::recorder {

class Meetings final : public DiskUsers {
 public:
  // Starts the meeting.
  void add(const std::string &stream, std::unique_ptr<Meeting> meeting);
  Meeting *find(const std::string &stream) const;
  void remove(const std::string &stream) { meetings_.erase(stream); }
  bool empty() const { return meetings_.empty(); }
  size_t count() const { return meetings_.size(); }

  // Finishes the meeting while its stream continues. was_left() then returns true once.
  void leave(const std::string &stream, const std::string &reason);
  bool was_left(const std::string &stream) { return left_.erase(stream) > 0; }
  std::vector<DiskUse> disk_uses() const override;
  void end_for_space(const std::string &stream, const std::string &why) override;
  // Closes the meeting's connections at once.
  void cut(const std::string &stream);
  // No connection is used after this time of the sleep clock; 0: no limit.
  void set_until(int64_t until_us);
  bool is_forbidden() const;

  // Is called each second.
  void watch();
  std::vector<Status> statuses() const;
  std::vector<std::string> streams() const;

 private:
  std::map<std::string, std::unique_ptr<Meeting>> meetings_;
  std::set<std::string> left_;
  int64_t until_us_ = 0;
};

}  // namespace rtms::recorder
