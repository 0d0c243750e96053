// SPDX-License-Identifier: LGPL-2.1-or-later
// Which connection is closed when all places are taken. Pure: the clock is an argument.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace rtms {

// Genuine requests take a moment; the other places are for slow ones.
inline constexpr size_t kMaxPlaces = 256;
// Younger connections are closed last: a client needs some round trips for TLS and a head.
inline constexpr int64_t kGrace_us = 500000;

struct Place {
  enum class Stage { Answered, Connected, HasHead } stage = Stage::Connected;
  std::string from;  // see address_group()
  int64_t since_us = 0;
};

// Returns the index of the connection to close; `places` is not empty, the oldest first. The
// address with the most connections loses one: answered ones first, then those without a complete
// head, then those with one; the oldest first.
size_t who_goes(const std::vector<Place> &places, int64_t now_us);

// Returns the group of addresses that counts as one client: an IPv4 address, or the first 64 bits
// of an IPv6 address, which a provider assigns to one customer.
std::string address_group(const std::string &address);

}  // namespace rtms
