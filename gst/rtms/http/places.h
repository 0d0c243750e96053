// SPDX-License-Identifier: LGPL-2.1-or-later
// Which connections are closed when all places are taken. Pure: the clock is an argument.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace rtms {

// Younger connections are closed last: a client needs some round trips for TLS and a head.
inline constexpr int64_t kGrace_us = 500000;

// Clients that do not read keep their answers in memory, so that larger ones are few.
inline constexpr size_t kLargeAnswer = 16 << 10;

struct Place {
  enum class Stage { Answered, Connected, HasHead } stage = Stage::Connected;
  std::string from;  // see address_group()
  int64_t since_us = 0;
  bool has_large_answer = false;
};

// Returns the number of connections for a server: a quarter of the descriptors that the process may
// have, at most `most`. The rest is for recordings.
size_t places_for(size_t most, uint64_t descriptors);

// Returns the indexes of `count` connections to close. The network with the most connections (an
// IPv4 address, or of IPv6 in turn 48, 56 and 64 bits) loses one: answered ones first, then those
// without a complete head, then those with one; a random one of those that are alike, because new
// connections without end would push the oldest one out.
std::vector<size_t> who_goes(const std::vector<Place> &places, int64_t now_us, size_t count,
                             std::mt19937 *random);

// Returns the group of addresses that counts as one client: an IPv4 address, or the first 64 bits
// of an IPv6 address, which a provider assigns to one customer.
std::string address_group(const std::string &address);

}  // namespace rtms
