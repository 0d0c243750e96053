// SPDX-License-Identifier: LGPL-2.1-or-later
// Many streams, announced at the same time to three recorders that have room for most of them: each
// is recorded by one, they are spread, and the rest waits for room. Their service sends no media.
// RTMS_STREAMS and RTMS_MOST: how many, and the limit of each recorder. RTMS_QUIET: for so many
// seconds it is measured what they cost.
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <thread>

#include "clusterrun.h"
#include "manymeetings.h"

namespace {

using namespace rtmscheck;

constexpr unsigned kRecorders = 3;

std::size_t number(const char *variable, std::size_t otherwise) {
  const char *text = g_getenv(variable);
  return text ? static_cast<std::size_t>(std::atoll(text)) : otherwise;
}

// The service, on a thread of its own.
class Streams {
 public:
  explicit Streams(std::size_t count) : service_(count, {}, nullptr) {
    ck_assert(service_.listen());
    for (std::size_t i = 0; i < count; i++)
      webhooks_.push_back(service_.webhook(i));
    thread_ = std::thread([this] {
      while (!stop_)
        turn();
    });
  }
  ~Streams() {
    stop_ = true;
    thread_.join();
  }
  const std::string &webhook(std::size_t stream) const { return webhooks_[stream]; }
  // The first ones.
  void end(std::size_t count) { end_ = count; }
  // Streams that have a connection; and the most connections of one at the same time.
  std::size_t connected() const { return connected_; }
  unsigned at_once() const { return at_once_; }

 private:
  void turn() {
    service_.turn();
    for (; ended_ < end_; ended_++)
      service_.end(ended_);
    std::size_t connected = 0;
    for (const auto &one : service_.meetings()) {
      connected += one.signaling > 0;
      at_once_ = std::max(at_once_.load(), one.at_once);
    }
    connected_ = connected;
  }

