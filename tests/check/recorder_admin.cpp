// SPDX-License-Identifier: LGPL-2.1-or-later
// The admin port of rtms-recorder, with raw requests: who gets what, and that nobody who takes it
// slowly disturbs a recording.
#include <sys/stat.h>
#include <unistd.h>
#include <filesystem>
#include <fstream>

#include "adminport.h"
#include "tls.h"

namespace {

using namespace rtmscheck;
namespace fs = std::filesystem;

constexpr char kToken[] = "0123456789abcdef-token";
constexpr char kRecording[] = "2026-01-02T03-04-05Z_123";

void expect_status(const HttpAnswer &answer, int status, const std::string &what) {
  ck_assert_msg(answer.status == status, "%s: %d instead of %d\n%s\n%.200s", what.c_str(),
                answer.status, status, answer.head.c_str(), answer.body.c_str());
}

void expect_has(const std::string &text, const std::string &part) {
  ck_assert_msg(contains(text, part), "no %s in %s", part.c_str(), text.c_str());
}

std::string base64(const std::string &text) {
  const std::unique_ptr<char, void (*)(void *)> encoded(
      g_base64_encode(reinterpret_cast<const guchar *>(text.data()), text.size()), g_free);
  return encoded.get();
}

// Readable by this user alone.
std::string token_file(const TemporaryDirectory &directory, const std::string &token) {
  const std::string file = directory.file("token");
  g_file_set_contents_full(file.c_str(), token.c_str(), -1, G_FILE_SET_CONTENTS_NONE, 0600,
                           nullptr);
  return file;
}

}  // namespace

