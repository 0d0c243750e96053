// SPDX-License-Identifier: LGPL-2.1-or-later
// Time: positions, durations, flags and capture times of buffers, GAPs, latency.
#include <algorithm>
#include <atomic>
#include <random>

#include "counter.h"
#include "recording.h"

namespace {

using namespace rtmscheck;

// Media that come a while after what the server says first on the signaling socket.
class LateSource : public ListSource {
 public:
  bool next(Media m, MediaItem &item, int64_t &due_ms) override {
    constexpr int64_t kLateMs = 200;
    bool more = ListSource::next(m, item, due_ms);
    due_ms += kLateMs;
    return more;
  }
};

// Where a buffer lies on the stream's timeline.
GstClockTime position(const PadRecord &pad, const Packet &packet) {
  auto event = const_cast<GstEvent *>(pad.first(GST_EVENT_SEGMENT));
  ck_assert(event != nullptr);
  const GstSegment *segment = nullptr;
  gst_event_parse_segment(event, &segment);
  return gst_segment_to_stream_time(segment, GST_FORMAT_TIME, packet.pts);
}

GstClockTime capture(int64_t at_ms) {
  return static_cast<GstClockTime>(kStartMs + at_ms) * GST_MSECOND;
}

void expect_position(const PadRecord &pad, std::size_t index, int64_t ms) {
  ck_assert_uint_lt(index, pad.packets.size());
  ck_assert_uint_eq(position(pad, pad.packets[index]), static_cast<GstClockTime>(ms) * GST_MSECOND);
}

// How far the running time of the last buffer is ahead of the clock's.
struct Lead {
  Counter buffers;
  std::atomic<int64_t> last_ns{0};

  static void measure(GstElement *sink, GstBuffer *buffer, GstPad *pad, gpointer data) {
    auto self = static_cast<Lead *>(data);
    const MiniObjectPtr<GstEvent> event(gst_pad_get_sticky_event(pad, GST_EVENT_SEGMENT, 0));
    const GstSegment *segment = nullptr;
    gst_event_parse_segment(event.get(), &segment);
    const auto running = static_cast<int64_t>(
        gst_segment_to_running_time(segment, GST_FORMAT_TIME, GST_BUFFER_PTS(buffer)));
    const GstClockTime now = gst_element_get_current_running_time(sink);
    self->last_ns = running - (GST_CLOCK_TIME_IS_VALID(now) ? static_cast<int64_t>(now) : 0);
    self->buffers.add();
  }
};

struct Anchor {
  int64_t first_packet_ms;  // relative to the first media; 0: no such event
  int64_t position_ms;      // of the first media
};
const Anchor kAnchors[] = {{0, 0}, {-5000, 5000}, {-89000, 89000}, {-91000, 0}, {1000, 0}};

bool query_latency(GstElement *element, GstPad *pad, gboolean *live, GstClockTime *min,
                   GstClockTime *max) {
  MiniObjectPtr<GstQuery> query(gst_query_new_latency());
  bool answered = pad ? gst_pad_query(pad, query.get()) : gst_element_query(element, query.get());
  if (answered)
    gst_query_parse_latency(query.get(), live, min, max);
  return answered;
}

void expect_latency(GstElement *element, GstPad *pad, GstClockTime expected) {
  gboolean live = FALSE;
  GstClockTime min = 0, max = 0;
  ck_assert(query_latency(element, pad, &live, &min, &max));
  ck_assert(live);
  ck_assert_uint_eq(min, expected);
  ck_assert(max >= min);
}

}  // namespace

