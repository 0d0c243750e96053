// SPDX-License-Identifier: LGPL-2.1-or-later
#include "reciperun.h"

#include <csignal>
#include <regex>

#include "webhooks.h"

namespace rtmscheck {
namespace {

Config meeting(const MeetingOptions &options, const Offer &offered, int refusals) {
  Config config;
  config.upgrade_status_signaling = refusals > 0 ? 503 : 0;
  config.fault_times = refusals;
  config.source = make_meeting(options);
  config.offered = offered;
  return config;
}

void replace_url(std::string *script, const std::string &pattern, const std::string &url) {
  const std::regex any_url(pattern);
  ck_assert_msg(std::regex_search(*script, any_url), "%s", script->c_str());
  *script = std::regex_replace(*script, any_url, url);
}

unsigned count_of(const std::string &part, const std::string &text) {
  unsigned count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
    count++;
  return count;
}

}  // namespace

Offer all_media() {
  return Offer(kAllMedia.begin(), kAllMedia.end());
}

RecipeRun::RecipeRun(const char *recipe, const MeetingOptions &options, const std::string &url,
                     const Offer &offered, int refusals)
    : recipe_(recipe),
      length_ms_(static_cast<int>(options.duration_ms)),
      warnings_(offered == all_media() ? 0 : 1),
      server_(serve(meeting(options, offered, refusals))) {
  std::string script = documented_recipes().at(recipe);
  const bool listens = contains(script, "webhook-listen");
  if (listens)
    replace_url(&script, "127\\.0\\.0\\.1:[0-9]+", "127.0.0.1:0");
  if (!url.empty())
    replace_url(&script, "(rtmp|srt)://[^ \n]+", url);
  write("webhook.json", server_->webhook_json());
  write("recipe.sh", script);
  Program::Options program;
  program.arguments = {"sh", "recipe.sh"};
  program.folder = directory_.path();
  program.environment = {{"ZM_RTMS_CLIENT", "test-client"},
                         {"ZM_RTMS_SECRET", "test-secret"},
                         {"ZM_RTMS_WEBHOOK_SECRET", kWebhookToken}};
  shell_ = std::make_unique<Program>(program);
  if (listens)
    announce();
}

void RecipeRun::to_the_end() {
  const bool ended = shell_->wait(length_ms_ + 2 * kDeadlineMs);
  ck_assert_msg(ended, "%s: no end\n%s", recipe_, shell_->output().c_str());
  ck_assert_msg(shell_->succeeded(), "%s\n%s", recipe_, shell_->output().c_str());
  ck_assert_msg(count_of("WARNING:", shell_->output()) == warnings_, "%s",
                shell_->output().c_str());
  if (warnings_ == 0)
    expect_no_violations(*server_);
}

void RecipeRun::kill_after(double seconds, const std::string &file) {
  constexpr double kPacketMs = 20, kSecond = 1000;
  const auto packets = static_cast<uint64_t>(seconds * kSecond / kPacketMs);
  const auto sent = [=](const Server &s) { return s.sent(Media::Audio) >= packets; };
  ck_assert(server_->wait_for(sent, static_cast<int>(seconds * kSecond) + kDeadlineMs));
  for (int times = 0; times < 2; times++) {
    const uint64_t before = size_of(file);
    ck_assert(shell_->wait_until([&] { return size_of(file) > before; }));
  }
  shell_->send_to_child(SIGKILL);
  ck_assert(shell_->wait(kDeadlineMs));
  ck_assert(!shell_->succeeded());
}

// As the service does.
void RecipeRun::announce() {
  const std::string url =
      "http://127.0.0.1:" + shell_->wait_output("announced at http://127.0.0.1:", "\n");
  ck_assert_int_eq(post_signed(url, server_->webhook_json()).status, 200);
}

void RecipeRun::write(const char *name, const std::string &text) const {
  GError *failure = nullptr;
  g_file_set_contents(file(name).c_str(), text.c_str(), -1, &failure);
  ErrorPtr owned(failure);
  ck_assert_msg(!failure, "%s", failure ? failure->message : "");
}

void undisturbed(const std::function<void()> &make) {
  constexpr int64_t kLatencyMs = 200;
  for (int tries = 2; tries > 0; tries--) {
    const Awake awake;
    make();
    const int64_t stall_ms = awake.longest_stall_ms();
    if (stall_ms <= kLatencyMs)
      return;
    g_print("the machine stood still for %d ms\n", static_cast<int>(stall_ms));
  }
}

std::unique_ptr<RecipeRun> record(const char *recipe, const MeetingOptions &options,
                                  const Offer &offered, int refusals) {
  std::unique_ptr<RecipeRun> run;
  undisturbed([&] {
    run = std::make_unique<RecipeRun>(recipe, options, std::string(), offered, refusals);
    run->to_the_end();
  });
  return run;
}

}  // namespace rtmscheck