  ManyMeetings service_;
  std::vector<std::string> webhooks_;
  std::size_t ended_ = 0;
  std::atomic<std::size_t> end_{0}, connected_{0};
  std::atomic<unsigned> at_once_{0};
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

void allow_descriptors() {
  rlimit limit;
  ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

int64_t metric(const std::string &metrics, const std::string &name) {
  const std::size_t at = metrics.find("\n" + name + " ");
  return at == std::string::npos ? -1 : std::atoll(metrics.c_str() + at + name.size() + 2);
}

std::vector<std::size_t> shares_of(const Runs &runs) {
  std::vector<std::size_t> shares;
  const auto owners = owners_of(runs, runs[0].get());
  for (const auto &run : runs)
    shares.push_back(static_cast<std::size_t>(std::count_if(
        owners.begin(), owners.end(), [&](const auto &one) { return one.second == run.get(); })));
  return shares;
}

void wait_for(const Runs &runs, const std::function<bool()> &holds, const std::string &what) {
  ck_assert_msg(runs[0]->program().wait_until(holds, 6 * kDeadlineMs), "%s\n%s", what.c_str(),
                runs[0]->said().c_str());
}

double cpu_s(const Runs &runs) {
  double all = 0;
  for (const auto &run : runs)
    all += run->program().cpu_s();
  return all;
}

void print(const char *what, const NatsServers::Figures &from, const NatsServers::Figures &to,
           double by) {
  g_print(
      "%s: %.2f messages from and %.2f to clients and servers, %.0f and %.0f bytes, %.5f s of "
      "processors for NATS; kept %.2f messages, %.0f bytes\n",
      what, (to.in_messages - from.in_messages) / by, (to.out_messages - from.out_messages) / by,
      (to.in_bytes - from.in_bytes) / by, (to.out_bytes - from.out_bytes) / by,
      (to.cpu_s - from.cpu_s) / by, (to.kept_messages - from.kept_messages) / by,
      (to.kept_bytes - from.kept_bytes) / by);
}

// What a meeting costs that begins, and recorders whose meetings run.
void measure(const NatsServers &nats, const Runs &runs, const NatsServers::Figures &before,
             std::size_t count) {
  const auto begun = nats.figures();
  print("each meeting that begins", before, begun, static_cast<double>(count));
  const gulong quiet_s = number("RTMS_QUIET", 0);
  if (!quiet_s)
    return;
  const double cpu = cpu_s(runs);
  g_usleep(quiet_s * G_USEC_PER_SEC);
  print("each second of three recorders", begun, nats.figures(), static_cast<double>(quiet_s));
  g_print("recorders: %.4f s of processors in a second of %zu meetings without media\n",
          (cpu_s(runs) - cpu) / static_cast<double>(quiet_s), count);
}

// As a service does: several at a time, 1,000 in ten seconds. How many were accepted.
std::size_t post_all(const Runs &runs, const Streams &streams, std::size_t from, std::size_t to) {
  constexpr std::size_t kPosters = 8;
  constexpr int64_t kApart_us = 9000;
  const int64_t start_us = g_get_monotonic_time();
  std::atomic<std::size_t> next{from}, accepted{0};
  std::vector<std::string> urls;
  for (const auto &run : runs)
    urls.push_back(run->url());
  std::vector<std::thread> posters;
  for (std::size_t i = 0; i < kPosters; i++)
    posters.emplace_back([&] {
      for (std::size_t one = next++; one < to; one = next++) {
        const int64_t due_us = start_us + static_cast<int64_t>(one - from) * kApart_us;
        g_usleep(static_cast<gulong>(std::max<int64_t>(due_us - g_get_monotonic_time(), 0)));
        accepted += post_signed(urls[one % urls.size()], streams.webhook(one)).status == 200;
      }
    });
  for (std::thread &poster : posters)
    poster.join();
  return accepted;
}

}  // namespace

GST_START_TEST(test_spread) {
  const std::size_t count = number("RTMS_STREAMS", 60), most = number("RTMS_MOST", 24);
  const std::size_t room = kRecorders * most, rest = std::max<std::size_t>(most / 3, 1);
  constexpr int64_t kAnnounce_us = 10 * G_USEC_PER_SEC;
  // The lot decides among recorders with equal room, while claims are on their way.
  const double kSpread = count < 300 ? 0.35 : 0.2;
  allow_descriptors();
  NatsServers nats(kRecorders);
  Runs runs = run_some(nats, kRecorders, {"--max-meetings=" + std::to_string(most)});
  Streams streams(room + rest);
  const auto before = nats.figures();
  const int64_t start_us = g_get_monotonic_time();
  const auto seconds = [&] {
    return static_cast<double>(g_get_monotonic_time() - start_us) / G_USEC_PER_SEC;
  };
  std::size_t announced = 0;
  const auto announce = [&](std::size_t until) {
    ck_assert_uint_eq(post_all(runs, streams, announced, until), until - announced);
    announced = until;
  };
  announce(count);
  const double announced_s = seconds();
  const auto all_recorded = [&] { return streams.connected() == count; };
  wait_for(runs, all_recorded, "not all are recorded");
  const auto shares = shares_of(runs);
  const auto [least, largest] = std::minmax_element(shares.begin(), shares.end());
  g_print("%zu streams announced in %.1f s, recorded after %.1f s: %zu, %zu, %zu\n", count,
          announced_s, seconds(), shares[0], shares[1], shares[2]);
  ck_assert_msg(!in_real_time() || announced_s * G_USEC_PER_SEC <= kAnnounce_us, "%f s",
                announced_s);
  ck_assert_uint_eq(shares[0] + shares[1] + shares[2], count);
  const double share = static_cast<double>(count) / kRecorders;
  ck_assert(static_cast<double>(*largest) <= (1 + kSpread) * share);
  ck_assert(static_cast<double>(*least) >= (1 - kSpread) * share);

  measure(nats, runs, before, count);

  // More than there is room for: all recorders tell what waits.
  announce(room + rest);
  const auto waits = [&](std::size_t wanted) {
    return std::all_of(runs.begin(), runs.end(), [&](const auto &run) {
      return metric(run->get("/metrics").body, "rtms_cluster_waiting") ==
             static_cast<int64_t>(wanted);
    });
  };
  wait_for(
      runs, [&] { return streams.connected() == room && waits(rest); }, "the rest does not wait");
  // Some end: others have their room.
  streams.end(rest);
  wait_for(
      runs, [&] { return waits(0) && streams.connected() == room; }, "the rest goes on waiting");
  g_print("%zu more for %zu places: they waited; all are recorded after %.1f s\n",
          room + rest - count, room - count, seconds());
  ck_assert_uint_eq(streams.at_once(), 1);
  end(&runs);
}
GST_END_TEST;

static Suite *cluster_spread_suite() {
  constexpr double kPatienceSeconds = 600;
  Suite *suite = suite_create("cluster_spread");
  TCase *one = tcase_create("spread");
  tcase_set_timeout(one, kPatienceSeconds);
  tcase_add_test(one, test_spread);
  suite_add_tcase(suite, one);
  return suite;
}

GST_CHECK_MAIN(cluster_spread)