GST_START_TEST(test_common_timeline) {
  auto source = std::make_shared<ListSource>();
  for (unsigned i = 0; i < 50; i++)
    source->add(item(Media::Audio, 20 * i, random_bytes(640, i), 0));
  for (unsigned i = 0; i < 25; i++)
    source->add(item(Media::Video, 130 + 40 * i, access_unit(i % 10 == 0, 500, i)));
  source->add(item(Media::Deskshare, 500, access_unit(true, 500, 1)));
  source->add(item(Media::Chat, 700, text_bytes("Hello.")));
  Config config = fast_config(source);
  config.pace = Pace::Realtime;
  auto server = serve(config);
  Player player(*server,
                [](GstElement *src) { set(src, "media-types", "audio+video+screen+chat"); });
  set(player.src(), "connection-mode", __i__ ? "unified" : "split");
  player.play();
  player.wait_eos();
  player.stop();
  const Record &record = player.record();
  const PadRecord &audio = record.pad("audio"), &video = record.pad("video");
  for (unsigned i = 0; i < 50; i++) {
    expect_position(audio, i, 20 * i);
    ck_assert_uint_eq(audio.packets[i].duration, 20 * GST_MSECOND);
    ck_assert_uint_eq(audio.packets[i].capture, capture(20 * i));
    ck_assert_int_eq(audio.packets[i].has(GST_BUFFER_FLAG_DISCONT), i == 0);
    ck_assert(!audio.packets[i].has(GST_BUFFER_FLAG_DELTA_UNIT));
  }
  for (unsigned i = 0; i < 25; i++) {
    expect_position(video, i, 130 + 40 * i);
    ck_assert_uint_eq(video.packets[i].capture, capture(130 + 40 * i));
    ck_assert_int_eq(video.packets[i].has(GST_BUFFER_FLAG_DISCONT), i == 0);
    ck_assert_int_eq(video.packets[i].has(GST_BUFFER_FLAG_DELTA_UNIT), i % 10 != 0);
  }
  expect_position(record.pad("screen"), 0, 500);
  expect_position(record.pad("chat"), 0, 700);
  ck_assert_uint_eq(record.pad("chat").packets[0].capture, capture(700));
}
GST_END_TEST;

GST_START_TEST(test_first_packet_timestamp) {
  const Anchor &anchor = kAnchors[__i__];
  auto source = std::make_shared<LateSource>();
  for (unsigned i = 0; i < 5; i++)
    source->add(item(Media::Audio, 20 * i, random_bytes(640, i), 0));
  Config config = fast_config(source);
  config.pace = Pace::Realtime;
  if (anchor.first_packet_ms)
    config.first_packet_timestamp = kStartMs + anchor.first_packet_ms;
  auto server = serve(config);
  Player player(*server, [](GstElement *src) { set(src, "media-types", "audio"); });
  player.play();
  player.wait_eos();
  player.stop();
  const PadRecord &audio = player.record().pad("audio");
  ck_assert_uint_eq(audio.packets.size(), 5);
  for (unsigned i = 0; i < 5; i++)
    expect_position(audio, i, anchor.position_ms + 20 * i);
}
GST_END_TEST;

// `start_time` counts where present, else `timestamp`; it may be relative to the stream's start.
GST_START_TEST(test_transcript_time) {
  auto source = std::make_shared<ListSource>();
  auto add = [&](int64_t at_ms, const std::string &extra) {
    MediaItem line = item(Media::Transcript, at_ms, text_bytes("Hello."));
    line.extra = extra;
    source->add(line);
  };
  auto times = [](int64_t start, int64_t end) {
    return "\"start_time\":" + std::to_string(start) + ",\"end_time\":" + std::to_string(end);
  };
  source->add(item(Media::Audio, 0, random_bytes(640, 0), 0));
  add(200, times(kStartMs + 100, kStartMs + 150));
  add(300, times(210, 290));
  add(400, "");
  Config config = fast_config(source);
  config.pace = Pace::Realtime;
  auto server = serve(config);
  Player player(*server, [](GstElement *src) { set(src, "media-types", "audio+transcript"); });
  player.play();
  player.wait_eos();
  player.stop();
  const PadRecord &pad = player.record().pad("transcript");
  ck_assert_uint_eq(pad.packets.size(), 3);
  expect_position(pad, 0, 100);
  expect_position(pad, 1, 210);
  expect_position(pad, 2, 400);
  ck_assert_uint_eq(pad.packets[0].duration, 50 * GST_MSECOND);
  ck_assert_uint_eq(pad.packets[1].duration, 80 * GST_MSECOND);
}
GST_END_TEST;

