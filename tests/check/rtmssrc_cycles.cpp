// SPDX-License-Identifier: LGPL-2.1-or-later
// A thousand times up and down, out of each phase of a stream's life: no thread, socket or file
// stays behind. Bytes are counted by valgrind, which can tell the element's from the test server's.
#include <algorithm>
#include <filesystem>
#include <iterator>
#include <thread>

#include "failures.h"
#include "live.h"

using namespace rtmscheck;

namespace {

// The first ones fill caches and thread pools.
constexpr int kWarmUp = 100, kCycles = 1000;
// GLib keeps some threads for the next task of its pool.
constexpr int kPooledThreads = 4;

struct Phase {
  const char *name;
  Config config;
  Setup setup;
  Player::Predicate reached;
  bool server_dies = false;
};

struct Resources {
  int threads = 0, files = 0;
};

int entries(const char *directory) {
  using Files = std::filesystem::directory_iterator;
  return static_cast<int>(std::distance(Files(directory), Files()));
}

std::string open_files() {
  std::string text;
  for (const auto &file : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    text += "\n" + std::filesystem::read_symlink(file.path(), gone).string();
  }
  return text;
}

Resources resources() {
  return {entries("/proc/self/task"), entries("/proc/self/fd")};
}

Player::Predicate in_state(const char *state) {
  return [state](const Record &record) {
    const auto told = record.named("rtms-connection");
    return std::any_of(told.begin(), told.end(), [state](const GstStructure *connection) {
      return g_strcmp0(gst_structure_get_string(connection, "state"), state) == 0;
    });
  };
}

bool flowing(const Record &record) {
  return record.packets("audio") > 0;
}

GstPadProbeReturn hold(GstPad *, GstPadProbeInfo *, gpointer) {
  return GST_PAD_PROBE_OK;
}

void hold_pad(GstElement *, GstPad *pad, gpointer) {
  gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BLOCK_DOWNSTREAM, hold, nullptr, nullptr);
}

Config endless() {
  Config config = quiet_config();
  config.source = std::make_shared<Ticker>();
  return config;
}

std::vector<Phase> phases() {
  Config secure = endless(), silent = endless();
  secure.tls = true;
  silent.silent_signaling = true;
  const Setup nowhere = [](GstElement *src) {
    g_object_set(src, "signaling-url", "wss://no-such-host.invalid/", nullptr);
  };
  const Setup held = [](GstElement *src) {
    g_signal_connect(src, "pad-added", G_CALLBACK(hold_pad), nullptr);
  };
  return {
      {"resolving", endless(), nowhere, in_state("connecting")},
      {"TLS", secure, {}, in_state("connecting")},
      {"handshake", silent, {}, in_state("connecting")},
      {"streaming", endless(), {}, flowing},
      {"reconnecting", endless(), {}, flowing, true},
      {"blocked", endless(), held, in_state("streaming")},
  };
}

void cycle(const Phase &phase, std::unique_ptr<Server> &server) {
  if (!server)
    server = serve(phase.config);
  Player player(*server, [&phase](GstElement *src) {
    set(src, "media-types", "audio");
    if (phase.setup)
      phase.setup(src);
  });
  player.play();
  ck_assert_msg(player.wait(phase.reached), "%s: %s", phase.name, player.summary().c_str());
  if (phase.server_dies) {
    server.reset();
    ck_assert(player.wait(in_state("reconnecting")));
  }
  player.stop();
}

}  // namespace

GST_START_TEST(test_cycles) {
  const std::vector<Phase> all = phases();
  std::vector<std::unique_ptr<Server>> servers(all.size());
  Resources before;
  for (int i = 0; i < kCycles; i++) {
    if (i == kWarmUp)
      before = resources();
    cycle(all[i % all.size()], servers[i % all.size()]);
  }
  // They notice a moment later that nobody is there any more.
  for (const std::unique_ptr<Server> &server : servers)
    ck_assert(!server ||
              server->wait_for([](const Server &s) { return s.connections() == 0; }, kDeadlineMs));
  // So does GLib, of an operation that was cancelled.
  Resources after = resources();
  const int64_t end_us = g_get_monotonic_time() + kDeadlineMs * 1000;
  while ((after.threads > before.threads + kPooledThreads || after.files > before.files) &&
         g_get_monotonic_time() < end_us) {
    std::this_thread::yield();
    after = resources();
  }
  ck_assert_int_le(after.threads, before.threads + kPooledThreads);
  ck_assert_msg(after.files <= before.files, "%d files, then %d:%s", before.files, after.files,
                open_files().c_str());
}
GST_END_TEST;

static Suite *rtmssrc_cycles_suite() {
  constexpr double kPatienceSeconds = 110;
  Suite *suite = suite_create("rtmssrc_cycles");
  TCase *cycles = tcase_create("cycles");
  tcase_set_timeout(cycles, kPatienceSeconds);
  tcase_add_test(cycles, test_cycles);
  suite_add_tcase(suite, cycles);
  return suite;
}

GST_CHECK_MAIN(rtmssrc_cycles)
