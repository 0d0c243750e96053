// SPDX-License-Identifier: LGPL-2.1-or-later
// Meetings on three recorders that share them, and three nats-servers: recorders and servers die,
// sleep and leave, disks are full, and webhooks come twice. What is missing from the joined parts.
// RTMS_MEETINGS, RTMS_SECONDS and RTMS_SEED say how many, how long, and which faults; RTMS_VIDEO=1
// records video, too, and RTMS_FAULT=SIGSTOP that fault alone.
#include <algorithm>
#include <cstdlib>

#include "clusterscene.h"

namespace {

using namespace rtmscheck;

int64_t number(const char *variable, int64_t otherwise) {
  const char *text = g_getenv(variable);
  return text ? std::atoll(text) : otherwise;
}

double seconds_since(int64_t start_us) {
  return static_cast<double>(g_get_monotonic_time() - start_us) / G_USEC_PER_SEC;
}

double median(std::vector<double> all) {
  std::sort(all.begin(), all.end());
  return all.empty() ? 0 : all[all.size() / 2];
}

double most(const std::vector<double> &all) {
  return all.empty() ? 0 : *std::max_element(all.begin(), all.end());
}

// Of one meeting, what is in no part of it: in seconds, by the episode, the last one: by none.
struct Lost {
  std::vector<double> by_episode;
  double sent = 0;
  std::size_t parts = 0;
};

Lost lost_of(const ClusterScene &scene, std::size_t meeting, const std::vector<Episode> &episodes) {
  // What was received and not written yet when it happened.
  constexpr int64_t kBefore_us = G_USEC_PER_SEC;
  const Server &server = *scene.meetings()[meeting];
  Lost lost;
  lost.by_episode.resize(episodes.size() + 1);
  const auto parts = parts_of(scene.runs(), server);
  lost.parts = parts.size();
  TemporaryDirectory joined;
  const Contents contents = contents_of(join(parts, joined.path()), 0, false);
  ck_assert_msg(contents.error.empty(), "%s", contents.error.c_str());
  const int64_t start_us = readies_of(server).at(0);
  const auto sent = static_cast<int64_t>(server.sent(Media::Audio));
  lost.sent = static_cast<double>(sent * kPacketMs) / 1000;
  for (int64_t packet = 0; packet < sent; packet++) {
    if (contents.packets.count(packet))
      continue;
    const int64_t at_us = start_us + packet * kPacketMs * 1000;
    std::size_t by = episodes.size();
    for (std::size_t i = 0; i < episodes.size(); i++) {
      const auto &concerned = episodes[i].meetings;
      if (at_us >= episodes[i].from_us - kBefore_us && at_us < episodes[i].until_us &&
          std::find(concerned.begin(), concerned.end(), meeting) != concerned.end())
        by = i;
    }
    lost.by_episode[by] += static_cast<double>(kPacketMs) / 1000;
  }
  return lost;
}

// What docs/reliability.md states: of one meeting by one fault, in seconds of audio.
double stated(Fault fault) {
  switch (fault) {
    case Fault::Kill:
    case Fault::Disk:
      return 1;
    case Fault::Terminate:
      return 0.04;  // what comes while connections are closed
    case Fault::Sleep:
    case Fault::Nats:
      break;
  }
  return 0;
}

struct Row {
  unsigned tries = 0, at_once = 1;
  std::size_t concerned = 0, went_on = 0;
  std::vector<double> away_s, lost_s;
};

std::string print(Fault fault, const Row &row) {
  double lost = 0;
  for (double one : row.lost_s)
    lost += one;
  const bool seen = fault != Fault::Nats;
  g_print("| %s | %u | %zu of %zu | %.2f s of %zu meetings, %.2f s at most |", name(fault),
          row.tries, row.went_on, row.concerned, lost, row.concerned, most(row.lost_s));
  if (seen)
    g_print(" %.1f s, %.1f s |", median(row.away_s), most(row.away_s));
  else
    g_print(" nobody does |");
  g_print(" %u |\n", row.at_once);
  std::string wrong;
  if (row.went_on != row.concerned)
    wrong += std::string(name(fault)) + ": meetings do not go on\n";
  if (row.at_once > 1)
    wrong += std::string(name(fault)) + ": two connections of one stream\n";
  if (most(row.lost_s) > stated(fault) + 0.001)
    wrong += std::string(name(fault)) + ": more is lost than stated\n";
  return wrong;
}

}  // namespace

