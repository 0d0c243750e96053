// SPDX-License-Identifier: LGPL-2.1-or-later
// Limits guesses of the token per address. Pure: the clock is an argument.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

namespace rtms::recorder {

class Attempts {
 public:
  // kMost guesses at once; then one every kEvery_s seconds.
  static constexpr unsigned kMost = 10, kEvery_s = 6;
  // The number of addresses remembered.
  static constexpr size_t kMostAddresses = 1024;

  // Whether an address_group() has a guess left.
  bool allowed(const std::string &from, int64_t now_us) const;
  void failed(const std::string &from, int64_t now_us);
  size_t addresses() const { return free_at_us_.size(); }

 private:
  void forget(int64_t now_us);

  // The time at which an address has all guesses again.
  std::map<std::string, int64_t> free_at_us_;
};

}  // namespace rtms::recorder