// Nothing but audio comes, and after half a second nothing at all.
GST_START_TEST(test_gaps) {
  constexpr int64_t kLongestMs = 650;
  constexpr unsigned kGaps = 4;
  Config config = fast_config(audio_source(25));
  config.pace = Pace::Realtime;
  config.end = End::Nothing;
  auto server = serve(config);
  const Awake awake;
  Player player(*server);
  player.play();
  ck_assert(player.wait([](const Record &r) {
    return r.pads.size() == 4 && std::all_of(r.pads.begin(), r.pads.end(), [](const auto &entry) {
             const std::string &order = entry.second.order;
             return std::count(order.begin(), order.end(), 'g') >= kGaps;
           });
  }));
  player.stop();
  for (const auto &[name, pad] : player.record().pads) {
    // A compositor keeps the last picture where data is missing.
    const GstGapFlags flags_wanted =
        name == "video" || name == "screen" ? GstGapFlags{} : GST_GAP_FLAG_MISSING_DATA;
    int64_t last_us = 0;
    GstClockTime last_end = 0;
    for (std::size_t i = 0; i < pad.events.size(); i++) {
      // Before the first media positions are others.
      if (GST_EVENT_TYPE(pad.events[i].get()) == GST_EVENT_SEGMENT)
        last_end = 0;
      if (GST_EVENT_TYPE(pad.events[i].get()) != GST_EVENT_GAP)
        continue;
      GstClockTime pts = 0, duration = 0;
      gst_event_parse_gap(pad.events[i].get(), &pts, &duration);
      GstGapFlags flags{};
      gst_event_parse_gap_flags(pad.events[i].get(), &flags);
      ck_assert_msg(flags == flags_wanted, "%s: flags %d", name.c_str(), flags);
      ck_assert_msg(GST_CLOCK_TIME_IS_VALID(pts) && pts >= last_end, "%s: backwards", name.c_str());
      if (GST_CLOCK_TIME_IS_VALID(duration))
        last_end = pts + duration;
      const int64_t passed_ms = awake.ms_between(last_us, pad.event_times_us[i]);
      ck_assert_msg(!last_us || name == "audio" || passed_ms <= kLongestMs * slowness(),
                    "%s: a GAP after %d ms", name.c_str(), static_cast<int>(passed_ms));
      last_us = pad.event_times_us[i];
    }
  }
}
GST_END_TEST;

// A sink of text prerolls at once, however long texts are waited for: the pipeline has no latency
// before, and the other sinks drop what is late. The GAP has no length, so that it moves no text.
GST_START_TEST(test_empty_gap) {
  constexpr guint text_wait_ms = 20000;
  Config config = fast_config(audio_source(25));
  config.pace = Pace::Realtime;
  config.end = End::Nothing;
  auto server = serve(config);
  Player player(*server, [](GstElement *src) {
    set(src, "media-types", "audio+transcript");
    g_object_set(src, "text-wait", text_wait_ms, nullptr);
  });
  player.play();
  ck_assert(player.wait([](const Record &r) {
    const auto pad = r.pads.find("transcript");
    return pad != r.pads.end() && contains(pad->second.order, "g");
  }));
  player.stop();
  const PadRecord &pad = player.record().pad("transcript");
  const GstSegment *segment = nullptr;
  gst_event_parse_segment(const_cast<GstEvent *>(pad.first(GST_EVENT_SEGMENT)), &segment);
  GstClockTime pts = 0, duration = 0;
  gst_event_parse_gap(const_cast<GstEvent *>(pad.first(GST_EVENT_GAP)), &pts, &duration);
  ck_assert_uint_eq(pts, segment->start);
  ck_assert_uint_eq(duration, 0);
}
GST_END_TEST;

