// SPDX-License-Identifier: LGPL-2.1-or-later
// The transcript in a recording: what is shown, when, and where it stands in the file.
#include <algorithm>
#include <csignal>
#include <sstream>

#include "live.h"
#include "recorder_run.h"

using namespace rtmscheck;

namespace {

constexpr int64_t kPacket_ms = 20;

// A meeting with audio all the time, in which lines are said.
class Spoken {
 public:
  Spoken() : source_(std::make_shared<StoppableTicker>()) {
    Config config;
    config.source = source_;
    server_ = serve(std::move(config));
    run_.announce(*server_);
  }
  // Waits until the meeting is so old.
  void wait(int64_t ms) { run_.wait_messages(*server_, "audio", ms / kPacket_ms); }
  // `start`, `end`: when the line was said. `extra`: JSON members with a comma in front.
  void say(uint64_t user, const std::string &text, int64_t start_ms, int64_t end_ms,
           const std::string &extra = "") {
    std::string json = R"({"msg_type":17,"content":{"user_name":"Ada","user_id":)";
    json += std::to_string(user) + ",\"data\":\"" + text + "\",\"timestamp\":";
    json += std::to_string(kStartMs + std::max(start_ms, end_ms)) + ",\"start_time\":";
    json += std::to_string(kStartMs + start_ms);
    if (end_ms)
      json += ",\"end_time\":" + std::to_string(kStartMs + end_ms);
    server_->send_media(Media::Transcript, json + extra + "}}");
  }
  void finish() {
    source_->over = true;
    run_.wait_events("finished", 1);
    run_.program().send(SIGTERM);
    run_.expect_end();
  }
  std::string file(const char *name) { return run_.only_folder() + "/" + name; }
  std::string text_of(const char *name) { return run_.text_of(file(name)); }

 private:
  const std::shared_ptr<StoppableTicker> source_;
  std::unique_ptr<Server> server_;
  RecorderRun run_{std::vector<std::string>{"--no-video"}};
};

struct Shown {
  double at = 0, length = 0, behind = 0;  // in s; behind: audio that stands before it in the file
};

std::vector<Shown> shown_in(const std::string &file) {
  const Output packets =
      run({"ffprobe", "-v", "error", "-show_entries", "packet=codec_type,pts_time,duration_time",
           "-of", "csv=p=0", file.c_str()});
  std::vector<Shown> all;
  double audio = 0;
  std::istringstream lines(packets.out);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    std::string type, at, length;
    std::getline(fields, type, ',');
    std::getline(fields, at, ',');
    std::getline(fields, length, ',');
    const double when = g_ascii_strtod(at.c_str(), nullptr);
    if (type == "audio")
      audio = std::max(audio, when);
    else if (type == "subtitle")
      all.push_back({when, g_ascii_strtod(length.c_str(), nullptr), audio - when});
  }
  return all;
}

}  // namespace

// Lines come when they are complete, some much later, or after one that began later.
GST_START_TEST(test_times) {
  Spoken meeting;
  meeting.wait(3500);
  meeting.say(1, "First.", 500, 3000);
  meeting.wait(5000);
  meeting.say(2, "Without an end.", 4500, 0);
  meeting.say(1, "Longer.", 1500, 4900);
  meeting.wait(9000);
  meeting.say(3, "Much too late.", -40000, -38000);
  meeting.say(1, "At the end.", 8500, 8900);
  meeting.say(2, std::string(700, 'x'), 8700, 8900);
  meeting.wait(11000);
  meeting.finish();
  const std::string vtt = meeting.text_of("meeting.vtt");
  const auto place = [&vtt](const char *text) { return vtt.find(text); };
  ck_assert_msg(place("First.") < place("Longer.") && place("Longer.") < place("Without an end."),
                "%s", vtt.c_str());
  auto shown = shown_in(meeting.file("meeting.mkv"));
  std::sort(shown.begin(), shown.end(),
            [](const Shown &one, const Shown &other) { return one.at < other.at; });
  // Each stands where it is due, the one from before the recording at its beginning, and one that
  // is too long for a reserved block at the end.
  const double starts[] = {0, 1, 4, 8}, lengths[] = {2.5, 3.4, 2, 0.4};
  ck_assert_uint_eq(shown.size(), 2 + G_N_ELEMENTS(starts));
  for (std::size_t i = 0; i < shown.size(); i++) {
    const Shown &one = shown[i];
    g_print("%f for %f, behind %f\n", one.at, one.length, one.behind);
    ck_assert_msg(one.behind < 0.25 && one.behind > -1.5, "%zu stands %f s behind its time", i,
                  one.behind);
  }
  expect_near("before the recording", shown[0].at, 0, 0.01);
  for (std::size_t i = 0; i < G_N_ELEMENTS(starts); i++) {
    const Shown &one = shown[i + 1];
    expect_near("start", one.at - shown[1].at, starts[i], 0.1);
    ck_assert_msg(one.length >= lengths[i] - 0.01 && one.length < 7, "%zu lasts %f s", i,
                  one.length);
  }
  ck_assert_msg(shown.back().at - shown[1].at > 8.2, "%f", shown.back().at);
}
GST_END_TEST;

