// SPDX-License-Identifier: LGPL-2.1-or-later
// Who goes when all places for connections are taken. Pure: the clock is an argument.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace rtms {

// Genuine requests take a moment; the rest is room for those who take longer.
inline constexpr size_t kMaxPlaces = 256;
// So long a connection is not the first to go: a client needs some round trips for TLS and a head.
inline constexpr int64_t kGrace_us = 500000;

struct Place {
  enum class Stage { Answered, Connected, HasHead } stage = Stage::Connected;
  std::string from;  // see address_group()
  int64_t since_us = 0;
};

// Which one goes, by its index; `places` is not empty, and the oldest is the first. It is of the
// addresses with the most connections; among them one that is answered goes before one without a
// whole head, that before one with a head; then the oldest goes.
size_t who_goes(const std::vector<Place> &places, int64_t now_us);

// Those who share a group are taken for one client: an IPv4 address, or the first 64 bits of an
// IPv6 address, which one customer of a provider has.
std::string address_group(const std::string &address);

}  // namespace rtms
