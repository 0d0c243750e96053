// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "recorder_run.h"

#include <json-glib/json-glib.h>

namespace rtmscheck {
namespace {

namespace fs = std::filesystem;

// Where the end is late, GAPs go on until it comes.
const double kTail = 1.5 * slowness();

std::string read(const std::string &file) {
  std::ifstream in(file);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

ObjectPtr<JsonParser> report_in(const std::string &folder) {
  ObjectPtr<JsonParser> parser(json_parser_new());
  const std::string text = read(folder + "/meeting.json");
  ck_assert_msg(json_parser_load_from_data(parser.get(), text.c_str(), -1, nullptr), "%s: %s",
                folder.c_str(), text.c_str());
  return parser;
}

}  // namespace

RecorderRun::RecorderRun(const std::vector<std::string> &options)
    : RecorderRun(Setup{options, "", {}, true}) {}

RecorderRun::RecorderRun(const Setup &setup)
    : output_(setup.output.empty() ? directory_.file("recordings") : setup.output) {
  fs::create_directories(output_);
  // A run that goes on with the recordings of another one finds its journals.
  const fs::path output = output_;
  const bool is_temporary = output.parent_path() == fs::temp_directory_path();
  const std::string runtime = (is_temporary ? fs::path(directory_.path()) : output.parent_path()) /
                              ("run-" + output.filename().string());
  fs::create_directories(runtime);
  Program::Options options;
  options.arguments = {g_getenv("RTMS_RECORDER"), "--output=" + output_,
                       "--log=" + directory_.file("log"), "--min-free=0"};
  if (setup.listen)
    options.arguments.push_back("--listen=http://127.0.0.1:0/webhook");
  if (!in_real_time())
    options.arguments.push_back("--stop-timeout=600");
  options.arguments.insert(options.arguments.end(), setup.options.begin(), setup.options.end());
  options.folder = directory_.path();
  options.environment = {{"ZM_RTMS_CLIENT", "test-client"},
                         {"ZM_RTMS_SECRET", "test-secret"},
                         {"ZM_RTMS_WEBHOOK_SECRET", kWebhookToken},
                         {"RUNTIME_DIRECTORY", runtime}};
  for (const auto &[name, value] : setup.environment)
    options.environment[name] = value;
  program_.emplace(options);
}

const std::string &RecorderRun::url() {
  if (url_.empty())
    url_ = "http://127.0.0.1:" + program_->wait_output("listening at http://127.0.0.1:", "\n");
  return url_;
}

HttpAnswer RecorderRun::get(const std::string &path) {
  const std::string at = url().substr(0, url().rfind('/')) + path;
  HttpClient client(at);
  client.send(request_text("GET", path_of(at), {}, ""));
  return client.read();
}

void RecorderRun::announce(const Server &server, int later) {
  std::string json = server.webhook_json();
  if (later)
    json.insert(json.find("\"event_ts\":") + 11, std::to_string(later));
  ck_assert_int_eq(post_signed(url(), json).status, 200);
}

void RecorderRun::announce_moved(const Server &server) {
  ck_assert_int_eq(post_signed(url(), moved(server.webhook_json())).status, 200);
}

void RecorderRun::tell(const Server &server, const char *event) {
  static int64_t moment = 0;
  ck_assert_int_eq(post_signed(url(), stream_event(event, server.stream_id(), ++moment)).status,
                   200);
}

std::vector<std::string> RecorderRun::events(const std::string &name) {
  std::vector<std::string> found;
  std::istringstream lines(read(directory_.file("log")));
  for (std::string line; std::getline(lines, line);)
    if (contains(line, "\"event\":\"" + name + "\""))
      found.push_back(line);
  return found;
}

void RecorderRun::wait_events(const std::string &name, std::size_t count, int timeout_ms) {
  const bool told = program_->wait_until([&] { return events(name).size() >= count; }, timeout_ms);
  ck_assert_msg(told, "no %s\n%s", name.c_str(), said().c_str());
}

int64_t RecorderRun::messages(const Server &server, const char *media) {
  const std::string metrics = get("/metrics").body;
  const std::string name =
      "rtms_meeting_messages_total{stream=\"" + server.stream_id() + "\",media=\"" + media + "\"} ";
  const std::size_t at = metrics.find(name);
  return at == std::string::npos ? 0 : std::atoll(metrics.c_str() + at + name.size());
}

void RecorderRun::wait_messages(const Server &server, const char *media, int64_t count) {
  const bool came = program_->wait_until([&] { return messages(server, media) >= count; });
  ck_assert_msg(came, "%d messages of %s instead of %d\n%s",
                static_cast<int>(messages(server, media)), media, static_cast<int>(count),
                said().c_str());
}

// Check takes no message that is longer.
std::string RecorderRun::said() const {
  constexpr std::size_t kMost = 3000;
  const std::string all = program_->output();
  return all.size() > kMost ? all.substr(all.size() - kMost) : all;
}

void RecorderRun::expect_end(int timeout_ms) {
  ck_assert_msg(program_->wait(timeout_ms), "no end\n%s", said().c_str());
  ck_assert_msg(program_->succeeded(), "%s", said().c_str());
}

std::vector<std::string> RecorderRun::folders() const {
  std::vector<std::string> all;
  for (const auto &entry : fs::directory_iterator(output_))
    if (entry.path().filename() != ".running")
      all.push_back(entry.path());
  std::sort(all.begin(), all.end());
  return all;
}

std::string RecorderRun::only_folder() const {
  const auto all = folders();
  ck_assert_msg(all.size() == 1, "%u folders\n%s", static_cast<unsigned>(all.size()),
                said().c_str());
  return all[0];
}

std::string RecorderRun::text_of(const std::string &file) const {
  return read(file);
}

void RecorderRun::expect_no_secrets(const std::vector<std::string> &secrets) {
  std::string all = program_->output() + read(directory_.file("log"));
  for (const auto &entry : fs::recursive_directory_iterator(output_))
    if (entry.is_regular_file())
      all += read(entry.path());
  for (const std::string &secret : secrets)
    ck_assert_msg(!contains(all, secret), "told: %s", secret.c_str());
}

std::string report_of(const std::string &folder, const char *member) {
  const auto parser = report_in(folder);
  return json_object_get_string_member_with_default(
      json_node_get_object(json_parser_get_root(parser.get())), member, "");
}

int64_t report_number(const std::string &folder, const char *member) {
  const auto parser = report_in(folder);
  return json_object_get_int_member_with_default(
      json_node_get_object(json_parser_get_root(parser.get())), member, 0);
}

void expect_recording(const std::string &file, unsigned sounds, double length, double lost) {
  const auto tracks = tracks_of(file);
  unsigned found = 0;
  bool picture = false;
  for (const auto &[name, track] : tracks) {
    found += name.compare(0, 5, "audio") == 0;
    picture |= name == "video" && track.packets > 0;
  }
  ck_assert_msg(found == sounds, "%s: %u tracks of sound", file.c_str(), found);
  // The file begins with the pipeline. With the meeting begin the pictures, and a second later come
  // the beeps.
  const double start = picture ? tracks.at("video").first : beeps_of(file).at(0) - 1;
  const double got = tracks.at("audio").end - start;
  ck_assert_msg(!in_real_time() || (got >= length - lost && got <= length + std::max(lost, kTail)),
                "%s: %f s instead of %f s", file.c_str(), got, length);
  // A track without a picture has nothing to decode.
  expect_playable(file, picture ? nullptr : "0:a");
}

Config meeting_of(int64_t length_ms, MeetingOptions options) {
  options.duration_ms = length_ms;
  Config config;
  if (!in_real_time())
    config.keep_alive_ms = kRareKeepAliveMs;
  config.source = make_meeting(options);
  return config;
}

void expect_answers(const std::string &url) {
  const int64_t start = g_get_monotonic_time();
  ck_assert_int_eq(post_signed(url, kChallenge).status, 200);
  const int took = static_cast<int>((g_get_monotonic_time() - start) / 1000);
  g_print("a webhook is answered in %d ms\n", took);
  ck_assert_int_le(took, kAnswerMs);
}

}  // namespace rtmscheck
