// SPDX-License-Identifier: LGPL-2.1-or-later
// rtms-recorder --join: what is in the parts of a recording is in the joined file, at its time.
#include <algorithm>
#include <array>
#include <cmath>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "killed.h"

namespace {

using namespace rtmscheck;

// Two parts: the recorder ends in the middle, in one way or the other, and starts again.
struct Halves {
  Halves(Config config, int signal, const std::vector<std::string> &options)
      : server(serve(std::move(config))), first(options) {
    constexpr int kPackets = 150;
    first.announce(*server);
    first.wait_messages(*server, "audio", kPackets);
    if (signal == SIGKILL) {
      lost = kill_at_work(&first, *server) + kOnTheWay;
    } else {
      first.program().send(signal);
      ck_assert(first.program().wait(kDeadlineMs));
    }
    second.emplace(RecorderRun::Setup{options, first.output(), {}, true});
    second->wait_events("resumed", 1);
    if (signal == SIGKILL)
      second->wait_events("tail", 1);
    // Long enough for some whole seconds, whatever a killed recorder's video lacks.
    constexpr int kLater = 300;
    second->wait_messages(*server, "audio", kLater);
    server->end_stream(6);
    second->wait_events("finished", 1);
    second->program().send(SIGTERM);
    second->expect_end();
    parts = second->folders();
    ck_assert_uint_eq(parts.size(), 2);
    file = join(parts, joined.path());
  }

  std::unique_ptr<Server> server;
  RecorderRun first;
  std::optional<RecorderRun> second;
  std::vector<std::string> parts;
  TemporaryDirectory joined;
  std::string file;
  std::size_t lost = 0;  // messages, at a kill
};

constexpr int kSignals[] = {SIGKILL, SIGTERM};

}  // namespace

// Each sample and each picture tells its number.
GST_START_TEST(test_numbers) {
  const int signal = kSignals[__i__];
  Halves halves(numbered(kLong_ms), signal, {"--video-resolution=sd"});
  std::set<int64_t> packets, pictures;
  for (const std::string &part : halves.parts) {
    const Contents contents = contents_of(part + "/meeting.mkv", 0);
    ck_assert_msg(contents.error.empty(), "%s", contents.error.c_str());
    ck_assert_uint_ge(contents.packets.size(), 100);
    ck_assert_uint_ge(contents.pictures.size(), 40);
    packets.insert(contents.packets.begin(), contents.packets.end());
    pictures.insert(contents.pictures.begin(), contents.pictures.end());
  }
  const Contents all = contents_of(halves.file, 0);
  ck_assert_msg(all.error.empty(), "%s", all.error.c_str());
  // Where one part ends and the next begins, half of a packet is in each.
  constexpr std::size_t kCut = 2;
  ck_assert_msg(!in_real_time() || all.packets.size() + kCut >= packets.size(),
                "%zu packets of %zu", all.packets.size(), packets.size());
  // The tail of a killed part has more.
  ck_assert(!in_real_time() || std::includes(all.pictures.begin(), all.pictures.end(),
                                             pictures.begin(), pictures.end()));
  const uint64_t sent = halves.server->sent(Media::Audio),
                 pictures_sent = halves.server->sent(Media::Video);
  g_print("%zu of %d packets, %zu of %d pictures, at most %zu lost\n", all.packets.size(),
          static_cast<int>(sent), all.pictures.size(), static_cast<int>(pictures_sent),
          halves.lost);
  // rtmssrc passes video in batches of 100 ms.
  constexpr std::size_t kBatch = 5;
  if (in_real_time()) {
    ck_assert_uint_ge(all.packets.size() + kCut + halves.lost, sent);
    ck_assert_uint_ge(all.pictures.size() + halves.lost + kBatch, pictures_sent);
  }
}
GST_END_TEST;

// The threads of the joined tracks race, the file does not.
GST_START_TEST(test_each_time) {
  const Halves halves(numbered(kLong_ms), SIGTERM, {"--video-resolution=sd"});
  const auto first = tracks_of(halves.file);
  for (int i = 0; i < 20; i++) {
    const TemporaryDirectory joined;
    for (const auto &[name, track] : tracks_of(join(halves.parts, joined.path()))) {
      const int all = first.at(name).packets;
      ck_assert_msg(track.packets == all, "%s: %d packets of %d", name.c_str(), track.packets, all);
    }
  }
}
GST_END_TEST;

