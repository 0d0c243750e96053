// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusterscene.h"

#include <unistd.h>

#include <csignal>
#include <filesystem>

namespace rtmscheck {
namespace {

constexpr int kGoesOn_ms = 65000;
constexpr char kDisk[] = "1G";

unsigned at_once(const Server &server, std::size_t kicked_before) {
  return kicked(server) > kicked_before ? 2 : 1;
}

}  // namespace

const char *name(Fault fault) {
  switch (fault) {
    case Fault::Kill:
      return "kill -9 of a recorder";
    case Fault::Sleep:
      return "SIGSTOP of a recorder";
    case Fault::Terminate:
      return "SIGTERM of a recorder";
    case Fault::Nats:
      return "kill -9 of a nats-server";
    case Fault::Disk:
      break;
  }
  return "full disk of a recorder";
}

std::vector<int64_t> readies_of(const Server &server) {
  std::vector<int64_t> all;
  unsigned connection = 0;
  for (const Received &one : server.received())
    if (contains(one.text, "\"msg_type\":7") && one.connection != connection) {
      connection = one.connection;
      all.push_back(one.time_us);
    }
  return all;
}

ClusterScene::ClusterScene(std::size_t meetings, int64_t length_ms, unsigned seed, bool has_video)
    : random_(seed), has_video_(has_video) {
  for (std::size_t i = 0; i < 3; i++) {
    outputs_.push_back(directory_.file("recordings-" + std::to_string(i)));
    std::filesystem::create_directories(outputs_.back());
    disks_.push_back(std::make_unique<TinyDisk>(outputs_.back(), kDisk));
    runs_.emplace_back();
    start(i);
  }
  for (const auto &run : runs_)
    wait_healthy(run.get());
  for (std::size_t i = 0; i < meetings; i++)
    meetings_.push_back(serve(numbered(length_ms)));
}

void ClusterScene::start(std::size_t which) {
  runs_[which] = run_one(nats_, {"--min-free=20M", "--end-free=10M"}, outputs_[which], has_video_);
}

std::size_t ClusterScene::pick(std::size_t count) {
  return std::uniform_int_distribution<std::size_t>(0, count - 1)(random_);
}

void ClusterScene::post_twice(const std::string &json) {
  const std::size_t first = pick(runs_.size());
  for (std::size_t i = 0; i < 2; i++)
    ck_assert_int_eq(post_signed(runs_[(first + i) % runs_.size()]->url(), json).status, 200);
  webhooks_ += 2;
}

void ClusterScene::begin() {
  for (const auto &server : meetings_)
    post_twice(server->webhook_json());
  for (const auto &server : meetings_)
    ck_assert_msg(server->wait_for([](const Server &one) { return one.sent(Media::Audio) > 0; },
                                   3 * kDeadlineMs),
                  "not recorded: %s", server->stream_id().c_str());
}

void ClusterScene::repeat_webhooks() {
  for (int i = 0; i < 3; i++)
    post_twice(meetings_[pick(meetings_.size())]->webhook_json());
}

// ---- faults --------------------------------------------------------------------------

std::vector<std::size_t> ClusterScene::meetings_of(std::size_t recorder) {
  const auto owners = owners_of(runs_, runs_[recorder].get());
  std::vector<std::size_t> all;
  for (std::size_t i = 0; i < meetings_.size(); i++) {
    const auto owner = owners.find(meetings_[i]->stream_id());
    if (owner != owners.end() && owner->second == runs_[recorder].get())
      all.push_back(i);
  }
  return all;
}

std::size_t ClusterScene::pick_busy(std::vector<std::size_t> *meetings) {
  const std::size_t first = pick(runs_.size());
  for (std::size_t i = 0; i < runs_.size(); i++) {
    const std::size_t which = (first + i) % runs_.size();
    *meetings = meetings_of(which);
    if (!meetings->empty())
      return which;
  }
  ck_abort_msg("nobody has any meeting");
}

std::string ClusterScene::filler(std::size_t which) const {
  return outputs_[which] + "/.running/filler";
}

void ClusterScene::hit(Fault fault, std::size_t which) {
  if (fault == Fault::Nats) {
    nats_.kill(static_cast<unsigned>(which));
  } else if (fault == Fault::Disk) {
    TinyDisk::fill(filler(which));
  } else {
    runs_[which]->program().send(fault == Fault::Kill    ? SIGKILL
                                 : fault == Fault::Sleep ? SIGSTOP
                                                         : SIGTERM);
  }
}

void ClusterScene::mend(Fault fault, std::size_t which) {
  if (fault == Fault::Nats) {
    nats_.start(static_cast<unsigned>(which));
  } else if (fault == Fault::Disk) {
    unlink(filler(which).c_str());
  } else if (fault != Fault::Sleep) {
    ck_assert_msg(runs_[which]->program().wait(2 * kDeadlineMs), "%s",
                  runs_[which]->said().c_str());
    start(which);
  }
  for (const auto &run : runs_)
    wait_healthy(run.get());
}

void ClusterScene::wait_media(Episode *episode) {
  for (std::size_t i : episode->meetings) {
    const Server &server = *meetings_[i];
    int64_t ready_us = 0;
    const auto again = [&](const Server &one) {
      const auto readies = readies_of(one);
      ready_us = readies.empty() ? 0 : readies.back();
      return ready_us > episode->from_us;
    };
    if (meetings_[i]->wait_for(again, kGoesOn_ms))
      episode->away_s.push_back(static_cast<double>(ready_us - episode->from_us) / G_USEC_PER_SEC);
    else
      g_print("%s does not go on\n", server.stream_id().c_str());
  }
}

bool ClusterScene::run(Fault fault, Episode *episode) {
  episode->fault = fault;
  if (fault == Fault::Disk && !has_disks())
    return false;
  std::size_t which = pick(nats_.count());
  if (fault == Fault::Nats) {
    episode->meetings.resize(meetings_.size());
    for (std::size_t i = 0; i < meetings_.size(); i++)
      episode->meetings[i] = i;
  } else {
    which = pick_busy(&episode->meetings);
  }
  std::vector<std::size_t> kicks;
  std::vector<unsigned> accepted;
  for (const auto &server : meetings_) {
    kicks.push_back(kicked(*server));
    accepted.push_back(server->accepted());
  }
  episode->from_us = g_get_monotonic_time();
  hit(fault, which);
  if (fault == Fault::Nats)
    g_usleep(10 * G_USEC_PER_SEC);  // longer than an election
  else
    wait_media(episode);
  mend(fault, which);
  episode->until_us = g_get_monotonic_time();
  for (std::size_t i = 0; i < meetings_.size(); i++) {
    episode->at_once = std::max(episode->at_once, at_once(*meetings_[i], kicks[i]));
    // No fault of a nats-server is seen by the service.
    if (fault == Fault::Nats && meetings_[i]->accepted() == accepted[i])
      episode->away_s.push_back(0);
  }
  return true;
}

void ClusterScene::end() {
  int64_t moment = 0;
  for (const auto &server : meetings_) {
    server->end_stream(6);
    post_twice(stream_event("meeting.rtms_stopped", server->stream_id(), ++moment));
  }
  const auto idle = [&] {
    for (const auto &run : runs_)
      if (!contains(run->get("/metrics").body, "rtms_recorder_meetings 0"))
        return false;
    return true;
  };
  ck_assert_msg(runs_[0]->program().wait_until(idle, 6 * kDeadlineMs), "meetings do not end");
  rtmscheck::end(&runs_);
}

}  // namespace rtmscheck
