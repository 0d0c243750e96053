// SPDX-License-Identifier: LGPL-2.1-or-later
#include <filesystem>
#include <sstream>

#include "recording.h"

#include <json-glib/json-glib.h>

#include <algorithm>

namespace rtmscheck {

namespace {

// Quieter than the made meeting's speech ever is for long; louder than it ever is.
constexpr double kQuiet_dB = -45, kLoud_dB = -14;
constexpr double kHush = 0.06;
constexpr double kWhite = 150;

double seconds(JsonObject *object, const char *member) {
  const char *text = json_object_get_string_member_with_default(object, member, "nan");
  return g_ascii_strtod(text, nullptr);
}

struct Sample {
  double time = 0, value = 0;
};

// What a filter measures of each frame: "frame:0 pts:0 pts_time:0.02", then "key=value".
std::vector<Sample> measure(const std::string &file, const std::string &stream, const char *option,
                            const std::string &filter) {
  const std::string map = "0:" + stream;
  Output output = run({"ffmpeg", "-nostdin", "-v", "error", "-copyts", "-i", file.c_str(), "-map",
                       map.c_str(), option, filter.c_str(), "-fps_mode", "passthrough",
                       "-enc_time_base", "-1", "-f", "null", "-"});
  std::vector<Sample> samples;
  std::istringstream lines(output.out);
  Sample sample;
  for (std::string line; std::getline(lines, line);) {
    const std::size_t time = line.find("pts_time:"), value = line.find('=');
    if (time != std::string::npos)
      sample.time = g_ascii_strtod(line.c_str() + time + 9, nullptr);
    if (time != std::string::npos || value == std::string::npos)
      continue;
    sample.value = g_ascii_strtod(line.c_str() + value + 1, nullptr);
    samples.push_back(sample);
  }
  return samples;
}

std::vector<double> flashes_of(const std::string &file) {
  std::vector<double> flashes;
  bool white = false;
  for (const Sample &picture :
       measure(file, "v:0", "-vf",
               "scale=32:18,signalstats,metadata=mode=print:key=lavfi.signalstats.YAVG:file=-")) {
    if (picture.value > kWhite && !white)
      flashes.push_back(picture.time);
    white = picture.value > kWhite;
  }
  return flashes;
}

// A beep follows a hush that was really recorded: sound that comes back in the middle of one does
// not count.
class BeepFinder {
 public:
  void add(const Sample &window) {
    constexpr double kGap = 0.005, kRise = 0.01;
    const bool follows = window.time - last_ < kGap;
    last_ = window.time;
    if (window.value <= kQuiet_dB) {
      if (std::isnan(quiet_since_) || !follows)
        quiet_since_ = window.time;
      return;
    }
    if (!std::isnan(quiet_since_))
      start_ = follows && window.time - quiet_since_ >= kHush ? window.time : NAN;
    quiet_since_ = NAN;
    if (window.value > kLoud_dB && window.time - start_ < kRise) {
      beeps.push_back(start_);
      start_ = NAN;
    }
  }

  std::vector<double> beeps;

