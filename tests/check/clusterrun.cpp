// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusterrun.h"

#include <cmath>
#include <csignal>
#include <filesystem>
#include <sstream>

namespace rtmscheck {

std::unique_ptr<RecorderRun> run_one(const NatsServers &nats, RecorderRun::Setup setup,
                                     bool has_video) {
  setup.options.push_back("--cluster=" + nats.urls());
  setup.options.push_back(has_video ? "--video-resolution=sd" : "--no-video");
  auto run = std::make_unique<RecorderRun>(setup);
  run->url();
  return run;
}

std::unique_ptr<RecorderRun> run_one(const NatsServers &nats, std::vector<std::string> options,
                                     const std::string &output, bool has_video) {
  return run_one(nats, RecorderRun::Setup{std::move(options), output, {}, true}, has_video);
}

bool is_healthy(RecorderRun *run) {
  return run->get("/healthz").status == 200;
}

void wait_healthy(RecorderRun *run) {
  // Servers that have just started elect a leader first.
  ck_assert_msg(run->program().wait_until([&] { return is_healthy(run); }, 4 * kDeadlineMs), "%s",
                run->said().c_str());
}

Runs run_some(const NatsServers &nats, unsigned count, const std::vector<std::string> &options) {
  Runs runs;
  for (unsigned i = 0; i < count; i++)
    runs.push_back(run_one(nats, options));
  for (const auto &run : runs)
    wait_healthy(run.get());
  return runs;
}

void end(Runs *runs) {
  for (const auto &run : *runs)
    run->program().send(SIGTERM);
  for (const auto &run : *runs)
    run->expect_end();
}

std::map<std::string, RecorderRun *> owners_of(const Runs &runs, RecorderRun *seen_by) {
  const std::string start = "rtms_cluster_stream_owner{stream=\"", middle = "\",recorder=\"";
  std::map<std::string, RecorderRun *> owners;
  std::istringstream lines(seen_by->get("/metrics").body);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t between = line.find(middle);
    if (line.compare(0, start.size(), start) != 0 || between == std::string::npos)
      continue;
    const std::size_t at = between + middle.size();
    const std::string name = line.substr(at, line.find('"', at) - at);
    for (const auto &run : runs)
      if (name == std::string(g_get_host_name()) + "-" + std::to_string(run->program().pid()))
        owners[line.substr(start.size(), between - start.size())] = run.get();
  }
  return owners;
}

std::size_t kicked(const Server &server) {
  std::size_t all = 0;
  for (const std::string &one : server.violations())
    all += contains(one, "kicked");
  return all;
}

std::vector<std::string> parts_of(const Runs &runs, const Server &server) {
  std::vector<std::pair<std::string, std::string>> parts;
  for (const auto &run : runs)
    for (const std::string &folder : run->folders())
      if (report_of(folder, "stream_id") == server.stream_id())
        parts.emplace_back(std::filesystem::path(folder).filename(), folder);
  std::sort(parts.begin(), parts.end());
  std::vector<std::string> all;
  for (const auto &[name, folder] : parts)
    all.push_back(folder);
  return all;
}

std::string join(const std::vector<std::string> &parts, const std::string &output) {
  const std::string to = "--output=" + output;
  std::vector<const char *> arguments = {g_getenv("RTMS_RECORDER"), "--join", to.c_str()};
  for (const std::string &part : parts)
    arguments.push_back(part.c_str());
  run(arguments);
  const std::string mkv = output + "/meeting.mkv";
  return std::filesystem::exists(mkv) ? mkv : output + "/meeting.mp4";
}

bool is_recorded(const Server &server, uint64_t more_than) {
  return server.sent(Media::Audio) > more_than && server.connections() == 4;
}

RecorderRun *owner_of(const Runs &runs, const Server &server) {
  RecorderRun *owner = nullptr;
  const auto found = [&] {
    for (const auto &run : runs)
      if (run->program().running() && run->messages(server, "audio") > 0)
        owner = run.get();
    return owner != nullptr;
  };
  ck_assert_msg(runs[0]->program().wait_until(found), "nobody has it");
  return owner;
}

Config replayed() {
  Config config = meeting_of(0);
  config.replay.audio = true;
  return config;
}

unsigned missing_beeps(const Runs &runs, const Server &server) {
  TemporaryDirectory joined;
  const auto parts = parts_of(runs, server);
  const std::string file = join(parts, joined.path());
  expect_playable(file, "0:a");
  namespace fs = std::filesystem;
  ck_assert((fs::status(file).permissions() & ~fs::perms::owner_all) == fs::perms::none);
  const auto beeps = beeps_of(file);
  ck_assert_uint_ge(beeps.size(), 3);
  unsigned missing = 0;
  for (std::size_t i = 1; i < beeps.size(); i++) {
    constexpr double kTolerance = 0.06;
    const double apart = beeps[i] - beeps[i - 1];
    ck_assert_msg(!in_real_time() || std::abs(apart - std::round(apart)) < kTolerance,
                  "%f s between beep %u and the next", apart, static_cast<unsigned>(i));
    missing += static_cast<unsigned>(std::lround(apart)) - 1;
  }
  ck_assert_int_eq(fs::exists(joined.file("meeting.vtt")),
                   std::any_of(parts.begin(), parts.end(), [](const std::string &part) {
                     return fs::exists(part + "/meeting.vtt");
                   }));
  return missing;
}

}  // namespace rtmscheck