// Pictures that come once in a second stay between two: no GAP takes them away.
GST_START_TEST(test_slow_pictures) {
  constexpr int kPictures = 4;
  constexpr int64_t kStaysMs = 1200;
  auto source = audio_source(50 * kPictures);
  for (int i = 0; i < kPictures; i++)
    source->add(item(Media::Video, 1000 * i, jpeg_picture(500, 1)));
  Config config = fast_config(source);
  config.pace = Pace::Realtime;
  auto server = serve(config);
  Player player(*server, [](GstElement *src) {
    set(src, "media-types", "audio+video");
    set(src, "video-codec", "jpeg");
    g_object_set(src, "video-fps", 1, nullptr);
  });
  player.play();
  player.wait_eos();
  player.stop();
  const PadRecord &pad = player.record().pad("video");
  ck_assert_msg(pad.packets.size() == kPictures, "%s", pad.order.c_str());
  // By the time, not by the order: the server may be late with a picture.
  std::size_t packet = 0, event = 0;
  for (char letter : pad.order) {
    if (letter == 'B') {
      packet++;
      continue;
    }
    const int64_t at_us = pad.event_times_us[event++];
    if (letter == 'g' && packet > 0)
      ck_assert_int_ge((at_us - pad.packets[packet - 1].arrival_us) / 1000, kStaysMs);
  }
}
GST_END_TEST;

// After a GAP comes no buffer from before its end.
GST_START_TEST(test_buffer_after_gap) {
  auto source = std::make_shared<ListSource>();
  source->add(item(Media::Audio, 0, random_bytes(640, 0), 0));
  for (int64_t at_ms : {0, 40, 4000, 4040})
    source->add(item(Media::Video, at_ms, access_unit(at_ms % 100 == 0, 500, 1)));
  Config config = fast_config(source);
  config.pace = Pace::Realtime;
  auto server = serve(config);
  Player player(*server, [](GstElement *src) {
    set(src, "media-types", "audio+video");
    // GAPs end so far back: a picture that the server sends that late still has its place.
    g_object_set(src, "latency", 2500, nullptr);
  });
  player.play();
  player.wait_eos();
  player.stop();
  const PadRecord &pad = player.record().pad("video");
  ck_assert_uint_eq(pad.packets.size(), 4);
  ck_assert_msg(contains(pad.order, "g"), "%s", pad.order.c_str());
  std::size_t packet = 0, event = 0;
  GstClockTime end = 0;
  for (char letter : pad.order) {
    if (letter == 'B') {
      ck_assert_uint_ge(pad.packets[packet].pts, end);
      end = pad.packets[packet++].pts;
      continue;
    }
    const GstEvent *one = pad.events[event++].get();
    if (GST_EVENT_TYPE(one) != GST_EVENT_GAP)
      continue;
    GstClockTime pts = 0, duration = 0;
    gst_event_parse_gap(const_cast<GstEvent *>(one), &pts, &duration);
    ck_assert_uint_ge(pts, end);
    end = pts + (GST_CLOCK_TIME_IS_VALID(duration) ? duration : 0);
  }
  expect_position(pad, 2, 4000);
}
GST_END_TEST;

GST_START_TEST(test_latency) {
  Config config = fast_config(audio_source(5));
  config.end = End::Nothing;
  config.silent_signaling = __i__ == 0;
  auto server = serve(config);
  // A queue without a limit in practice.
  Player player(*server, [](GstElement *src) {
    g_object_set(src, "latency", 750, "max-queue-time", G_MAXUINT64, nullptr);
  });
  player.play();
  expect_latency(player.src(), nullptr, 750 * GST_MSECOND);
  if (__i__ == 0)
    return;
  ck_assert(player.wait([](const Record &r) {
    return std::count(r.signals.begin(), r.signals.end(), "no-more-pads") == 1;
  }));
  for (const char *name : {"audio", "video", "screen", "transcript"}) {
    Ptr<GstPad, gst_object_unref> pad(gst_element_get_static_pad(player.src(), name));
    ck_assert_msg(pad != nullptr, "%s", name);
    expect_latency(nullptr, pad.get(), 750 * GST_MSECOND);
  }
  // A change while playing is told.
  g_object_set(player.src(), "latency", 300, nullptr);
  expect_latency(player.src(), nullptr, 300 * GST_MSECOND);
  ck_assert(player.wait([](const Record &r) { return r.count(GST_MESSAGE_LATENCY) > 0; }));
}
GST_END_TEST;