// Each port has its own pages, and all that is answered tells browsers what they may do with it.
GST_START_TEST(test_ports) {
  AdminPort admin;
  for (const char *path : {"/healthz", "/metrics", "/", "/page.css", "/page.js", "/icon.svg",
                           "/api/meetings", "/api/recordings", "/nothing", "/webhook"}) {
    const HttpAnswer answer = admin.get(path);
    const bool there = path != std::string("/nothing") && path != std::string("/webhook");
    expect_status(answer, there ? 200 : 404, path);
    expect_has(answer.head,
               "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; "
               "img-src 'self'; media-src 'self'; connect-src 'self'; frame-ancestors 'none'; "
               "base-uri 'none'; form-action 'none'\r\n");
    for (const char *header :
         {"X-Content-Type-Options: nosniff", "Referrer-Policy: no-referrer",
          "Cache-Control: no-store", "Cross-Origin-Resource-Policy: same-origin"})
      expect_has(answer.head, header);
    if (path != std::string("/webhook"))
      expect_status(admin.run().get(path), 404, std::string("webhook's ") + path);
  }
  expect_text(admin.get("/healthz").body, "ok\n");
  expect_has(admin.get("/metrics").body, "\nrtms_recorder_meetings 0\n");
  expect_has(admin.get("/").head, "Content-Type: text/html; charset=utf-8");
  for (const char *method : {"POST", "PUT", "DELETE", "OPTIONS"}) {
    const HttpAnswer answer =
        admin.send(std::string(method) + " / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    expect_status(answer, 405, method);
    expect_has(answer.head, "Allow: GET, HEAD");
  }
  const HttpAnswer head = admin.send("HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  expect_status(head, 200, "HEAD");
  expect_text(head.body, "");
  expect_has(head.head, "Content-Length: " + std::to_string(admin.get("/").body.size()) + "\r\n");
  expect_status(admin.get("/", {{"Content-Length", "5"}}), 413, "a body");
  admin.run().program().send(SIGTERM);
  admin.run().expect_end();
}
GST_END_TEST;

// Without the port all is as it was.
GST_START_TEST(test_without) {
  RecorderRun run;
  expect_text(run.get("/healthz").body, "ok\n");
  expect_status(run.get("/metrics"), 200, "metrics");
  expect_status(run.get("/"), 404, "page");
}
GST_END_TEST;

// A name that another site lets resolve to this machine is refused.
GST_START_TEST(test_hosts) {
  AdminPort admin({{"--admin-host=Recorder.Example", "--admin-host=two"}, "", {}, true});
  for (const char *host : {"localhost", "LocalHost:9090", "127.0.0.1:1", "127.1.2.3", "[::1]:80",
                           "10.1.2.3", "recorder.example:80", "RECORDER.EXAMPLE", "two"})
    expect_status(admin.get("/api/meetings", {}, host), 200, host);
  for (const char *host : {"evil.example", "evil.example:9090", "localhost.evil.example",
                           "127.0.0.1.evil.example", "recorder.example.", "example"})
    for (const char *path : {"/api/meetings", "/", "/healthz", "/metrics"})
      expect_status(admin.get(path, {}, host), 421, host);
  for (const char *host :
       {"", "localhost, evil.example", "[::1", "localhost:x", "a/b", "a@localhost"})
    expect_status(admin.get("/", {}, host), 400, host);
  expect_status(admin.get("/", {{"Host", "localhost"}}), 400, "two hosts");
  expect_status(admin.send("GET / HTTP/1.0\r\n\r\n"), 400, "no host");
}
GST_END_TEST;

GST_START_TEST(test_token) {
  TemporaryDirectory directory;
  AdminPort admin({{"--admin-listen=http://0.0.0.0:0",
                    "--admin-token-file=" + token_file(directory, std::string(kToken) + "\n")},
                   "",
                   {},
                   true});
  const std::string here = "http://127.0.0.1:" + admin.url().substr(admin.url().rfind(':') + 1);
  const auto get = [&](const char *path, const Headers &headers = {}) {
    HttpClient client(here);
    client.send(get_text(path, headers));
    return client.read();
  };
  const auto with = [&](const std::string &value) {
    return get("/api/meetings", {{"Authorization", value}});
  };
  // The log has a thread of its own.
  admin.run().wait_events("admin-not-encrypted", 1);
  expect_status(get("/healthz"), 200, "healthz");
  for (const char *path : {"/", "/page.js", "/metrics", "/api/meetings", "/recordings/a/b", "/x"}) {
    const HttpAnswer answer = get(path);
    expect_status(answer, 401, path);
    expect_has(answer.head, "WWW-Authenticate: Basic realm=\"rtms-recorder\"");
  }
  expect_status(with(std::string("Bearer ") + kToken), 200, "bearer");
  expect_status(with(std::string("bearer  ") + kToken), 200, "lower case");
  expect_status(with("Basic " + base64(std::string("anybody:") + kToken)), 200, "basic");
  expect_status(with("Basic " + base64(std::string(":") + kToken)), 200, "no name");
  expect_status(with(std::string("Digest ") + kToken), 401, "digest");
  expect_status(with("Basic " + base64(kToken)), 401, "no colon");
  // The first of the ten guesses.
  expect_status(with("Bearer x"), 401, "wrong");
  expect_status(with(std::string("Bearer ") + kToken + "x"), 401, "longer");
  expect_status(with("Basic " + base64(std::string("a:") + kToken + "\n")), 401, "line break");
  for (int i = 3; i < 10; i++)
    expect_status(with("Bearer guess"), 401, "guess");
  const HttpAnswer limited = with("Bearer guess");
  expect_status(limited, 429, "guess");
  expect_has(limited.head, "Retry-After: 6");
  expect_status(with(std::string("Bearer ") + kToken), 429, "the right one, among guesses");
  expect_status(get("/healthz"), 200, "healthz");
  admin.run().expect_no_secrets({kToken});
}
GST_END_TEST;

GST_START_TEST(test_misuse) {
  TemporaryDirectory directory;
  const std::string good = token_file(directory, kToken);
  const std::string shared = directory.file("shared");
  write_file(shared, kToken);
  chmod(shared.c_str(), 0644);
  const std::string any = "--admin-listen=http://0.0.0.0:0";
  const struct {
    std::vector<std::string> options;
    std::map<std::string, std::string> environment;
    const char *words;
  } cases[] = {
      {{any}, {}, "no token is set"},
      {{"--admin-listen=http://[::]:0"}, {}, "no token is set"},
      {{any}, {{"RTMS_RECORDER_ADMIN_TOKEN", "short"}}, "16 to 512"},
      {{any}, {{"RTMS_RECORDER_ADMIN_TOKEN", "sixteen characters and spaces"}}, "16 to 512"},
      {{any, "--admin-token-file=/nowhere"}, {}, "No such file"},
      {{any, "--admin-token-file=" + shared}, {}, "chmod 600"},
      {{"--admin-token=0123456789abcdef"}, {}, "can read a command line"},
      {{"--admin-host=recorder.example"}, {}, "--admin-listen is not"},
      {{"--admin-listen=http://127.0.0.1:0/admin"}, {}, "has a path"},
      {{"--admin-listen=localhost:9090"}, {}, "is not an http:// or https:// URL"},
      {{"--admin-listen=https://127.0.0.1:0"}, {}, "needs a TLS certificate"},
  };
  for (const auto &one : cases) {
    RecorderRun run({one.options, "", one.environment, true});
    ck_assert_msg(run.program().wait(kDeadlineMs) && !run.program().succeeded(), "%s",
                  one.options[0].c_str());
    expect_has(run.program().output(), one.words);
    run.expect_no_secrets({kToken});
  }
  AdminPort with_environment({{any}, "", {{"RTMS_RECORDER_ADMIN_TOKEN", kToken}}, true});
  with_environment.url();
}
GST_END_TEST;

// No path leads out of the recordings' folders.
GST_START_TEST(test_files) {
  OldRecordings old;
  const std::string folder = old.add(kRecording);
  const std::string secret = old.outside("secret");
  write_file(secret, "not to be seen");
  write_file(folder + "/notes.txt", "not to be seen");
  write_file(old.path() + "/meeting.mp4", "not to be seen");
  fs::create_directories(old.path() + "/.running");
  write_file(old.path() + "/.running/meeting.json", "not to be seen");
  fs::create_directories(old.outside("other"));
  write_file(old.outside("other") + "/meeting.json", "not to be seen");
  fs::create_symlink(secret, folder + "/meeting.vtt");
  fs::create_symlink(old.outside("other"), old.path() + "/linked");
  fs::create_directories(folder + "/meeting.mkv");
  ck_assert_int_eq(mkfifo((folder + "/chat.jsonl").c_str(), 0600), 0);
  AdminPort admin({{}, old.path(), {}, true});
  const std::string at = std::string("/recordings/") + kRecording;
  expect_text(admin.get(at + "/meeting.json").body,
              R"({"state":"finished","files":["meeting.mp4"]})");
  expect_has(admin.get(at + "/meeting.json").head, "Content-Type: application/json");
  for (const std::string &path : {at + "/meeting.vtt",
                                  at + "/meeting.mkv",
                                  at + "/chat.jsonl",
                                  at + "/notes.txt",
                                  at + "/meeting.mp4",
                                  at,
                                  at + "/",
                                  at + "/../" + kRecording + "/meeting.json",
                                  at + "/../meeting.mp4",
                                  at + "/./meeting.json",
                                  at + "//meeting.json",
                                  at + "/meeting.json/",
                                  std::string("/recordings/meeting.mp4"),
                                  std::string("/recordings//meeting.mp4"),
                                  std::string("/recordings/../meeting.mp4"),
                                  std::string("/recordings/./meeting.mp4"),
                                  std::string("/recordings/.running/meeting.json"),
                                  std::string("/recordings/linked/meeting.json"),
                                  std::string("/recordings/%2e%2e/recordings/meeting.mp4"),
                                  "/recordings/" + std::string(kRecording) + "%2fmeeting.json",
                                  "/recordings/" + old.outside("other") + "/meeting.json",
                                  std::string("/recordings/..%00/meeting.json"),
                                  std::string("/recordings/../../etc/passwd"),
                                  "/recordings/" + std::string(5000, 'a') + "/meeting.json"}) {
    const HttpAnswer answer = admin.get(path);
    expect_status(answer, 404, path);
    ck_assert_msg(!contains(answer.body, "not to be seen"), "%s", path.c_str());
  }
  const std::string list = admin.get("/api/recordings").body;
  expect_text(list, std::string(R"({"recordings":[{"folder":")") + kRecording +
                        R"(","files":{"meeting.json":44}}],"older":""})");
}
GST_END_TEST;

