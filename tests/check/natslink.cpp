// SPDX-License-Identifier: LGPL-2.1-or-later
// Watches of a bucket that follow each other on one connection, with a real nats-server.
#include "cluster/natslink.h"

#include <condition_variable>
#include <filesystem>
#include <map>
#include <mutex>
#include <thread>

#include "natsservers.h"

namespace {

using namespace rtmscheck;
using namespace rtms::recorder;

constexpr uint64_t kStored = 200;

// What libnats' threads report, for the test's thread.
class Reports {
 public:
  NatsLink::Events events() {
    NatsLink::Events events;
    events.connected = [this](const auto &) { change([&] { connected_ = true; }); };
    events.disconnected = [](const std::string &) {};
    events.ready = [this](uint64_t watch, const std::string &why) {
      change([&] { ready_ = why.empty() ? watch : ready_; });
    };
    events.message = [this](uint64_t watch, const NatsMessage &message) {
      change([&] {
        ordered_ &= message.number == ++counts_[watch];
        places_[watch] = message.place;
      });
    };
    events.answer = [this](uint64_t, const NatsAnswer &answer) {
      change([&] { stored_ += answer.place > 0; });
    };
    return events;
  }
  void wait_connected() {
    wait([&] { return connected_; });
  }
  void wait_ready(uint64_t watch) {
    wait([&] { return ready_ == watch; });
  }
  void wait_stored(uint64_t count) {
    wait([&] { return stored_ >= count; });
  }
  // Until the watch has delivered all up to that place.
  void wait_place(uint64_t watch, uint64_t place) {
    wait([&] { return places_[watch] >= place; });
  }
  bool ordered() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return ordered_;
  }

 private:
  template <typename Fn>
  void change(const Fn &fn) {
    const std::lock_guard<std::mutex> lock(mutex_);
    fn();
    changed_.notify_all();
  }
  template <typename Fn>
  void wait(const Fn &holds) {
    std::unique_lock<std::mutex> lock(mutex_);
    ck_assert(changed_.wait_for(lock, std::chrono::milliseconds(2 * kDeadlineMs), holds));
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  bool connected_ = false, ordered_ = true;
  uint64_t ready_ = 0, stored_ = 0;
  std::map<uint64_t, uint64_t> counts_, places_;
};

std::unique_ptr<NatsLink> connect(const NatsServers &nats, Reports *reports) {
  std::string problem;
  auto link =
      open_nats_link({{nats.urls()}, "", "", "check", "check"}, reports->events(), &problem);
  ck_assert_msg(link != nullptr, "%s", problem.c_str());
  reports->wait_connected();
  return link;
}

std::size_t threads() {
  const std::filesystem::directory_iterator all("/proc/self/task");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

}  // namespace

// Each watch replaces one that is being delivered to: libnats crashed then, now and again. Nothing
// remains of those that were replaced.
GST_START_TEST(test_watched_again) {
  constexpr uint64_t kWatches = 200;
  NatsServers nats;
  Reports reports;
  const auto link = connect(nats, &reports);
  link->watch(1, 0);
  reports.wait_ready(1);
  for (uint64_t i = 1; i <= kStored; i++)
    link->write(i, "key." + std::to_string(i), std::string(1000, 'x'));
  reports.wait_stored(kStored);
  reports.wait_place(1, kStored);
  const std::size_t before = threads();
  for (uint64_t watch = 2; watch <= kWatches; watch++) {
    link->watch(watch, 0);
    reports.wait_ready(watch);
  }
  reports.wait_place(kWatches, kStored);
  ck_assert(reports.ordered());
  // Each subscription has a thread, which ends a little later.
  const gint64 end = g_get_monotonic_time() + kDeadlineMs * int64_t{1000};
  while (threads() > before && g_get_monotonic_time() < end)
    std::this_thread::yield();
  ck_assert_uint_le(threads(), before);
}
GST_END_TEST;

static Suite *natslink_suite() {
  Suite *suite = suite_create("natslink");
  TCase *tcase = tcase_create("natslink");
  tcase_add_test(tcase, test_watched_again);
  suite_add_tcase(suite, tcase);
  return suite;
}

GST_CHECK_MAIN(natslink)
