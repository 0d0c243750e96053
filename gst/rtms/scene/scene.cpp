// SPDX-License-Identifier: LGPL-2.1-or-later
#include "scene.h"

namespace rtms::program {
namespace {

using Lock = std::lock_guard<std::mutex>;

}  // namespace

void Scene::reset() {
  Lock lock(mutex_);
  state_ = {};
  names_ = {};
  captions_.clear();
  gone_ = {};
}

void Scene::set_layout(Layout layout) {
  Lock lock(mutex_);
  layout_ = layout;
}

Layout Scene::layout() const {
  Lock lock(mutex_);
  return layout_;
}

void Scene::connection(const std::string &media, const std::string &state) {
  Lock lock(mutex_);
  state_.connection(media, state);
}

void Scene::speaker(uint64_t time, const std::string &name) {
  Lock lock(mutex_);
  names_.add(time, clean_text(name));
}

void Scene::caption(uint64_t start, uint64_t duration, const std::string &text) {
  Lock lock(mutex_);
  captions_.add(start, duration, text);
}

void Scene::gone(Input input, uint64_t time, uint64_t hide) {
  Lock lock(mutex_);
  gone_[static_cast<std::size_t>(input)] = {time, hide};
}

bool Scene::is_shown(Input input, uint64_t began, uint64_t time) const {
  Lock lock(mutex_);
  const Gone &gone = gone_[static_cast<std::size_t>(input)];
  return began >= gone.before || time < gone.hide;
}

Texts Scene::texts_at(uint64_t time) {
  Lock lock(mutex_);
  return {names_.at(time), captions_.at(time), state_.words()};
}

}  // namespace rtms::program