// A pipeline that begins in step with others, later: what comes before its time is not placed at
// it, and all that follows would be as early.
GST_START_TEST(test_base_time_later) {
  Config config;
  config.source = make_meeting({});
  auto server = serve(std::move(config));
  ElementPtr pipeline = parse_launch(
      "rtmssrc name=src media-types=audio ! fakesink name=sink sync=false async=false "
      "signal-handoffs=true");
  ElementPtr src(gst_bin_get_by_name(GST_BIN(pipeline.get()), "src")),
      sink(gst_bin_get_by_name(GST_BIN(pipeline.get()), "sink"));
  set(src.get(), "webhook", server->webhook_json().c_str());
  set(src.get(), "client-id", "test-client");
  set(src.get(), "client-secret", "test-secret");
  Lead lead;
  g_signal_connect(sink.get(), "handoff", G_CALLBACK(Lead::measure), &lead);
  GstClock *clock = gst_system_clock_obtain();
  gst_pipeline_use_clock(GST_PIPELINE(pipeline.get()), clock);
  const GstClockTime base = gst_clock_get_time(clock) + 2 * GST_SECOND;
  gst_element_set_start_time(pipeline.get(), GST_CLOCK_TIME_NONE);
  gst_element_set_base_time(pipeline.get(), base);
  gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
  ck_assert(lead.buffers.wait(1));
  ck_assert_uint_ge(gst_clock_get_time(clock), base);
  ck_assert(lead.buffers.wait(100));
  gst_element_set_state(pipeline.get(), GST_STATE_NULL);
  ck_assert_int_lt(lead.last_ns, static_cast<int64_t>(200 * GST_MSECOND));
  gst_object_unref(clock);
}
GST_END_TEST;

// Ten minutes of timestamps with ±3 ms: each buffer starts where the last one ended.
GST_START_TEST(test_contiguous) {
  constexpr unsigned kPackets = 10 * 60 * 50;
  const unsigned packets = kPackets / static_cast<unsigned>(slowness());
  std::minstd_rand random;
  std::uniform_int_distribution<int64_t> jitter_ms(-3, 3);
  auto source = std::make_shared<ListSource>();
  for (unsigned i = 0; i < packets; i++)
    source->add(item(Media::Audio, 20 * i + jitter_ms(random), random_bytes(640, i), 0));
  auto server = serve(fast_config(source));
  Player player(*server, [](GstElement *src) { set(src, "media-types", "audio"); });
  player.play();
  player.wait_eos();
  player.stop();
  const std::vector<Packet> &got = player.record().pad("audio").packets;
  ck_assert_uint_eq(got.size(), packets);
  for (unsigned i = 1; i < packets; i++) {
    ck_assert_uint_eq(got[i].pts, got[i - 1].pts + got[i - 1].duration);
    ck_assert(!got[i].has(GST_BUFFER_FLAG_DISCONT));
  }
}
GST_END_TEST;

static Suite *rtmssrc_time_suite() {
  constexpr double kPatienceSeconds = 60;
  Suite *suite = suite_create("rtmssrc_time");
  TCase *time = tcase_create("time");
  tcase_set_timeout(time, kPatienceSeconds);
  tcase_add_loop_test(time, test_common_timeline, 0, 2);
  tcase_add_loop_test(time, test_first_packet_timestamp, 0, G_N_ELEMENTS(kAnchors));
  tcase_add_test(time, test_transcript_time);
  tcase_add_test(time, test_empty_gap);
  tcase_add_test(time, test_gaps);
  tcase_add_test(time, test_slow_pictures);
  tcase_add_test(time, test_buffer_after_gap);
  tcase_add_loop_test(time, test_latency, 0, 2);
  tcase_add_test(time, test_contiguous);
  tcase_add_test(time, test_base_time_later);
  suite_add_tcase(suite, time);
  return suite;
}

GST_CHECK_MAIN(rtmssrc_time)