// What is left of a packet that two parts have has a timestamp of its own, wherever they meet.
GST_START_TEST(test_meet) {
  TemporaryDirectory directory;
  namespace fs = std::filesystem;
  constexpr int kStart_ms = 1000000, kFrom_ms = 975, kTo_ms = 1000;
  constexpr int kSamples[] = {325, 333, 347, 1111, 1453};
  std::vector<std::string> folders;
  for (const int samples : {kSamples[__i__], 320}) {
    folders.push_back(directory.file(std::to_string(samples)));
    fs::create_directories(folders.back());
    std::string problem;
    // About a second, in packets whose timestamps are rounded to 1 ms.
    ElementPtr pipeline = launch(
        "audiotestsrc num-buffers=" + std::to_string(16000 / samples + 1) +
            " samplesperbuffer=" + std::to_string(samples) +
            " ! audio/x-raw,format=S16LE,rate=16000,channels=1 ! matroskamux ! filesink location=" +
            folders.back() + "/meeting.mkv",
        &problem);
    problem += play_all(pipeline.get(), kDeadlineMs);
    ck_assert_msg(problem.empty(), "%s", problem.c_str());
  }
  for (int at_ms = kFrom_ms; at_ms < kTo_ms; at_ms++) {
    for (int part = 0; part < 2; part++)
      std::ofstream(folders[static_cast<std::size_t>(part)] + "/meeting.json")
          << "{\"recording\":\"one\",\"part\":" << part + 1
          << ",\"capture_start_ms\":" << kStart_ms + part * at_ms << "}";
    TemporaryDirectory joined;
    expect_playable(join(folders, joined.path()));
  }
}
GST_END_TEST;

namespace {

// The folder of a part, with about three seconds of audio from `start_ms` on; 0: without audio.
std::string make_part(const TemporaryDirectory &directory, int number, int64_t start_ms) {
  const std::string folder = directory.file(std::to_string(number));
  std::filesystem::create_directories(folder);
  std::ofstream(folder + "/meeting.json") << "{\"recording\":\"one\",\"part\":" << number
                                          << ",\"capture_start_ms\":" << start_ms << "}";
  if (!start_ms)
    return folder;
  std::string problem;
  ElementPtr pipeline = launch(
      "audiotestsrc num-buffers=50 ! audio/x-raw,format=S16LE,rate=16000,channels=1 ! "
      "matroskamux ! filesink location=" +
          folder + "/meeting.mkv",
      &problem);
  problem += play_all(pipeline.get(), kDeadlineMs);
  ck_assert_msg(problem.empty(), "%s", problem.c_str());
  return folder;
}

std::string whole(const std::string &file) {
  std::ifstream in(file);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

}  // namespace

// In the second part nobody speaks, and somebody writes.
GST_START_TEST(test_texts_alone) {
  TemporaryDirectory directory;
  std::vector<std::string> folders;
  for (int part = 0; part < 2; part++) {
    folders.push_back(make_part(directory, part + 1, part == 0 ? 1000000 : 0));
    std::ofstream(folders.back() + "/chat.jsonl") << "{\"data\":" << part << "}\n";
  }
  TemporaryDirectory joined;
  expect_playable(join(folders, joined.path()));
  expect_text(whole(joined.file("chat.jsonl")), "{\"data\":0}\n{\"data\":1}\n");
}
GST_END_TEST;

// Whoever deletes the parts after a success must not lose what could not be read.
GST_START_TEST(test_unreadable_texts) {
  TemporaryDirectory directory, joined;
  const std::string part = make_part(directory, 1, 1000000);
  std::filesystem::create_directory(part + "/chat.jsonl");
  Program program(
      {{g_getenv("RTMS_RECORDER"), "--join", "-o", joined.path(), part}, directory.path(), {}});
  ck_assert(program.wait(kDeadlineMs) && !program.succeeded());
  ck_assert_msg(contains(program.output(), "chat.jsonl"), "%s", program.output().c_str());
}
GST_END_TEST;

// After a reconnect the service repeats lines, which are at the start of the second part. Who says
// the same twice has said it twice.
GST_START_TEST(test_repeated_lines) {
  TemporaryDirectory directory;
  const auto line = [](const char *text, int at) {
    return std::string(R"({"user_id":7,"user_name":"A <B>","text":")") + text +
           R"(","start_time":)" + std::to_string(at) + R"(,"final":true})" + "\n";
  };
  const auto cue = [](const char *text, const char *time) {
    return std::string(time) + "\n<v A &lt;B&gt;>" + text + "\n\n";
  };
  const std::string yes = line("Yes.", 1000000), no = line("No.", 1001000),
                    again = line("Yes.", 1004000);
  const std::vector<std::string> folders = {make_part(directory, 1, 1000000),
                                            make_part(directory, 2, 1003000)};
  std::ofstream(folders[0] + "/transcript.jsonl") << yes << no;
  std::ofstream(folders[1] + "/transcript.jsonl") << yes << no << again;
  const char *const start = "00:00:00.000 --> 00:00:01.000";
  std::ofstream(folders[0] + "/meeting.vtt")
      << "WEBVTT\n\n"
      << cue("Yes.", start) << cue("No.", "00:00:01.000 --> 00:00:02.000");
  std::ofstream(folders[1] + "/meeting.vtt")
      << "WEBVTT\n\n"
      << cue("Yes.", start) << cue("No.", start) << cue("Yes.", "00:00:01.000 --> 00:00:02.000")
      << cue("unknown", start);
  TemporaryDirectory joined;
  expect_playable(join(folders, joined.path()));
  expect_text(whole(joined.file("meeting.vtt")),
              "WEBVTT\n\n" + cue("Yes.", start) + cue("No.", "00:00:01.000 --> 00:00:02.000") +
                  cue("Yes.", "00:00:04.000 --> 00:00:05.000") +
                  cue("unknown", "00:00:03.000 --> 00:00:04.000"));
}
GST_END_TEST;

