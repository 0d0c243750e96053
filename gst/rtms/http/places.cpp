// SPDX-License-Identifier: LGPL-2.1-or-later
#include "places.h"

#include <gio/gio.h>
#include "base/glibptr.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace rtms {
namespace {

constexpr size_t kGroupBytes = 8;    // of an IPv6 address
constexpr size_t kMappedBytes = 12;  // ::ffff:0:0/96

}  // namespace

size_t who_goes(const std::vector<Place> &places, int64_t now_us) {
  std::map<std::string, size_t> counts;
  for (const Place &place : places)
    counts[place.from]++;
  const auto is_old = [&](const Place &place) { return now_us - place.since_us >= kGrace_us; };
  const bool any_old = std::any_of(places.begin(), places.end(), is_old);
  const auto rank = [&](const Place &place) {
    return std::make_tuple(any_old && !is_old(place), -static_cast<int64_t>(counts[place.from]),
                           place.stage);
  };
  const auto first =
      std::min_element(places.begin(), places.end(),
                       [&](const Place &a, const Place &b) { return rank(a) < rank(b); });
  return static_cast<size_t>(first - places.begin());
}

std::string address_group(const std::string &address) {
  ObjectPtr<GInetAddress> parsed(g_inet_address_new_from_string(address.c_str()));
  if (!parsed || g_inet_address_get_family(parsed.get()) != G_SOCKET_FAMILY_IPV6)
    return address;
  const std::string bytes(reinterpret_cast<const char *>(g_inet_address_to_bytes(parsed.get())),
                          g_inet_address_get_native_size(parsed.get()));
  // A dual-stack socket shows an IPv4 address as IPv6.
  static const std::string mapped = std::string(10, '\0') + "\xff\xff";
  return bytes.compare(0, kMappedBytes, mapped) == 0 ? bytes : bytes.substr(0, kGroupBytes);
}

}  // namespace rtms
