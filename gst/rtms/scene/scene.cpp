// SPDX-License-Identifier: LGPL-2.1-or-later
#include "scene.h"

#include <algorithm>

namespace rtms::program {
namespace {

using Lock = std::lock_guard<std::mutex>;

// The decoder may still contain a frame of the ended stream; a new stream begins later than this.
constexpr uint64_t kLeastPause = 100000000;
// Most connections are established sooner.
constexpr uint64_t kMoment = 500000000;

}  // namespace

void Scene::reset() {
  Lock lock(mutex_);
  state_ = {};
  names_ = {};
  captions_.clear();
  inputs_ = {};
  drawn_ = 0;
  words_.clear();
  words_since_ = 0;
}

void Scene::set_layout(Layout layout) {
  Lock lock(mutex_);
  layout_ = layout;
}

Layout Scene::layout() const {
  Lock lock(mutex_);
  return layout_;
}

void Scene::set_longest(Input input, uint64_t duration) {
  Lock lock(mutex_);
  longest_[static_cast<std::size_t>(input)] = duration;
}

void Scene::connection(const std::string &media, const std::string &state) {
  Lock lock(mutex_);
  state_.connection(media, state);
}

void Scene::speaker(uint64_t time, const std::string &name) {
  Lock lock(mutex_);
  names_.add(time, clean_text(name));
}

void Scene::show_names(bool on) {
  Lock lock(mutex_);
  names_shown_ = on;
}

void Scene::caption(uint64_t start, uint64_t duration, const std::string &text) {
  Lock lock(mutex_);
  captions_.add(std::max(start, drawn_), duration, text);
}

void Scene::arrived(Input input, uint64_t began) {
  Lock lock(mutex_);
  inputs_[static_cast<std::size_t>(input)].last = began;
}

void Scene::gone(Input input, uint64_t hide) {
  Lock lock(mutex_);
  State &state = inputs_[static_cast<std::size_t>(input)];
  // What is hidden already stays so.
  state.hide = state.gone > state.last ? std::min(state.hide, hide) : hide;
  state.gone = state.last + kLeastPause;
}

bool Scene::is_shown(Input input, uint64_t began, uint64_t time) const {
  Lock lock(mutex_);
  const State &state = inputs_[static_cast<std::size_t>(input)];
  if (time > began && time - began > longest_[static_cast<std::size_t>(input)])
    return false;
  return began >= state.gone || time < state.hide;
}

Texts Scene::texts_at(uint64_t time) {
  Lock lock(mutex_);
  drawn_ = time;
  const std::string words = state_.words();
  if (words != words_) {
    words_ = words;
    words_since_ = time;
  }
  const std::string name = names_.at(time);
  return {names_shown_ ? name : "", captions_.at(time), time - words_since_ < kMoment ? "" : words};
}

}  // namespace rtms::program