// Parts of a second, whose video tracks have no frame, end while others are still being opened.
GST_START_TEST(test_no_frames) {
  constexpr int kParts = 16, kJoins = 5;
  TemporaryDirectory directory;
  std::vector<std::string> folders;
  for (int part = 0; part < kParts; part++) {
    folders.push_back(directory.file(std::to_string(part)));
    std::filesystem::create_directories(folders.back());
    std::ofstream(folders.back() + "/meeting.json")
        << "{\"recording\":\"one\",\"part\":" << part + 1
        << ",\"capture_start_ms\":" << 1000000 + part * 1000 << "}";
    std::string problem;
    ElementPtr pipeline = launch(
        "audiotestsrc num-buffers=50 samplesperbuffer=320 ! "
        "audio/x-raw,format=S16LE,rate=16000,channels=1 ! matroskamux name=mux ! filesink "
        "location=" +
            folders.back() +
            "/meeting.mkv appsrc name=frames caps=image/jpeg,width=320,height=240,framerate=25/1 ! "
            "mux.",
        &problem);
    ElementPtr frames(gst_bin_get_by_name(GST_BIN(pipeline.get()), "frames"));
    GstFlowReturn flow;
    g_signal_emit_by_name(frames.get(), "end-of-stream", &flow);
    problem += play_all(pipeline.get(), kDeadlineMs);
    ck_assert_msg(problem.empty(), "%s", problem.c_str());
  }
  for (int i = 0; i < kJoins; i++) {
    TemporaryDirectory joined;
    const auto tracks = tracks_of(join(folders, joined.path()));
    ck_assert_uint_eq(tracks.size(), 2);
  }
}
GST_END_TEST;

