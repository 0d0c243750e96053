// SPDX-License-Identifier: LGPL-2.1-or-later
#include "places.h"

#include <gio/gio.h>
#include "base/glibptr.h"

#include <algorithm>
#include <string_view>
#include <tuple>
#include <unordered_map>

namespace rtms {
namespace {

constexpr char kIpv6 = ':';  // begins a group of IPv6 addresses, and no IPv4 address
constexpr size_t kGroupBytes = 8;
constexpr size_t kMappedBytes = 12;  // ::ffff:0:0/96

// The network of a group; all of an IPv4 address.
std::string_view network(std::string_view group, size_t bytes) {
  const bool ipv6 = !group.empty() && group.front() == kIpv6;
  return group.substr(0, ipv6 ? 1 + bytes : group.size());
}

struct Candidate {
  size_t index;
  bool young;
  Place::Stage stage;
  uint32_t random;
  // The number of connections that its network has when it is closed; the last one to be closed
  // is the first.
  size_t number = 0;
};

bool goes_before(const Candidate &a, const Candidate &b) {
  return std::tie(a.young, b.number, a.stage, a.random) <
         std::tie(b.young, a.number, b.stage, b.random);
}

}  // namespace

size_t places_for(size_t most, uint64_t descriptors) {
  constexpr uint64_t kPart = 4;
  return static_cast<size_t>(std::clamp<uint64_t>(descriptors / kPart, 1, most));
}

std::vector<size_t> who_goes(const std::vector<Place> &places, int64_t now_us, size_t count,
                             std::mt19937 *random) {
  std::vector<Candidate> all;
  for (const Place &place : places)
    all.push_back({all.size(), now_us - place.since_us < kGrace_us, place.stage,
                   static_cast<uint32_t>((*random)())});
  std::sort(all.begin(), all.end(), goes_before);
  for (size_t bytes : {8, 7, 6}) {
    std::unordered_map<std::string_view, size_t> counts;
    for (auto one = all.rbegin(); one != all.rend(); ++one)
      one->number = ++counts[network(places[one->index].from, bytes)];
    std::sort(all.begin(), all.end(), goes_before);
  }
  std::vector<size_t> gone;
  for (size_t i = 0; i < std::min(count, all.size()); i++)
    gone.push_back(all[i].index);
  return gone;
}

std::string address_group(const std::string &address) {
  ObjectPtr<GInetAddress> parsed(g_inet_address_new_from_string(address.c_str()));
  if (!parsed || g_inet_address_get_family(parsed.get()) != G_SOCKET_FAMILY_IPV6)
    return address;
  const std::string bytes(reinterpret_cast<const char *>(g_inet_address_to_bytes(parsed.get())),
                          g_inet_address_get_native_size(parsed.get()));
  // A dual-stack socket shows an IPv4 address as IPv6.
  static const std::string mapped = std::string(10, '\0') + "\xff\xff";
  return bytes.compare(0, kMappedBytes, mapped) == 0 ? bytes : kIpv6 + bytes.substr(0, kGroupBytes);
}

}  // namespace rtms
