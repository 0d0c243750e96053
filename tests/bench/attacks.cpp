// SPDX-License-Identifier: LGPL-2.1-or-later
// Attacks on a recorder while it records a meeting, without a signature or by the server of another
// meeting: a line for each, for docs/reliability.md. `genuine` are signed webhooks, ten a second;
// `stall` is the longest time that a request to the webhook's port took. Fails where a promise is
// broken. RTMS_ATTACK: only those whose name contains it.
#include <algorithm>
#include <filesystem>
#include <fstream>

#include "adminport.h"
#include "attacks.h"
#include "hostile.h"
#include "hostilescenes.h"
#include "rawserver.h"
#include "recorder_run.h"
#include "replay.h"
#include "tls.h"

#include <unistd.h>

namespace {

using namespace rtmscheck;

constexpr int64_t kMeeting_ms = 8000, kAttack_us = 5 * G_USEC_PER_SEC;
constexpr int kEvery_ms = 100;
constexpr char kAdminToken[] = "0123456789abcdef";
// What an attack may cost: clients of the webhook's port, clients of the operator's port, each of
// whose downloads has pieces in memory, and the server of another meeting, whose messages may have
// 16 MiB each.
constexpr double kMostOfPort_mb = 16, kMostOfAdmin_mb = 64, kMostOfMeeting_mb = 256;

// In MB.
double memory_of(int pid) {
  int64_t size = 0, resident = 0;
  std::ifstream("/proc/" + std::to_string(pid) + "/statm") >> size >> resident;
  return static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE)) / 1e6;
}

struct Row {
  std::string name;
  double allowed = 0;  // MB more
  int requests = 0, sent = 0, genuine = 0, late = 0;
  double before = 0, most = 0, after = 0;  // MB
  int64_t stall_us = 0;
};

// Over all attacks, a line for each broken promise.
std::string &problems() {
  static std::string all;
  return all;
}

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
        row->sent++;
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
      const int frames = tracks.at("video").packets,
                wanted = static_cast<int>(reel_->items.at(Media::Video).size());
      const double length = tracks.at("audio").end, sent = static_cast<double>(kMeeting_ms) / 1000;
      // An end that comes late is silence.
      const bool good = frames == wanted && length > sent - 0.1 && length < sent + 1.5;
      if (!good)
        g_print("%d of %d frames, %.3f s of audio instead of %.3f s\n", frames, wanted, length,
                sent);
      return good;
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

// The table's row, and what of it should not be.
void judge(const Row &row, bool undisturbed) {
  g_print("| %s | %d | %.0f, %.0f, %.0f MB | %.0f ms | %d of %d, %d | %s |\n", row.name.c_str(),
          row.requests, row.before, row.most, row.after, static_cast<double>(row.stall_us) / 1000,
          row.genuine, row.sent, row.late, undisturbed ? "none" : "DISTURBED");
  std::string &all = problems();
  const auto require = [&](bool holds, const char *what) {
    if (!holds)
      all += row.name + ": " + what + "\n";
  };
  require(undisturbed, "a recording was disturbed");
  require(row.requests > 0, "there was no attack");
  require(row.sent > 0 && row.genuine == row.sent, "genuine webhooks were not accepted");
  require(row.late == 0, "genuine webhooks were late");
  require(row.stall_us < G_USEC_PER_SEC, "the main thread stood still");
  require(row.most <= row.before + row.allowed, "memory grew");
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
  row.allowed = port == Port::Admin ? kMostOfAdmin_mb : kMostOfPort_mb;
  {
    Attacker attacker(attack, scene.plain_url());
    scene.watch(&row, [&] { return attacker.connections(); });
  }
  judge(row, scene.undisturbed());
}

// Clients that send a byte of a head now and then, and begin anew when they are cut off.
class SlowClients {
 public:
  SlowClients(unsigned count, const std::string &url) {
    for (unsigned i = 0; i < count; i++)
      threads_.emplace_back([this, url] {
        constexpr int kPause_us = 200000;
        const std::string text = request_text("POST", "/webhook", {}, "{}");
        while (!stopped_) {
          HttpClient client(url);
          requests_++;
          for (size_t at = 0; at < text.size() && !stopped_ && client.send(text.substr(at, 1));
               at++)
            g_usleep(kPause_us);
        }
      });
  }
  ~SlowClients() {
    stopped_ = true;
    for (std::thread &thread : threads_)
      thread.join();
  }
  int requests() const { return requests_; }

