// SPDX-License-Identifier: LGPL-2.1-or-later
#include "source.h"

#include <algorithm>
#include <utility>

namespace rtmstest {

ListSource::ListSource(const std::vector<MediaItem> &items) {
  for (const MediaItem &item : items)
    add(item);
}

void ListSource::add(MediaItem item) {
  first_ = std::min(first_, item.timestamp);
  items_[item.media].push_back(std::move(item));
}

void ListSource::add_event(EventItem item) {
  events_.push_back(std::move(item));
}

int64_t ListSource::due(int64_t timestamp) {
  return first_ == INT64_MAX ? 0 : timestamp - first_;
}

bool ListSource::next(Media m, MediaItem &item, int64_t &due_ms) {
  std::deque<MediaItem> &queue = items_[m];
  if (queue.empty())
    return false;
  item = std::move(queue.front());
  queue.pop_front();
  due_ms = due(item.timestamp);
  return true;
}

bool ListSource::next_event(EventItem &item, int64_t &due_ms) {
  if (events_.empty())
    return false;
  item = std::move(events_.front());
  events_.pop_front();
  due_ms = due(item.timestamp);
  return true;
}

}  // namespace rtmstest