// Recorders that were killed while they wrote their headers do not spoil the other parts.
GST_START_TEST(test_headers) {
  constexpr int kJoins = 10;
  TemporaryDirectory directory;
  std::vector<std::string> folders;
  std::string header;
  for (int part = 0; part < 5; part++) {
    folders.push_back(directory.file(std::to_string(part)));
    std::filesystem::create_directories(folders.back());
    const std::string file = folders.back() + "/meeting.mkv";
    const bool is_whole = part % 2 == 0;
    std::ofstream(folders.back() + "/meeting.json")
        << "{\"recording\":\"one\",\"state\":\"" << (is_whole ? "finished" : "interrupted")
        << "\",\"part\":" << part + 1 << ",\"capture_start_ms\":" << 1000000 + part * 1000 << "}";
    if (!is_whole) {
      std::ofstream(file) << header.substr(0, part == 1 ? header.size() : header.size() / 2);
      continue;
    }
    std::string problem;
    ElementPtr pipeline = launch(
        "audiotestsrc num-buffers=50 samplesperbuffer=320 ! "
        "audio/x-raw,format=S16LE,rate=16000,channels=1 ! matroskamux ! filesink location=" +
            file,
        &problem);
    problem += play_all(pipeline.get(), kDeadlineMs);
    ck_assert_msg(problem.empty(), "%s", problem.c_str());
    std::ostringstream text;
    text << std::ifstream(file).rdbuf();
    header = text.str().substr(0, text.str().find("\x1f\x43\xb6\x75"));
    ck_assert_uint_lt(header.size(), text.str().size());
  }
  for (int i = 0; i < kJoins; i++) {
    TemporaryDirectory joined;
    const auto tracks = tracks_of(join(folders, joined.path()));
    expect_near("audio", tracks.at("audio").end, 5, 0.1);
  }
}
GST_END_TEST;

// The file of a part is missing, or is none: the others are joined, and that is told.
GST_START_TEST(test_damaged) {
  TemporaryDirectory directory;
  std::vector<std::string> folders;
  for (int part = 1; part <= 3; part++) {
    folders.push_back(directory.file(std::to_string(part)));
    std::filesystem::create_directories(folders.back());
    std::ofstream(folders.back() + "/meeting.json")
        << "{\"recording\":\"one\",\"state\":\"finished\",\"duration_s\":1.0,\"part\":" << part
        << ",\"capture_start_ms\":" << 1000000 + part * 1000 << "}";
    std::string problem;
    ElementPtr pipeline = launch(
        "audiotestsrc num-buffers=50 samplesperbuffer=320 ! "
        "audio/x-raw,format=S16LE,rate=16000,channels=1 ! matroskamux ! filesink location=" +
            folders.back() + "/meeting.mkv",
        &problem);
    problem += play_all(pipeline.get(), kDeadlineMs);
    ck_assert_msg(problem.empty(), "%s", problem.c_str());
  }
  const std::string file = folders[1] + "/meeting.mkv";
  if (__i__ == 0)
    std::filesystem::remove(file);
  else
    std::ofstream(file) << (__i__ == 1 ? std::string(10000, 'x') : "");
  if (__i__ == 3)
    folders.erase(folders.begin() + 1);
  const std::string to = "--output=" + directory.path();
  std::vector<std::string> arguments = {g_getenv("RTMS_RECORDER"), "--join", to};
  arguments.insert(arguments.end(), folders.begin(), folders.end());
  Program program({arguments, directory.path(), {}});
  ck_assert(program.wait(kDeadlineMs));
  ck_assert(!program.succeeded());
  const std::string what = __i__ == 3 ? "Part 2 is not among the folders" : folders[1];
  ck_assert_msg(contains(program.output(), what), "%s", program.output().c_str());
  expect_near("audio", tracks_of(directory.file("meeting.mkv")).at("audio").end, 3, 0.1);
}
GST_END_TEST;

