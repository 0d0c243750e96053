// SPDX-License-Identifier: LGPL-2.1-or-later
#include "laststretch.h"

#include <algorithm>
#include <map>

namespace rtms::recorder {

std::vector<JournalEntry> last_stretch(std::vector<JournalEntry> entries, int64_t needed_from_ns) {
  constexpr int64_t kSecond_ns = 1000 * 1000 * 1000;
  constexpr int64_t kApart_ns = 20 * kSecond_ns, kLongest_ns = 100 * kSecond_ns;
  constexpr int64_t kLatest_ns = INT64_MAX / 2;
  constexpr unsigned kEnough = 3;
  const auto remove_if = [&entries](auto is_out) {
    entries.erase(std::remove_if(entries.begin(), entries.end(), is_out), entries.end());
  };
  remove_if(
      [](const JournalEntry &one) { return one.captured_ns < 0 || one.captured_ns > kLatest_ns; });
  std::vector<int64_t> times, starts;  // of all entries; of the stretches
  for (const JournalEntry &one : entries)
    times.push_back(one.captured_ns);
  std::sort(times.begin(), times.end());
  for (size_t i = 0; i < times.size(); i++)
    if (i == 0 || times[i] - times[i - 1] > kApart_ns)
      starts.push_back(times[i]);
  const auto stretch_of = [&starts](const JournalEntry &one) {
    return std::upper_bound(starts.begin(), starts.end(), one.captured_ns) - starts.begin();
  };
  std::map<ptrdiff_t, unsigned> all, counts;
  for (const JournalEntry &one : entries)
    all[stretch_of(one)]++;
  ptrdiff_t last = entries.empty() ? 0 : stretch_of(entries.back());
  for (auto one = entries.rbegin(); one != entries.rend(); ++one)
    if (++counts[stretch_of(*one)] == kEnough) {
      last = stretch_of(*one);
      break;
    }
  remove_if([&](const JournalEntry &one) {
    const ptrdiff_t of = stretch_of(one);
    const bool needed = all[of] >= kEnough && one.captured_ns >= needed_from_ns;
    return of > last || (of < last && !needed);
  });
  int64_t end = 0;
  for (const JournalEntry &one : entries)
    end = std::max(end, one.captured_ns);
  remove_if([end](const JournalEntry &one) { return one.captured_ns < end - kLongest_ns; });
  return entries;
}

}  // namespace rtms::recorder