// What players show of it is what was said.
GST_START_TEST(test_no_markup) {
  Spoken meeting;
  meeting.wait(500);
  const char *const texts[] = {"List<String>", R"({\\an8}top)", "a < b && c > d",
                               R"(one\n\ntwo --> <b>three</b>)", R"(C:\\new)"};
  const char *const shown[] = {"Ada: List<\u2060String>", "Ada: \uff5b\\\u2060an8\uff5dtop",
                               "Ada: a <\u2060 b && c > d",
                               "Ada: one  two --> <\u2060b>three<\u2060/b>", "Ada: C:\\\u2060new"};
  for (std::size_t i = 0; i < std::size(texts); i++)
    meeting.say(1, texts[i], static_cast<int64_t>(100 * i), 0);
  meeting.wait(1000);
  meeting.finish();
  const std::string file = meeting.file("meeting.mkv");
  for (const char *format : {"srt", "webvtt", "ass"}) {
    const Output output =
        run({"ffmpeg", "-v", "error", "-i", file.c_str(), "-map", "0:s", "-f", format, "-"});
    for (const char *text : shown)
      ck_assert_msg(contains(output.out, text), "%s: no %s in %s", format, text,
                    output.out.c_str());
    expect_text(output.err, "");
  }
}
GST_END_TEST;

// A line is edited and taken back, in time and afterwards.
GST_START_TEST(test_changes) {
  Spoken meeting;
  meeting.wait(1000);
  meeting.say(1, "Helo.", 100, 0, ",\"attribute\":1");
  meeting.say(1, "Hello.", 100, 0, ",\"attribute\":2");
  meeting.say(2, "Oops.", 200, 0, ",\"attribute\":1");
  meeting.say(2, "Oops.", 200, 0, ",\"attribute\":3");
  meeting.wait(5500);
  meeting.wait(10000);
  meeting.say(1, "Goodbye.", 100, 0, ",\"attribute\":2");
  meeting.wait(10500);
  meeting.finish();
  const std::string vtt = meeting.text_of("meeting.vtt");
  for (const char *text : {"<v Ada>Hello.\n", "<v Ada>[edited] Goodbye.\n"})
    ck_assert_msg(contains(vtt, text), "%s", vtt.c_str());
  for (const char *text : {"Helo.", "Oops."})
    ck_assert_msg(!contains(vtt, text), "%s", vtt.c_str());
  const std::string all = meeting.text_of("transcript.jsonl");
  for (const char *text :
       {R"("text":"Helo.")", R"("operation":"update")", R"("operation":"delete")"})
    ck_assert_msg(contains(all, text), "%s", all.c_str());
}
GST_END_TEST;

static Suite *recorder_texts_suite() {
  Suite *suite = suite_create("recorder_texts");
  add_case(suite, "times", test_times);
  add_case(suite, "no-markup", test_no_markup);
  add_case(suite, "changes", test_changes);
  return suite;
}

GST_CHECK_MAIN(recorder_texts)