 private:
  double quiet_since_ = NAN, start_ = NAN, last_ = NAN;
};

}  // namespace

TemporaryDirectory::TemporaryDirectory() {
  CharPtr path(g_dir_make_tmp("rtms-check-XXXXXX", nullptr));
  ck_assert(path != nullptr);
  path_ = path.get();
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

Output run(std::vector<const char *> arguments) {
  arguments.push_back(nullptr);
  char *out = nullptr, *err = nullptr;
  int status = 0;
  GError *failure = nullptr;
  bool spawned = g_spawn_sync(nullptr, const_cast<char **>(arguments.data()), nullptr,
                              G_SPAWN_SEARCH_PATH, nullptr, nullptr, &out, &err, &status, &failure);
  CharPtr owned_out(out), owned_err(err);
  ck_assert_msg(spawned, "%s: %s", arguments[0], failure ? failure->message : "");
  const bool good = g_spawn_check_wait_status(status, &failure);
  ErrorPtr ended(failure);
  ck_assert_msg(good, "%s: %s: %.500s%.500s", arguments[0], failure ? failure->message : "", err,
                out);
  return {out, err};
}

std::map<std::string, Track> tracks_of(const std::string &file) {
  Output output = run({"ffprobe", "-v", "error", "-of", "json", "-show_entries",
                       "stream=index,codec_type,codec_name:packet=stream_index,pts_time,"
                       "duration_time",
                       "-show_packets", "-show_streams", file.c_str()});
  ck_assert_msg(output.err.empty(), "ffprobe: %.500s", output.err.c_str());
  ObjectPtr<JsonParser> parser(json_parser_new());
  ck_assert(json_parser_load_from_data(parser.get(), output.out.c_str(), -1, nullptr));
  JsonObject *root = json_node_get_object(json_parser_get_root(parser.get()));
  std::map<int64_t, std::string> types;
  std::map<std::string, int> counts;
  std::map<std::string, Track> tracks;
  JsonArray *streams = json_object_get_array_member(root, "streams");
  for (guint i = 0; i < json_array_get_length(streams); i++) {
    JsonObject *stream = json_array_get_object_element(streams, i);
    ck_assert_msg(json_object_has_member(stream, "codec_type") &&
                      json_object_has_member(stream, "codec_name"),
                  "stream %u of %s has no codec: %.500s", i, file.c_str(), output.out.c_str());
    std::string type = json_object_get_string_member(stream, "codec_type");
    if (int count = counts[type]++)
      type += " " + std::to_string(count);
    types[json_object_get_int_member(stream, "index")] = type;
    tracks[type].codec = json_object_get_string_member(stream, "codec_name");
  }
  JsonArray *packets = json_object_get_array_member(root, "packets");
  for (guint i = 0; i < json_array_get_length(packets); i++) {
    JsonObject *packet = json_array_get_object_element(packets, i);
    Track &track = tracks[types[json_object_get_int_member(packet, "stream_index")]];
    double start = seconds(packet, "pts_time"), duration = seconds(packet, "duration_time");
    track.packets++;
    track.first = std::min(track.first, start);
    track.end = std::max(track.end, start + (std::isnan(duration) ? 0 : duration));
  }
  return tracks;
}

uint64_t size_of(const std::string &file) {
  std::error_code none;
  const auto size = std::filesystem::file_size(file, none);
  return none ? 0 : size;
}

double start_of(const std::map<std::string, Track> &tracks) {
  double start = INFINITY;
  for (const auto &[name, track] : tracks)
    start = std::min(start, track.first);
  return start;
}

void expect_near(const char *what, double got, double wanted, double tolerance) {
  ck_assert_msg(std::fabs(got - wanted) <= tolerance, "%s: %f instead of %f", what, got, wanted);
}

void expect_playable(const std::string &file, const char *streams) {
  std::vector<const char *> arguments = {"ffmpeg", "-nostdin", "-v", "error", "-i", file.c_str()};
  if (streams)
    arguments.insert(arguments.end(), {"-map", streams});
  // In the file's own time base: pictures with jitter do not fit a constant frame rate.
  arguments.insert(arguments.end(),
                   {"-fps_mode", "passthrough", "-enc_time_base", "-1", "-f", "null", "-"});
  Output output = run(arguments);
  // Of thousands of complaints the first is enough.
  ck_assert_msg(output.err.empty(), "ffmpeg: %.500s", output.err.c_str());
}

ElementPtr parse_launch(const char *description) {
  GError *failure = nullptr;
  GstElement *pipeline = gst_parse_launch(description, &failure);
  ErrorPtr owned(failure);
  ck_assert_msg(pipeline && !failure, "%s", failure ? failure->message : description);
  return ElementPtr(static_cast<GstElement *>(gst_object_ref_sink(pipeline)));
}

// Plays to the end; a warning is as bad as an error.
void play(GstElement *pipeline) {
  ck_assert_int_ne(gst_element_set_state(pipeline, GST_STATE_PLAYING), GST_STATE_CHANGE_FAILURE);
  BusPtr bus(gst_element_get_bus(pipeline));
  MessagePtr message(gst_bus_timed_pop_filtered(
      bus.get(), 4 * static_cast<GstClockTime>(kDeadlineMs) * GST_MSECOND,
      static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR | GST_MESSAGE_WARNING)));
  ck_assert_msg(message != nullptr, "no end");
  if (GST_MESSAGE_TYPE(message.get()) != GST_MESSAGE_EOS) {
    Failure failure = failure_of(message.get());
    ck_abort_msg("%s: %s", failure.text.c_str(), failure.debug.c_str());
  }
  const Awake awake;
  gst_element_set_state(pipeline, GST_STATE_NULL);
  expect_prompt("to NULL", awake, kPromptMs);
}

std::vector<double> beeps_of(const std::string &file, unsigned track) {
  BeepFinder finder;
  for (const Sample &window :
       measure(file, "a:" + std::to_string(track), "-af",
               "aresample=16000,asetnsamples=n=32:p=0,astats=metadata=1:reset=1,"
               "ametadata=mode=print:key=lavfi.astats.Overall.RMS_level:file=-"))
    finder.add(window);
  return finder.beeps;
}

FlashBeep flash_beep(const std::string &file, unsigned audio_track) {
  return {flashes_of(file), beeps_of(file, audio_track)};
}

std::string to_string(const FlashBeep &found) {
  std::ostringstream text;
  text.precision(3);
  text << std::fixed << "flashes:";
  for (double flash : found.flashes)
    text << " " << flash;
  text << "\nbeeps:";
  for (double beep : found.beeps)
    text << " " << beep;
  return text.str();
}

void expect_in_sync(const FlashBeep &found, double tolerance, unsigned fewest) {
  if (!in_real_time())
    return;
  constexpr double kNear = 0.3;
  unsigned pairs = 0;
  double sum = 0, furthest = 0;
  for (double flash : found.flashes) {
    auto later = std::lower_bound(found.beeps.begin(), found.beeps.end(), flash - kNear);
    if (later == found.beeps.end() || *later > flash + kNear)
      continue;
    pairs++;
    sum += flash - *later;
    furthest = std::max(furthest, std::fabs(flash - *later));
    ck_assert_msg(std::fabs(flash - *later) <= tolerance, "%.3f s: beep at %.3f s\n%s", flash,
                  *later, to_string(found).c_str());
  }
  g_print("%u seconds: the flash is %.1f ms after the beep on average, %.1f ms away at most\n",
          pairs, 1000 * sum / std::max(pairs, 1u), 1000 * furthest);
  ck_assert_msg(pairs >= fewest, "%u of %u seconds\n%s", pairs, fewest, to_string(found).c_str());
}

void add_case(Suite *suite, const char *name, TFun test, int times) {
  constexpr double kPatienceSeconds = 240;
  TCase *one = tcase_create(name);
  tcase_set_timeout(one, kPatienceSeconds);
  tcase_add_loop_test(one, test, 0, times);
  suite_add_tcase(suite, one);
}

}  // namespace rtmscheck