// The clocks drift: the end of a part sees its start at another time than its beginning does. This
// is the second part, by half a second in one direction or the other.
GST_START_TEST(test_drift) {
  constexpr int64_t kDrift_ms = 500;
  const Halves halves(numbered(kLong_ms), SIGTERM, {"--video-resolution=sd"});
  const std::size_t packets = contents_of(halves.file, 0).packets.size();
  const std::string file = halves.parts[1] + "/meeting.json";
  const std::string report = halves.first.text_of(file);
  const std::string start = std::to_string(report_number(halves.parts[1], "capture_start_ms"));
  const std::string drift =
      "\"drift_ms\":" + std::to_string(report_number(halves.parts[1], "drift_ms"));
  for (const int64_t by_ms : {kDrift_ms, -kDrift_ms}) {
    std::string later = report;
    const auto replace = [&](const std::string &old, const std::string &with) {
      ck_assert_uint_ne(later.find(old), std::string::npos);
      later.replace(later.find(old), old.size(), with);
    };
    replace(start, std::to_string(std::stoll(start) + by_ms));
    replace(drift, "\"drift_ms\":" + std::to_string(by_ms));
    std::ofstream(file) << later;
    TemporaryDirectory joined;
    const Contents all = contents_of(join(halves.parts, joined.path()), 0);
    ck_assert_msg(all.packets.size() + 1 >= packets, "%d ms: %zu packets of %zu",
                  static_cast<int>(by_ms), all.packets.size(), packets);
  }
}
GST_END_TEST;

namespace {

// A tone, whose samples depend on the time only, with silence as the filler of a part's gaps.
constexpr int kRate = 16000, kPacket = kRate / 50;
using Packets = std::vector<std::pair<int, int>>;  // from, until

std::vector<int16_t> tone(int from, int until, const Packets &heard) {
  std::vector<int16_t> samples(static_cast<std::size_t>((until - from) * kPacket));
  for (const auto &[first, end] : heard)
    for (int at = first * kPacket; at < end * kPacket; at++)
      samples[static_cast<std::size_t>(at - from * kPacket)] =
          static_cast<int16_t>(std::lround(8000 * std::cos(at * 2 * G_PI * 440 / kRate)));
  return samples;
}

// A part with these packets of the tone, and silence between them.
std::string make_part(const TemporaryDirectory &directory, int number, const Packets &heard,
                      const std::string &codec) {
  constexpr int kStart_ms = 1000000, kPacket_ms = 20;
  const std::string folder = directory.file(std::to_string(number)), raw = folder + "/raw";
  std::filesystem::create_directories(folder);
  const int from = heard.front().first, until = heard.back().second;
  const auto samples = tone(from, until, heard);
  std::ofstream(raw, std::ios::binary)
      .write(reinterpret_cast<const char *>(samples.data()),
             static_cast<std::streamsize>(samples.size() * sizeof samples[0]));
  std::ofstream(folder + "/meeting.json")
      << "{\"recording\":\"one\",\"state\":\"finished\",\"part\":" << number
      << ",\"capture_start_ms\":" << kStart_ms + from * kPacket_ms
      << ",\"audio_end_ms\":" << (until - from) * kPacket_ms << "}";
  const bool mp4 = codec == "mp4";
  std::string problem;
  ElementPtr pipeline =
      launch("filesrc location=" + raw + " blocksize=" + std::to_string(2 * kPacket) +
                 " ! rawaudioparse pcm-format=s16le sample-rate=16000 num-channels=1 ! " +
                 (codec == "flac"  ? "flacenc quality=2 blocksize=320 ! "
                  : codec == "pcm" ? ""
                                   : "opusenc ! ") +
                 (mp4 ? "mp4mux" : "matroskamux") + " ! filesink location=" + folder + "/meeting." +
                 (mp4 ? "mp4" : "mkv"),
             &problem);
  problem += play_all(pipeline.get(), kDeadlineMs);
  ck_assert_msg(problem.empty(), "%s", problem.c_str());
  return folder;
}

}  // namespace

