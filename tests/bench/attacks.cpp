// SPDX-License-Identifier: LGPL-2.1-or-later
// Attacks on a recorder while it records a meeting, without a signature or by the server of another
// meeting: a line for each, for docs/reliability.md. `genuine` are signed webhooks, ten a second;
// `stall` is the longest time that a request to the webhook's port took.
// RTMS_ATTACK: only those whose name contains it.
#include <algorithm>
#include <filesystem>
#include <fstream>

#include "adminport.h"
#include "attacks.h"
#include "rawserver.h"
#include "recorder_run.h"
#include "replay.h"
#include "tls.h"

#include <unistd.h>

namespace {

using namespace rtmscheck;

constexpr int64_t kMeeting_ms = 10000, kAttack_us = 6 * G_USEC_PER_SEC;
constexpr int kEvery_ms = 100;
constexpr char kAdminToken[] = "0123456789abcdef";

// In MB.
double memory_of(int pid) {
  int64_t size = 0, resident = 0;
  std::ifstream("/proc/" + std::to_string(pid) + "/statm") >> size >> resident;
  return static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE)) / 1e6;
}

struct Row {
  std::string name;
  int requests = 0, genuine = 0, late = 0;
  double before = 0, most = 0, after = 0;  // MB
  int64_t stall_us = 0;
};

int64_t took_us(const std::function<void()> &what) {
  const int64_t start = g_get_monotonic_time();
  what();
  return g_get_monotonic_time() - start;
}

enum class Port { Webhook, WebhookTls, Admin };

class Scene {
 public:
  explicit Scene(Port port) {
    const bool tls = port == Port::WebhookTls;
    MeetingOptions options;
    options.duration_ms = kMeeting_ms;
    reel_ = film(options);
    Config config;
    config.source = std::make_shared<ReelSource>(reel_);
    server_ = serve(std::move(config));
    RecorderRun::Setup setup;
    if (tls) {
      const SelfSigned made = make_self_signed();
      ca_ = directory_.file("both.pem");
      g_file_set_contents(ca_.c_str(), (made.certificate + made.key).c_str(), -1, nullptr);
      setup.listen = false;
      setup.options = {"--listen=https://127.0.0.1:0/webhook", "--webhook-tls-certificate=" + ca_};
    }
    if (port == Port::Admin) {
      setup.output = old_.path();
      setup.options = {"--admin-listen=http://127.0.0.1:0"};
      setup.environment = {{"RTMS_RECORDER_ADMIN_TOKEN", kAdminToken}};
      const std::string file = old_.add("2026-01-02T03-04-05Z_1") + "/meeting.mp4";
      write_file(file, "");
      std::filesystem::resize_file(file, uint64_t{5} << 30);
    }
    run_.emplace(setup);
    if (port == Port::Admin)
      admin_url_ = run_->program().wait_output("the page for the operator is at ", "\n");
    url_ = tls ? "https://127.0.0.1:" +
                     run_->program().wait_output("listening at https://127.0.0.1:", "\n")
               : run_->url();
    ck_assert_int_eq(post_signed(url_, server_->webhook_json(), ca_).status, 200);
    run_->wait_events("recording", 1);
  }

  const std::string &url() const { return url_; }
  // Of the port that is attacked.
  std::string plain_url() const {
    return admin_url_.empty() ? "http" + url_.substr(url_.find("://")) : admin_url_;
  }
  RecorderRun &run() { return *run_; }

  // Until the attack is over.
  void watch(Row *row, const std::function<int()> &requests) {
    const int pid = run_->program().pid();
    row->before = memory_of(pid);
    const int64_t end = g_get_monotonic_time() + kAttack_us;
    for (int number = 1; g_get_monotonic_time() < end; number++) {
      const int64_t genuine = took_us([&] {
        const std::string body = stream_event("meeting.rtms_stopped", "another-stream", number);
        row->genuine += post_signed(url_, body, ca_).status == 200;
      });
      row->late += genuine > G_USEC_PER_SEC;
      row->stall_us =
          std::max(row->stall_us, took_us([&] {
                     HttpClient client(url_, ca_);
                     client.send(request_text("GET", "/healthz", {}, ""));
                     ck_assert_int_eq(client.read().status, admin_url_.empty() ? 200 : 404);
                   }));
      row->most = std::max(row->most, memory_of(pid));
      g_usleep(kEvery_ms * 1000);
    }
    row->requests = requests();
    row->after = memory_of(pid);
  }

