// SPDX-License-Identifier: LGPL-2.1-or-later
// Recorders that share the meetings, each as a program, and the parts that they write.
#pragma once

#include "natsservers.h"
#include "recorder_run.h"

namespace rtmscheck {

using Runs = std::vector<std::unique_ptr<RecorderRun>>;

// Without video, unless `has_video`. An empty `output` is a folder of its own.
std::unique_ptr<RecorderRun> run_one(const NatsServers &nats, std::vector<std::string> options = {},
                                     const std::string &output = "", bool has_video = false);
std::unique_ptr<RecorderRun> run_one(const NatsServers &nats, RecorderRun::Setup setup,
                                     bool has_video = false);
bool is_healthy(RecorderRun *run);
void wait_healthy(RecorderRun *run);
Runs run_some(const NatsServers &nats, unsigned count,
              const std::vector<std::string> &options = {});
void end(Runs *runs);

// By stream: who has it, as that recorder sees it.
std::map<std::string, RecorderRun *> owners_of(const Runs &runs, RecorderRun *seen_by);
// How often a second signaling connection ended the first one.
std::size_t kicked(const Server &server);
// The folders of a stream's parts, of all recorders, in their order.
std::vector<std::string> parts_of(const Runs &runs, const Server &server);
// Where all media of a meeting come, of one connection at a time.
bool is_recorded(const Server &server, uint64_t more_than);
// Whoever records it.
RecorderRun *owner_of(const Runs &runs, const Server &server);
// A meeting without an end, of whose audio the service keeps what is of the time without a client.
Config replayed();
// Joins them into a folder; the file's path.
std::string join(const std::vector<std::string> &parts, const std::string &output);

// The parts in one file: how many beeps are missing between the first and the last. They are a
// second apart, wherever a part begins.
unsigned missing_beeps(const Runs &runs, const Server &server);

}  // namespace rtmscheck
