// SPDX-License-Identifier: LGPL-2.1-or-later
// How often an address may guess the token. Pure: the clock is an argument.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

namespace rtms::recorder {

class Attempts {
 public:
  // So many guesses at once; then one each so many seconds.
  static constexpr unsigned kMost = 10, kEvery_s = 6;
  // So many addresses are remembered.
  static constexpr size_t kMostAddresses = 1024;

  // Whether there is a guess left, for all who share an address_group().
  bool allowed(const std::string &from, int64_t now_us) const;
  void failed(const std::string &from, int64_t now_us);
  size_t addresses() const { return free_at_us_.size(); }

 private:
  void forget(int64_t now_us);

  // When all guesses of an address are forgotten.
  std::map<std::string, int64_t> free_at_us_;
};

}  // namespace rtms::recorder