GST_START_TEST(test_cluster_faults) {
  const auto count = static_cast<std::size_t>(number("RTMS_MEETINGS", 30));
  const double length_s = static_cast<double>(number("RTMS_SECONDS", 600));
  const auto seed = static_cast<unsigned>(number("RTMS_SEED", g_random_int_range(1, 100000)));
  const char *only = g_getenv("RTMS_FAULT");
  constexpr int64_t kRest_ms = 600000;
  g_print("seed %u\n", seed);
  const bool has_video = number("RTMS_VIDEO", 0) != 0;
  ClusterScene scene(count, static_cast<int64_t>(length_s) * 1000 + kRest_ms, seed, has_video);
  scene.begin();
  const int64_t start_us = g_get_monotonic_time();
  std::vector<Episode> episodes;
  std::vector<Fault> next;
  if (!scene.has_disks())
    g_print("no disk to fill: this needs root\n");
  while (seconds_since(start_us) < length_s) {
    if (next.empty()) {
      for (Fault fault : kFaults)
        if (!only || contains(name(fault), only))
          next.push_back(fault);
      std::shuffle(next.begin(), next.end(), scene.random());
    }
    const auto pause_us = std::uniform_int_distribution<gulong>(2000000, 6000000)(scene.random());
    g_usleep(pause_us);
    scene.repeat_webhooks();
    Episode episode;
    if (scene.run(next.back(), &episode)) {
      g_print("%5.1f s: %s, %zu meetings: %zu went on, after %.1f s at most\n",
              seconds_since(start_us), name(episode.fault), episode.meetings.size(),
              episode.away_s.size(), most(episode.away_s));
      episodes.push_back(std::move(episode));
    }
    next.pop_back();
  }
  g_usleep(5 * G_USEC_PER_SEC);
  scene.end();
  g_print("joining\n");

  std::map<Fault, Row> rows;
  for (const Episode &episode : episodes) {
    Row &row = rows[episode.fault];
    row.tries++;
    row.concerned += episode.meetings.size();
    row.went_on += episode.away_s.size();
    row.away_s.insert(row.away_s.end(), episode.away_s.begin(), episode.away_s.end());
    row.at_once = std::max(row.at_once, episode.at_once);
  }
  double sent_s = 0, unexplained_s = 0;
  std::size_t parts = 0;
  for (std::size_t i = 0; i < count; i++) {
    const Lost lost = lost_of(scene, i, episodes);
    sent_s += lost.sent;
    parts += lost.parts;
    unexplained_s += lost.by_episode.back();
    for (std::size_t k = 0; k < episodes.size(); k++)
      if (lost.by_episode[k] > 0)
        rows[episodes[k].fault].lost_s.push_back(lost.by_episode[k]);
  }
  std::string wrong;
  g_print(
      "| fault | tries | meetings that went on | audio lost | taken over after (median, at most) | "
      "connections at once |\n|---|---|---|---|---|---|\n");
  for (const auto &[fault, row] : rows)
    wrong += print(fault, row);
  g_print(
      "%zu meetings of %.0f s of audio in %zu parts; %u webhooks; lost without a fault: %.2f s\n",
      count, sent_s, parts, scene.webhooks(), unexplained_s);
  if (unexplained_s > 0)
    wrong += "audio is lost without a fault\n";
  ck_assert_msg(wrong.empty(), "%s", wrong.c_str());
}
GST_END_TEST;

static Suite *cluster_faults_suite() {
  constexpr double kPatienceSeconds = 7200;
  Suite *suite = suite_create("cluster_faults");
  TCase *tc = tcase_create("cluster_faults");
  tcase_set_timeout(tc, kPatienceSeconds);
  suite_add_tcase(suite, tc);
  tcase_add_test(tc, test_cluster_faults);
  return suite;
}

GST_CHECK_MAIN(cluster_faults)