// Three recorders took the stream in turns: the audio of each is used, where the others have
// silence only.
GST_START_TEST(test_turns) {
  const std::string codec = std::array{"pcm", "flac", "opus", "mp4"}[static_cast<unsigned>(__i__)];
  TemporaryDirectory directory, joined;
  const std::vector<std::string> parts = {
      make_part(directory, 1, {{0, 100}, {237, 240}, {300, 350}}, codec),
      make_part(directory, 2, {{90, 150}, {160, 237}, {240, 249}, {350, 351}}, codec),
      make_part(directory, 3, {{150, 153}, {249, 300}, {351, 400}}, codec)};
  const std::string file = join(parts, joined.path()), raw = joined.file("raw");
  expect_playable(file);
  run({"ffmpeg", "-v", "error", "-i", file.c_str(), "-f", "s16le", "-ar", "16000", raw.c_str()});
  const std::string bytes = whole(raw);
  std::vector<int16_t> samples(bytes.size() / sizeof(int16_t));
  std::memcpy(samples.data(), bytes.data(), samples.size() * sizeof(int16_t));
  expect_near("seconds", static_cast<double>(samples.size()) / kRate, 8, 0.03);
  const auto expected = tone(0, 400, {{0, 400}});
  const auto silent = std::count_if(samples.begin(), samples.end(),
                                    [](int16_t sample) { return std::abs(sample) < 100; });
  const auto expected_silent = std::count_if(expected.begin(), expected.end(),
                                             [](int16_t sample) { return std::abs(sample) < 100; });
  // Nobody has {153, 160}. A decoder of Opus needs some packets to become loud.
  constexpr int kLacks = 7 * kPacket, kBecomesLoud = 35 * kPacket;
  const bool is_lossy = codec == "opus" || codec == "mp4";
  ck_assert_int_le(silent - expected_silent, kLacks + (is_lossy ? kBecomesLoud : 0));
  // Each at its time.
  for (size_t i = 0; !is_lossy && i < std::min(samples.size(), expected.size()); i++)
    ck_assert_msg(samples[i] == expected[i] || (i >= 153 * kPacket && i < 160 * kPacket),
                  "sample %zu is %d instead of %d", i, samples[i], expected[i]);
}
GST_END_TEST;

// Flashes and beeps come together each second, in both parts.
GST_START_TEST(test_together) {
  const bool mp4 = __i__ % 2;
  constexpr double kTogether = 0.06;
  Halves halves(replayed(), kSignals[__i__ / 2],
                {"--video-resolution=sd", mp4 ? "--format=mp4" : "--format=mkv"});
  expect_playable(halves.file);
  const FlashBeep found = flash_beep(halves.file);
  expect_in_sync(found, kTogether, 5);
  ck_assert(!found.beeps.empty());
  for (double beep : found.beeps) {
    const double apart = beep - found.beeps[0];
    ck_assert_msg(!in_real_time() || std::abs(apart - std::round(apart)) < kTogether, "%s",
                  to_string(found).c_str());
  }
}
GST_END_TEST;

// Of a recording of less than a second, too, the time of its start is known.
GST_START_TEST(test_short) {
  constexpr int64_t kShort_ms = 200;
  for (int i = 0; i < 4; i++) {
    auto server = serve(meeting_of(kShort_ms));
    RecorderRun run({"--video-resolution=sd"});
    run.announce(*server);
    run.wait_events("finished", 1);
    ck_assert_int_gt(report_number(run.only_folder(), "capture_start_ms"), 0);
  }
}
GST_END_TEST;

static Suite *recorder_join_suite() {
  Suite *suite = suite_create("recorder_join");
  add_case(suite, "numbers", test_numbers, 2);
  add_case(suite, "each-time", test_each_time);
  add_case(suite, "meet", test_meet, 5);
  add_case(suite, "short", test_short);
  add_case(suite, "no-frames", test_no_frames);
  add_case(suite, "texts-alone", test_texts_alone);
  add_case(suite, "repeated-lines", test_repeated_lines);
  add_case(suite, "texts-alone", test_unreadable_texts);
  add_case(suite, "headers", test_headers);
  add_case(suite, "damaged", test_damaged, 4);
  add_case(suite, "drift", test_drift);
  add_case(suite, "turns", test_turns, 4);
  constexpr double kPatienceSeconds = 90;
  for (const auto &[name, first] : {std::pair{"killed", 0}, {"ended", 2}}) {
    TCase *one = tcase_create(name);
    tcase_set_timeout(one, kPatienceSeconds);
    tcase_add_loop_test(one, test_together, first, first + 2);
    suite_add_tcase(suite, one);
  }
  return suite;
}

GST_CHECK_MAIN(recorder_join)
