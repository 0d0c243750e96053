// SPDX-License-Identifier: LGPL-2.1-or-later
#include "levels.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace rtms::recorder {
namespace {

constexpr int64_t kBucket_us = 100000;

int db_of(int peak) {
  constexpr double kFullScale = 32768;
  return peak ? static_cast<int>(std::lround(20 * std::log10(peak / kFullScale)))
              : Levels::kSilence_db;
}

int peak_of(const int16_t *samples, size_t count) {
  int peak = 0;
  for (size_t i = 0; i < count; i++)
    peak = std::max(peak, std::abs(static_cast<int>(samples[i])));
  return peak;
}

}  // namespace

void Levels::add(const std::string &who, const std::string &name, const int16_t *samples,
                 size_t count, int64_t now_us) {
  const int peak = peak_of(samples, count);
  std::lock_guard<std::mutex> lock(mutex_);
  peaks_.erase(peaks_.begin(), peaks_.lower_bound((now_us - kWindow_us) / kBucket_us));
  int &most = peaks_[now_us / kBucket_us];
  most = std::max(most, peak);
  if (db_of(peak) < kSpeech_db)
    return;
  for (auto one = speaking_.begin(); one != speaking_.end();)
    one = now_us - one->second.at_us > kWindow_us ? speaking_.erase(one) : std::next(one);
  if (speaking_.size() < kMostNames || speaking_.count(who))
    speaking_[who] = {who.empty() ? active_ : name.empty() ? who : name, now_us};
}

void Levels::active(const std::string &name) {
  std::lock_guard<std::mutex> lock(mutex_);
  active_ = name;
}

Levels::Now Levels::now(int64_t now_us) const {
  std::lock_guard<std::mutex> lock(mutex_);
  Now now;
  int most = 0;
  for (auto one = peaks_.lower_bound((now_us - kWindow_us) / kBucket_us); one != peaks_.end();
       ++one)
    most = std::max(most, one->second);
  now.peak_db = db_of(most);
  for (const auto &[who, heard] : speaking_)
    if (now_us - heard.at_us <= kWindow_us && !heard.name.empty())
      now.speaking.push_back(heard.name);
  return now;
}

}  // namespace rtms::recorder
