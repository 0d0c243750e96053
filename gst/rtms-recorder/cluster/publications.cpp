// SPDX-License-Identifier: LGPL-2.1-or-later
#include "publications.h"

#include <utility>

namespace rtms::recorder {
namespace {

// Bounds the memory while NATS is away: whatever comes beyond it is refused at once.
constexpr std::size_t kMost = 1000;

void answer(std::function<void(bool)> *done, bool good) {
  if (const auto told = std::exchange(*done, nullptr))
    told(good);
}

}  // namespace

void Publications::add(const std::string &key, const std::string &body,
                       std::function<void(bool)> done, int64_t now) {
  if (all_.size() >= kMost) {
    done(false);
    return;
  }
  all_.push_back(std::make_shared<One>(One{key, body, std::move(done), now, now}));
  const auto one = all_.back();  // the list may change meanwhile
  write(one);
}

void Publications::write(const std::shared_ptr<One> &one) {
  one->writing = true;
  write_(one->key, one->body, [one](bool good) {
    one->writing = false;
    one->stored = good;
    if (good)
      answer(&one->done, true);
  });
}

void Publications::tick(int64_t now) {
  const auto all = all_;
  for (const auto &one : all) {
    if (!one->stored && now - one->since >= kAnswer_ms)
      answer(&one->done, false);
    if (one->stored || one->writing || now < one->next)
      continue;
    one->next = now + kAgain_ms;
    write(one);
  }
  all_.remove_if([now](const std::shared_ptr<One> &one) {
    return one->stored || now - one->since >= kLongest_ms;
  });
}

}  // namespace rtms::recorder