 private:
  std::atomic<bool> stopped_{false};
  std::atomic<int> requests_{0};
  std::vector<std::thread> threads_;
};

void attack_slowly(unsigned clients) {
  const std::string name = std::to_string(clients) + " slow clients, a byte in 200 ms";
  if (!is_wanted(name))
    return;
  Scene scene(Port::Webhook);
  Row row;
  row.name = name;
  row.allowed = kMostOfPort_mb;
  {
    SlowClients slow(clients, scene.url());
    scene.watch(&row, [&] { return slow.requests(); });
  }
  judge(row, scene.undisturbed());
}

// Another meeting, whose server is hostile: on its signaling connection or on those of the media.
void attack_meeting(const char *name, bool on_media, const std::function<std::string(int)> &nth) {
  if (!is_wanted(name))
    return;
  std::atomic<int> sent{0};
  std::atomic<bool> over{false};
  const auto send = [&](RawPeer &peer) {
    for (int i = 0; !over && peer.send_json(nth(i)); i++)
      sent++;
    peer.linger();
  };
  RawServer hostile(
      [&](RawPeer &peer) {
        if (!peer.signaling_handshake() || !peer.expect(7))
          return;
        if (on_media)
          peer.linger();
        else
          send(peer);
      },
      [&](RawPeer &peer) {
        if (!peer.media_handshake() || !peer.wait_ready())
          return;
        if (on_media)
          send(peer);
        else
          peer.linger();
      });
  Scene scene(Port::Webhook);
  Row row;
  row.name = name;
  row.allowed = kMostOfMeeting_mb;
  const std::string announcement =
      R"({"event":"meeting.rtms_started","event_ts":1,"payload":{"object":{"meeting_uuid":"m","rtms_stream_id":"hostile","server_urls":")" +
      hostile.url("/signaling") + "\"}}}";
  ck_assert_int_eq(post_signed(scene.url(), announcement).status, 200);
  scene.watch(&row, [&] { return sent.load(); });
  over = true;
  judge(row, scene.undisturbed());
}

// The same text each time: making it takes longer than sending it.
std::function<std::string(int)> always(const std::string &text) {
  return [text](int) { return text; };
}

void print_head() {
  g_print(
      "| attack | requests | memory before, at most, after | stall | genuine webhooks accepted, of "
      "them late | recording disturbed |\n|---|---|---|---|---|---|\n");
}

void expect_promises() {
  ck_assert_msg(problems().empty(), "%s", problems().c_str());
}

}  // namespace

// Clients of the port.
GST_START_TEST(test_port) {
  print_head();
  attack_slowly(32);
  for (const Attack &attack : kAttacks)
    attack_port(attack, Port::Webhook);
  const auto nothing = [] { return std::string(); };
  attack_port({"bare TLS connections, 200 a second", 5000, nothing, false}, Port::WebhookTls);
  attack_port({"bare TLS connections, 400 a second", 2500, nothing, false}, Port::WebhookTls);
  expect_promises();
}
GST_END_TEST;

// Clients of the operator's port.
GST_START_TEST(test_admin) {
  print_head();
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
  expect_promises();
}
GST_END_TEST;

// Another meeting's server.
GST_START_TEST(test_meetings) {
  print_head();
  const std::string name = " with a name";
  attack_meeting("events with 10,000 participants", false, always(join_of(0, 10000, name)));
  attack_meeting("a new id with each packet", true, [](int i) {
    return audio_json(20 * i, static_cast<uint64_t>(i) + 1, name_member(std::to_string(i)));
  });
  attack_meeting("messages of 16 MB", false, always(join_of(0, 310000, name)));
  attack_meeting("media messages of 16 MB", true,
                 always(audio_json(0, kUser, name_member(std::string(16000000, 'n')))));
  expect_promises();
}
GST_END_TEST;

static Suite *attacks_suite() {
  constexpr double kPatienceSeconds = 900;
  Suite *suite = suite_create("attacks");
  const auto add = [suite](const char *name, TFun test) {
    TCase *tc = tcase_create(name);
    tcase_set_timeout(tc, kPatienceSeconds);
    tcase_add_test(tc, test);
    suite_add_tcase(suite, tc);
  };
  add("port", test_port);
  add("admin", test_admin);
  add("meetings", test_meetings);
  return suite;
}

GST_CHECK_MAIN(attacks)