  // Whether each packet and frame of the meeting is in the file.
  bool undisturbed() {
    run_->wait_events("finished", 1, static_cast<int>(kMeeting_ms) + 2 * kDeadlineMs);
    run_->program().send(SIGTERM);
    run_->expect_end();
    for (const std::string &folder : run_->folders()) {
      const std::string file = folder + "/meeting.mkv";
      if (report_of(folder, "stream_id") != server_->stream_id())
        continue;
      const auto tracks = tracks_of(file);
      const auto frames = static_cast<int>(reel_->items.at(Media::Video).size());
      return tracks.at("video").packets == frames &&
             std::abs(tracks.at("audio").end - static_cast<double>(kMeeting_ms) / 1000) < 0.1;
    }
    return false;
  }

 private:
  TemporaryDirectory directory_;
  OldRecordings old_;
  std::shared_ptr<const Reel> reel_;
  std::unique_ptr<Server> server_;
  std::string ca_, url_, admin_url_;
  std::optional<RecorderRun> run_;
};

void print(const Row &row, bool undisturbed) {
  g_print("| %s | %d | %.0f, %.0f, %.0f MB | %.0f ms | %d, %d | %s |\n", row.name.c_str(),
          row.requests, row.before, row.most, row.after, static_cast<double>(row.stall_us) / 1000,
          row.genuine, row.late, undisturbed ? "none" : "DISTURBED");
}

bool is_wanted(const std::string &name) {
  const char *part = g_getenv("RTMS_ATTACK");
  return !part || contains(name, part);
}

void attack_port(const Attack &attack, Port port) {
  if (!is_wanted(attack.name))
    return;
  Scene scene(port);
  Row row;
  row.name = attack.name;
  {
    Attacker attacker(attack, scene.plain_url());
    scene.watch(&row, [&] { return attacker.connections(); });
  }
  print(row, scene.undisturbed());
}

// Another meeting, whose server is hostile.
void attack_meeting(const char *name, const std::string &message) {
  if (!is_wanted(name))
    return;
  std::atomic<int> sent{0};
  std::atomic<bool> over{false};
  const auto flood = [&](RawPeer &peer) {
    if (!peer.signaling_handshake() || !peer.expect(7))
      return;
    while (!over && peer.send_json(message))
      sent++;
  };
  RawServer hostile(flood, [](RawPeer &peer) {
    if (peer.media_handshake())
      peer.linger();
  });
  Scene scene(Port::Webhook);
  Row row;
  row.name = name;
  const std::string announcement =
      R"({"event":"meeting.rtms_started","event_ts":1,"payload":{"object":{"meeting_uuid":"m","rtms_stream_id":"hostile","server_urls":")" +
      hostile.url("/signaling") + "\"}}}";
  ck_assert_int_eq(post_signed(scene.url(), announcement).status, 200);
  scene.watch(&row, [&] { return sent.load(); });
  over = true;
  print(row, scene.undisturbed());
}

std::string participants(int count) {
  std::string text = R"({"msg_type":6,"event":{"event_type":3,"participants":[)";
  for (int i = 0; i < count; i++)
    text += (i ? ",{\"user_id\":" : "{\"user_id\":") + std::to_string(i) +
            R"(,"user_name":"Somebody with a name"})";
  return text + "]}}";
}

}  // namespace

GST_START_TEST(test_attacks) {
  g_print(
      "| attack | requests | memory before, at most, after | stall | genuine webhooks answered, of "
      "them late | "
      "recording disturbed |\n|---|---|---|---|---|---|\n");
  for (const Attack &attack : kAttacks)
    attack_port(attack, Port::Webhook);
  attack_port({"bare TLS connections, 400 a second", 2500, [] { return std::string(); }, false},
              Port::WebhookTls);
  const auto admin = [](const char *path, const std::string &token) {
    return get_text(path, {{"Authorization", "Bearer " + token}});
  };
  constexpr char kFile[] = "/recordings/2026-01-02T03-04-05Z_1/meeting.mp4";
  attack_port({"admin port: downloads that are not taken", 2500,
               [&] { return admin(kFile, kAdminToken); }, false},
              Port::Admin);
  attack_port({"admin port: wrong tokens", 0, [&] { return admin("/", "guess"); }, true},
              Port::Admin);
  attack_port({"admin port: lists of recordings", 0,
               [&] { return admin("/api/recordings", kAdminToken); }, true},
              Port::Admin);
  attack_meeting("events with 10,000 participants", participants(10000));
  attack_meeting("messages of 15 MB", participants(300000));
}
GST_END_TEST;

static Suite *attacks_suite() {
  constexpr double kPatienceSeconds = 900;
  Suite *suite = suite_create("attacks");
  TCase *tc = tcase_create("attacks");
  tcase_set_timeout(tc, kPatienceSeconds);
  suite_add_tcase(suite, tc);
  tcase_add_test(tc, test_attacks);
  return suite;
}

GST_CHECK_MAIN(attacks)
