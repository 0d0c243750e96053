// SPDX-License-Identifier: LGPL-2.1-or-later
#include "nats.h"

#include <algorithm>
#include <utility>

namespace rtms::recorder {
namespace {

// The timeout of a write's answer.
constexpr int64_t kPatience_ms = 2000;
// An acknowledged write that is not received by then shows that the watch has stopped.
constexpr int64_t kOwed_ms = 1500;

}  // namespace

Nats::Nats(const NatsConfig &config, Post post, NatsListener *listener)
    : listener_(listener), alive_(std::make_shared<Nats *>(this)) {
  // Runs on the main thread, if this object still exists.
  const auto later = [post = std::move(post),
                      weak = std::weak_ptr<Nats *>(alive_)](std::function<void(Nats *)> fn) {
    post([weak, fn = std::move(fn)] {
      if (const auto self = weak.lock())
        fn(*self);
    });
  };
  NatsLink::Events events;
  events.connected = [later](const std::vector<std::string> &servers) {
    later([servers](Nats *self) { self->connected(servers); });
  };
  events.disconnected = [later](const std::string &why) {
    later([why](Nats *self) { self->disconnected(why); });
  };
  events.ready = [later](uint64_t watch, const std::string &why) {
    later([watch, why](Nats *self) { self->ready(watch, why); });
  };
  events.message = [later](uint64_t watch, const NatsMessage &message) {
    later([watch, message](Nats *self) { self->received(watch, message); });
  };
  events.answer = [later](uint64_t number, const NatsAnswer &answer) {
    later([number, answer](Nats *self) { self->answered(number, answer); });
  };
  link_ = open_nats_link(config, std::move(events), &problem_);
}

Nats::~Nats() = default;

// ---- writing -------------------------------------------------------------------------

void Nats::write(const std::string &key, const std::string &data, int64_t now, Done done) {
  const uint64_t number = ++count_;
  waiting_[number] = {std::move(done), now + kPatience_ms, highest_place_};
  if (connected_)
    link_->write(number, key, data);
  else
    waiting_[number].until = now;
}

void Nats::answered(uint64_t number, const NatsAnswer &answer) {
  const auto waiting = waiting_.find(number);
  if (answer.place && waiting != waiting_.end() && answer.place <= waiting->second.after)
    begin_anew();
  if (answer.place > last_place_ && !owed_) {
    owed_ = answer.place;
    owed_since_ = now_;
  }
  const auto found = waiting_.extract(number);
  if (found)
    found.mapped().done(answer);
}

void Nats::tick(int64_t now) {
  now_ = now;
  std::vector<Done> late;
  for (auto at = waiting_.begin(); at != waiting_.end();) {
    if (now < at->second.until) {
      ++at;
      continue;
    }
    late.push_back(std::move(at->second.done));
    at = waiting_.erase(at);
  }
  for (const Done &done : late)
    done({});
  if (owed_ && now - owed_since_ > kOwed_ms && usable_)
    watch_again();
}

// ---- receiving -----------------------------------------------------------------------

// The second watch without messages starts at the beginning: the bucket may be a new one.
void Nats::watch_again() {
  owed_ = 0;
  const bool anew = !received_ && watch_;
  received_ = 0;
  link_->watch(++watch_, anew ? 0 : last_place_ + 1);
}

// A server without its files, or with older ones.
void Nats::begin_anew() {
  last_place_ = highest_place_ = owed_ = received_ = 0;
  for (auto &[number, waiting] : waiting_)
    waiting.after = 0;
  listener_->nats_state(NatsListener::State::Anew, "");
  link_->watch(++watch_, 0);
}

void Nats::received(uint64_t watch, const NatsMessage &message) {
  if (watch != watch_)
    return;
  if (message.number != received_ + 1)
    return watch_again();
  received_++;
  last_place_ = message.place;
  highest_place_ = std::max(highest_place_, message.place);
  if (owed_ && message.place >= owed_)
    owed_ = 0;
  listener_->nats_message(message);
}

void Nats::connected(const std::vector<std::string> &servers) {
  connected_ = true;
  servers_ = servers;
  watch_again();
}

void Nats::disconnected(const std::string &why) {
  connected_ = usable_ = false;
  for (auto &[number, waiting] : waiting_)
    waiting.until = 0;
  listener_->nats_state(NatsListener::State::Unusable,
                        "there is no connection to NATS" + (why.empty() ? "" : " (" + why + ")"));
}

void Nats::ready(uint64_t watch, const std::string &why) {
  if (watch != watch_ || !connected_)
    return;
  usable_ = why.empty();
  using State = NatsListener::State;
  listener_->nats_state(usable_ ? State::Usable : State::Unusable, why);
}

}  // namespace rtms::recorder
