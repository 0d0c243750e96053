// SPDX-License-Identifier: LGPL-2.1-or-later
// rtms-test-server: the RTMS service for trying things out by hand.
#include <glib-unix.h>
#include <gst/gst.h>

#include <cstdio>
#include <cstdlib>

#include "announce.h"
#include "glib_ptr.h"
#include "options.h"
#include "rules.h"
#include "server.h"

namespace {

using rtmstest::Options;
using rtmstest::Server;

// Everything that happens in the main thread's loop.
struct Loop {
  Server &server;
  const Options &options;
  rtmstest::Ptr<GMainLoop, g_main_loop_unref> loop{g_main_loop_new(nullptr, FALSE)};
  uint64_t sent[rtmstest::kMediaCount] = {};
  std::size_t posted = 1;  // webhooks; the first one before the loop
};

gboolean on_signal(gpointer data) {
  g_main_loop_quit(static_cast<Loop *>(data)->loop.get());
  return G_SOURCE_CONTINUE;
}

void report(Loop &state) {
  std::string line;
  for (rtmstest::Media m : rtmstest::kAllMedia) {
    uint64_t &before = state.sent[static_cast<std::size_t>(m)];
    uint64_t now = state.server.sent(m);
    if (now != before)
      line += std::string(" ") + rtmstest::media_name(m) + " " + std::to_string(now - before);
    before = now;
  }
  if (!line.empty())
    std::fprintf(stderr, "sent:%s\n", line.c_str());
}

// That of a stream that has ended, or is interrupted.
void post_webhooks(Loop &state) {
  const std::vector<std::string> all = state.server.webhooks();
  for (; state.posted < all.size(); state.posted++) {
    if (state.options.webhook_url.empty())
      continue;
    const std::string problem = rtmstest::announce(
        state.options.webhook_url, state.options.webhook_secret_token, all[state.posted]);
    if (!problem.empty())
      std::fprintf(stderr, "the webhook was not taken: %s\n", problem.c_str());
  }
}

gboolean on_second(gpointer data) {
  auto state = static_cast<Loop *>(data);
  report(*state);
  post_webhooks(*state);
  bool done = state->server.finished() && state->server.connections() == 0;
  if (state->options.once && done)
    g_main_loop_quit(state->loop.get());
  return G_SOURCE_CONTINUE;
}

bool write_file(const std::string &path, const std::string &text) {
  GError *failure = nullptr;
  g_file_set_contents(path.c_str(), text.data(), static_cast<gssize>(text.size()), &failure);
  rtmstest::ErrorPtr owned(failure);
  if (failure)
    std::fprintf(stderr, "%s\n", failure->message);
  return !failure;
}

bool publish(const Server &server, const Options &options) {
  std::string webhook = server.webhook_json() + "\n";
  if (!options.ca_file.empty()) {
    char *text = nullptr;
    gsize size = 0;
    bool read = g_file_get_contents(server.ca_file().c_str(), &text, &size, nullptr);
    rtmstest::CharPtr owned(text);
    if (!read || !write_file(options.ca_file, std::string(text, size)))
      return false;
  }
  std::fprintf(stderr, "listening: %s\n", server.signaling_url().c_str());
  std::fputs(webhook.c_str(), stdout);
  std::fflush(stdout);
  if (!options.webhook_file.empty() && !write_file(options.webhook_file, webhook))
    return false;
  if (options.webhook_url.empty())
    return true;
  const std::string problem =
      rtmstest::announce(options.webhook_url, options.webhook_secret_token, server.webhook_json());
  if (!problem.empty())
    std::fprintf(stderr, "the webhook was not taken: %s\n", problem.c_str());
  return problem.empty();
}

int serve(const Options &options) {
  Server server(options.config);
  std::string error;
  if (!server.start(&error)) {
    std::fprintf(stderr, "cannot start: %s\n", error.c_str());
    return EXIT_FAILURE;
  }
  if (!publish(server, options))
    return EXIT_FAILURE;
  Loop state{server, options};
  const guint sources[] = {g_unix_signal_add(SIGINT, on_signal, &state),
                           g_unix_signal_add(SIGTERM, on_signal, &state),
                           g_timeout_add_seconds(1, on_second, &state)};
  g_main_loop_run(state.loop.get());
  for (guint source : sources)
    g_source_remove(source);
  report(state);
  post_webhooks(state);
  server.stop();
  std::size_t violations = server.violations().size();
  std::fprintf(stderr, "violations: %zu\n", violations);
  return options.once && violations ? EXIT_FAILURE : EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char *argv[]) {
  Options options;
  std::string error;
  if (!rtmstest::parse_options(&argc, &argv, &options, &error)) {
    std::fprintf(stderr, "%s\n", error.c_str());
    return EXIT_FAILURE;
  }
  gst_init(nullptr, nullptr);
  options.config.source = rtmstest::make_meeting(options.meeting);
  if (!options.config.source)
    return EXIT_FAILURE;
  int status = serve(options);
  options.config.source.reset();
  return status;
}