// The program's file is one of a recording's files, by the name that it has.
GST_START_TEST(test_program_file) {
  OldRecordings old;
  const std::string folder = old.add(kRecording);
  write_file(folder + "/all.mp4", "program");
  write_file(folder + "/other.mp4", "not to be seen");
  AdminPort admin({{"--program=all.mp4"}, old.path(), {}, true});
  const std::string at = std::string("/recordings/") + kRecording;
  expect_text(admin.get(at + "/all.mp4").body, "program");
  expect_has(admin.get(at + "/all.mp4").head, "Content-Type: video/mp4");
  expect_status(admin.get(at + "/other.mp4"), 404, "another name");
  expect_has(admin.get("/api/recordings").body, R"("all.mp4":7)");
}
GST_END_TEST;

// The newest first, a page at a time.
GST_START_TEST(test_list) {
  OldRecordings old;
  for (int i = 10; i < 55; i++)
    old.add("2026-01-02T03-04-" + std::to_string(i) + "Z_m");
  AdminPort admin({{}, old.path(), {}, true});
  std::string path = "/api/recordings", all;
  for (int page = 0; page < 3; page++) {
    const std::string list = admin.get(path).body;
    all += list.substr(0, list.find("\"older\""));
    const std::string older = list.substr(list.find("\"older\":\"") + 9, 24);
    ck_assert_msg((older[0] == '"') == (page == 2), "%s", list.c_str());
    path = "/api/recordings/before/" + older.substr(0, older.find('"'));
  }
  std::size_t last = 0;
  for (int i = 54; i >= 10; i--) {
    const std::size_t place = all.find("03-04-" + std::to_string(i) + "Z_m", last);
    ck_assert_msg(place != std::string::npos, "%d of %s", i, all.c_str());
    last = place;
  }
}
GST_END_TEST;

