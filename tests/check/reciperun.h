// SPDX-License-Identifier: LGPL-2.1-or-later
// A recipe of the documentation at work: a server with a meeting, a folder with its webhook, and
// the shell that runs the recipe there.
#pragma once

#include "launch.h"
#include "recording.h"

#include <functional>
#include <memory>
#include <set>
#include <string>

namespace rtmscheck {

// What the service offers.
using Offer = std::set<Media>;
Offer all_media();

class RecipeRun {
 public:
  // `url` replaces the recipe's RTMP or SRT server. `refusals`: of the signaling connection, before
  // the service accepts it.
  RecipeRun(const char *recipe, const MeetingOptions &options, const std::string &url = {},
            const Offer &offered = all_media(), int refusals = 0);

  std::string file(const char *name) const { return directory_.file(name); }
  void to_the_end();
  // Kills the recipe after so much of the meeting, when its file has grown since.
  void kill_after(double seconds, const std::string &file);

 private:
  void announce();
  void write(const char *name, const std::string &text) const;

  const char *recipe_;
  const int length_ms_;
  const unsigned warnings_;  // one for what the service does not offer
  TemporaryDirectory directory_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<Program> shell_;
};

// Runs it once more where the machine stood still for longer than the element's latency: a live
// mixer loses what arrives too late.
void undisturbed(const std::function<void()> &make);
std::unique_ptr<RecipeRun> record(const char *recipe, const MeetingOptions &options,
                                  const Offer &offered = all_media(), int refusals = 0);

}  // namespace rtmscheck
