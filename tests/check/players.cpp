// SPDX-License-Identifier: LGPL-2.1-or-later
#include "players.h"

#include <json-glib/json-glib.h>

#include <atomic>
#include <sstream>

namespace rtmscheck {
namespace {

constexpr double kNear = 0.5;  // in s

std::string text(double seconds) {
  char buffer[G_ASCII_DTOSTR_BUF_SIZE];
  return g_ascii_formatd(buffer, sizeof(buffer), "%.3f", seconds);
}

void expect_silent(const char *program, const std::string &file, const std::string &said) {
  ck_assert_msg(said.empty(), "%s on %s: %.1000s", program, file.c_str(), said.c_str());
}

// The first and the last time of what is decoded behind a seek, and how often.
struct Decoded {
  std::atomic<GstClockTime> first{GST_CLOCK_TIME_NONE}, last{0};
  std::atomic<unsigned> count{0};
};

GstElement *counting_sink(Decoded *decoded) {
  GstElement *sink = gst_element_factory_make("fakesink", nullptr);
  g_object_set(sink, "sync", FALSE, "signal-handoffs", TRUE, nullptr);
  const auto handoff = +[](GstElement *, GstBuffer *buffer, GstPad *, gpointer data) {
    auto all = static_cast<Decoded *>(data);
    if (!all->count++)
      all->first = GST_BUFFER_PTS(buffer);
    if (GST_BUFFER_PTS_IS_VALID(buffer))
      all->last = GST_BUFFER_PTS(buffer);
  };
  g_signal_connect(sink, "handoff", G_CALLBACK(handoff), decoded);
  return sink;
}

MessagePtr next_message(GstElement *pipeline, GstMessageType kinds) {
  BusPtr bus(gst_element_get_bus(pipeline));
  const auto all = static_cast<GstMessageType>(kinds | GST_MESSAGE_ERROR | GST_MESSAGE_WARNING);
  return MessagePtr(gst_bus_timed_pop_filtered(
      bus.get(), static_cast<GstClockTime>(kDeadlineMs) * GST_MSECOND, all));
}

void expect_message(GstElement *pipeline, GstMessageType kind, const Played &played) {
  const MessagePtr message = next_message(pipeline, kind);
  ck_assert_msg(message != nullptr, "%s: playbin has nothing to say", played.file.c_str());
  ck_assert_msg(GST_MESSAGE_TYPE(message.get()) == kind, "%s: %s", played.file.c_str(),
                failure_of(message.get()).text.c_str());
}

void expect_near_end(const Played &played, double last) {
  ck_assert_msg(last >= played.length - kNear, "%s: the last audio is at %f s of %f s",
                played.file.c_str(), last, played.length);
}

double member(JsonObject *object, const char *name) {
  return json_object_get_double_member_with_default(object, name, -1);
}

void expect_browsed(const Played &played, const std::string &line) {
  ObjectPtr<JsonParser> parser(json_parser_new());
  ck_assert_msg(json_parser_load_from_data(parser.get(), line.c_str(), -1, nullptr), "%s",
                line.c_str());
  JsonObject *found = json_node_get_object(json_parser_get_root(parser.get()));
  // In fragmented files, the browser adds a track's start to its end. A busy server's video is
  // late.
  const double length = member(found, "duration"),
               start = played.video ? tracks_of(played.file).at("video").first : 0;
  const bool good = json_array_get_length(json_object_get_array_member(found, "errors")) == 0 &&
                    length > played.length - kNear && length < played.length + start + kNear &&
                    member(found, "played") > 0 &&
                    std::abs(member(found, "seeked") - played.length / 2) < kNear &&
                    member(found, "ended") >= played.length - kNear &&
                    member(found, "loudest") > 0.05 && member(found, "cues") > 0 &&
                    (member(found, "width") > 0) == played.video;
  ck_assert_msg(good, "%s, %f s: the browser says %s", played.file.c_str(), played.length,
                line.c_str());
}

}  // namespace

void expect_ffmpeg(const Played &played) {
  expect_playable(played.file, played.video ? nullptr : "0:a");
  for (const double part : {0.3, 0.7}) {
    const std::string seek = text(part * played.length);
    // In the file's own time base: milliseconds do not fit a screen share's constant frame rate.
    const Output decoded =
        run({"ffmpeg", "-nostdin", "-v", "error", "-ss", seek.c_str(), "-i", played.file.c_str(),
             "-map", played.video ? "0" : "0:a", "-map", "-0:s?", "-fps_mode", "passthrough",
             "-enc_time_base", "-1", "-f", "null", "-"});
    expect_silent("ffmpeg", played.file, decoded.err);
    const Output output = run({"ffmpeg", "-nostdin", "-v", "error", "-ss", seek.c_str(), "-i",
                               played.file.c_str(), "-map", "0:a:0", "-ar", "16000", "-ac", "1",
                               "-c:a", "pcm_s16le", "-f", "framecrc", "-"});
    double bytes = 0;
    std::istringstream lines(output.out);
    for (std::string line; std::getline(lines, line);) {
      int stream = 0;
      long long pts = 0, dts = 0, duration = 0, size = 0;
      if (std::sscanf(line.c_str(), "%d, %lld, %lld, %lld, %lld", &stream, &pts, &dts, &duration,
                      &size) == 5)
        bytes += static_cast<double>(size);
    }
    constexpr double kBytesPerSecond = 32000;
    expect_near_end(played, part * played.length + bytes / kBytesPerSecond);
  }
}

void expect_gstreamer(const Played &played) {
  for (const double part : {0.3, 0.7}) {
    Decoded audio, video;
    ElementPtr playbin = parse_launch("playbin name=play");
    CharPtr uri(gst_filename_to_uri(played.file.c_str(), nullptr));
    g_object_set(playbin.get(), "uri", uri.get(), "audio-sink", counting_sink(&audio), "video-sink",
                 counting_sink(&video), "text-sink", gst_element_factory_make("fakesink", nullptr),
                 nullptr);
    gst_element_set_state(playbin.get(), GST_STATE_PAUSED);
    expect_message(playbin.get(), GST_MESSAGE_ASYNC_DONE, played);
    const auto to = static_cast<gint64>(part * played.length * GST_SECOND);
    audio.count = video.count = 0;
    ck_assert(gst_element_seek_simple(
        playbin.get(), GST_FORMAT_TIME,
        static_cast<GstSeekFlags>(GST_SEEK_FLAG_FLUSH | GST_SEEK_FLAG_ACCURATE), to));
    expect_message(playbin.get(), GST_MESSAGE_ASYNC_DONE, played);
    gst_element_set_state(playbin.get(), GST_STATE_PLAYING);
    expect_message(playbin.get(), GST_MESSAGE_EOS, played);
    gst_element_set_state(playbin.get(), GST_STATE_NULL);
    ck_assert_msg(audio.count > 0 && (video.count > 0 || !played.video), "%s: %u and %u buffers",
                  played.file.c_str(), audio.count.load(), video.count.load());
    expect_near_end(played, static_cast<double>(audio.last) / GST_SECOND);
  }
}

void expect_mpv(const Played &played) {
  // It starts where both tracks have begun. A busy server's video is late.
  const double late = played.video ? tracks_of(played.file).at("video").first : 0;
  const std::string length = "--length=" + text(late + 1.5);
  for (const double part : {0.0, 0.7}) {
    const std::string start = "--start=" + text(part * played.length);
    const Output output = run({"mpv", "--no-config", "--vo=null", "--ao=null", length.c_str(),
                               "--msg-level=all=warn,cplayer=error",
                               "--term-status-msg=", start.c_str(), played.file.c_str()});
    expect_silent("mpv", played.file, output.out + output.err);
  }
}

void expect_browser(const std::vector<Played> &all) {
  std::vector<std::string> words = {"python3", CHECK_SOURCE_ROOT "/tests/check/browser.py"};
  for (const Played &played : all) {
    words.push_back(played.file);
    words.push_back(played.file.substr(0, played.file.rfind('.')) + ".vtt");
    words.push_back(text(played.length / 2));
  }
  std::vector<const char *> arguments;
  for (const std::string &word : words)
    arguments.push_back(word.c_str());
  std::istringstream lines(run(arguments).out);
  for (const Played &played : all) {
    std::string line;
    ck_assert_msg(std::getline(lines, line), "%s: the browser says nothing", played.file.c_str());
    g_print("%s\n", line.c_str());
    expect_browsed(played, line);
  }
}

}  // namespace rtmscheck