GST_START_TEST(test_ranges) {
  OldRecordings old;
  const std::string folder = old.add(kRecording);
  const Bytes random = random_bytes(300000, 1);
  const std::string all(random.begin(), random.end());
  write_file(folder + "/meeting.mp4", all);
  write_file(folder + "/meeting.vtt", "");
  AdminPort admin({{}, old.path(), {}, true});
  const std::string path = std::string("/recordings/") + kRecording + "/meeting.mp4";
  const auto get = [&](const std::string &range) { return admin.get(path, {{"Range", range}}); };
  const struct {
    const char *range;
    std::size_t first, size;
  } parts[] = {{"bytes=0-0", 0, 1},
               {"bytes=0-", 0, 300000},
               {"bytes=1-70000", 1, 70000},
               {"bytes=299999-", 299999, 1},
               {"bytes=299990-999999999", 299990, 10},
               {"bytes=-5", 299995, 5},
               {"bytes=-400000", 0, 300000},
               {"BYTES=65535-65536", 65535, 2}};
  for (const auto &part : parts) {
    const HttpAnswer answer = get(part.range);
    expect_status(answer, 206, part.range);
    ck_assert_msg(answer.body == all.substr(part.first, part.size), "%s: %zu bytes", part.range,
                  answer.body.size());
    expect_has(answer.head, "Content-Range: bytes " + std::to_string(part.first) + "-" +
                                std::to_string(part.first + part.size - 1) + "/300000\r\n");
    expect_has(answer.head, "Content-Length: " + std::to_string(part.size) + "\r\n");
  }
  for (const char *range :
       {"bytes=0-1,3-4", "bytes=5-4", "bytes=", "bytes=-", "bytes=a-b", "bytes 0-1", "lines=0-1",
        "bytes=0-1-2", "bytes=99999999999999999999-", "bytes=0x1-2", "bytes= 0-1"}) {
    const HttpAnswer answer = get(range);
    expect_status(answer, 200, range);
    ck_assert_msg(answer.body == all, "%s: %zu bytes", range, answer.body.size());
    expect_has(answer.head, "Accept-Ranges: bytes\r\n");
  }
  for (const char *range : {"bytes=300000-", "bytes=300000-300001", "bytes=-0"}) {
    const HttpAnswer answer = get(range);
    expect_status(answer, 416, range);
    expect_has(answer.head, "Content-Range: bytes */300000\r\n");
  }
  expect_status(admin.get(path, {{"Range", "bytes=0-1"}, {"If-Range", "\"x\""}}), 200, "If-Range");
  const HttpAnswer head = admin.send("HEAD " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
  expect_status(head, 200, "HEAD");
  expect_text(head.body, "");
  expect_has(head.head, "Content-Length: 300000\r\n");
  const std::string vtt = std::string("/recordings/") + kRecording + "/meeting.vtt";
  expect_status(admin.get(vtt), 200, "an empty file");
  expect_status(admin.get(vtt, {{"Range", "bytes=0-"}}), 416, "of an empty file");
}
GST_END_TEST;

// A download is encrypted piece by piece.
GST_START_TEST(test_https) {
  const SelfSigned made = make_self_signed();
  TemporaryDirectory directory;
  const std::string both = directory.file("both.pem");
  write_file(both, made.certificate + made.key);
  OldRecordings old;
  const std::string folder = old.add(kRecording);
  const Bytes random = random_bytes(3000000, 2);
  const std::string all(random.begin(), random.end());
  write_file(folder + "/meeting.mp4", all);
  AdminPort admin({{"--admin-listen=https://127.0.0.1:0", "--admin-tls-certificate=" + both},
                   old.path(),
                   {},
                   true});
  const auto get = [&](const std::string &path, const Headers &headers) {
    HttpClient client(admin.url(), both);
    client.send(get_text(path, headers));
    return client.read();
  };
  expect_status(get("/", {}), 200, "page");
  const std::string path = std::string("/recordings/") + kRecording + "/meeting.mp4";
  ck_assert(get(path, {}).body == all);
  const HttpAnswer part = get(path, {{"Range", "bytes=1000000-"}});
  expect_status(part, 206, "part");
  ck_assert(part.body == all.substr(1000000));
}
GST_END_TEST;

static Suite *recorder_admin_suite() {
  Suite *suite = suite_create("recorder_admin");
  add_case(suite, "ports", test_ports);
  add_case(suite, "ports", test_without);
  add_case(suite, "access", test_hosts);
  add_case(suite, "access", test_token);
  add_case(suite, "misuse", test_misuse);
  add_case(suite, "files", test_files);
  add_case(suite, "program-file", test_program_file);
  add_case(suite, "files", test_list);
  add_case(suite, "files", test_ranges);
  add_case(suite, "files", test_https);
  return suite;
}

GST_CHECK_MAIN(recorder_admin)
