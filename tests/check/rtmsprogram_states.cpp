// SPDX-License-Identifier: LGPL-2.1-or-later
// The program makes its output while it plays, and at no other time.
#include "watcher.h"

#include <algorithm>
#include <atomic>

namespace {

using namespace rtmscheck;

constexpr int kAWhile_ms = 500;

// Waits for a meeting in the first case, and receives one in the second.
Setup meeting_or_none(const Server *server) {
  return [server](GstElement *program) {
    g_object_set(program, "client-id", "test-client", "client-secret", "test-secret", nullptr);
    if (server)
      g_object_set(program, "webhook", server->webhook_json().c_str(), nullptr);
    else
      g_object_set(program, "webhook-listen", "http://127.0.0.1:0/webhook", "webhook-secret-token",
                   "token", nullptr);
  };
}

std::unique_ptr<Server> endless_meeting() {
  MeetingOptions options;
  options.duration_ms = 0;
  Config config;
  config.source = make_meeting(options);
  config.strict = false;  // the client leaves
  return serve(std::move(config));
}

std::size_t outputs(const Watched &watched) {
  return watched.frames.size() + watched.blocks.size();
}

// Up to which running time the source has sent media. They may be ahead of the clock: where the
// machine is busy, the first ones are read late, and the later ones arrive faster than real time.
class MediaSent {
 public:
  explicit MediaSent(const Watcher &watcher)
      : source_(gst_bin_get_by_name(GST_BIN(watcher.program()), "source")),
        handler_(g_signal_connect(source_.get(), "pad-added", G_CALLBACK(on_pad_added), this)) {}
  // The program must be stopped.
  ~MediaSent() { g_signal_handler_disconnect(source_.get(), handler_); }
  MediaSent(const MediaSent &) = delete;
  MediaSent &operator=(const MediaSent &) = delete;

  GstClockTime until() const { return until_; }

 private:
  static void on_pad_added(GstElement *, GstPad *pad, gpointer self) {
    gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, on_buffer, self, nullptr);
  }
  static GstPadProbeReturn on_buffer(GstPad *pad, GstPadProbeInfo *info, gpointer self) {
    const EventPtr event(gst_pad_get_sticky_event(pad, GST_EVENT_SEGMENT, 0));
    const GstSegment *segment = nullptr;
    gst_event_parse_segment(event.get(), &segment);
    const GstClockTime time = gst_segment_to_running_time(
        segment, GST_FORMAT_TIME, GST_BUFFER_PTS(GST_PAD_PROBE_INFO_BUFFER(info)));
    std::atomic<GstClockTime> &until = static_cast<MediaSent *>(self)->until_;
    GstClockTime before = until;
    while (GST_CLOCK_TIME_IS_VALID(time) && time > before &&
           !until.compare_exchange_weak(before, time))
      continue;
    return GST_PAD_PROBE_OK;
  }

  std::atomic<GstClockTime> until_{0};
  const ElementPtr source_;
  const gulong handler_;
};

// No output is ahead of what the program waits for: without a meeting its patience of 500 ms, with
// one the media, whose timeline is exact to `kExact`. Stops the program.
void expect_on_time(Watcher &watcher, bool meeting, const MediaSent &sent) {
  constexpr GstClockTime kPatience = 500 * GST_MSECOND, kExact = 200 * GST_MSECOND;
  const Ptr<GstClock, gst_object_unref> clock(gst_element_get_clock(watcher.pipeline()));
  const GstClockTime base = gst_element_get_base_time(watcher.pipeline());
  watcher.stop();
  // After the stop, because output goes on until then.
  const GstClockTime now = gst_clock_get_time(clock.get()) - base;
  expect_constant(watcher.watched());
  if (!in_real_time())
    return;
  const GstClockTime latest = meeting ? std::max(now, sent.until()) + kExact : now - kPatience;
  ck_assert_uint_le(watcher.watched().frames.back().pts, latest);
  ck_assert_uint_le(watcher.watched().blocks.back().pts, latest);
}

// Of the connections, by their messages.
bool all_are(const Watched &watched, const std::vector<const char *> &media, const char *state) {
  return std::all_of(media.begin(), media.end(), [&](const char *one) {
    return std::any_of(watched.messages.begin(), watched.messages.end(),
                       [&](const MessagePtr &message) {
                         const GstStructure *structure = gst_message_get_structure(message.get());
                         return structure && gst_structure_has_name(structure, "rtms-connection") &&
                                !g_strcmp0(gst_structure_get_string(structure, "media"), one) &&
                                !g_strcmp0(gst_structure_get_string(structure, "state"), state);
                       });
  });
}

// Locked elements do not follow the state of the pipeline.
void lock_elements(GstElement *pipeline, gboolean lock) {
  const Ptr<GstIterator, gst_iterator_free> all(gst_bin_iterate_elements(GST_BIN(pipeline)));
  gst_iterator_foreach(
      all.get(),
      [](const GValue *item, gpointer data) {
        gst_element_set_locked_state(GST_ELEMENT(g_value_get_object(item)), GPOINTER_TO_INT(data));
      },
      GINT_TO_POINTER(lock));
}

void change_state(Watcher &watcher, GstState state) {
  ck_assert_int_eq(gst_element_set_state(watcher.pipeline(), state), GST_STATE_CHANGE_NO_PREROLL);
}

}  // namespace

// A pipeline gives its elements a clock first, and the time at which it starts later. On a busy
// machine, there is time in between.
GST_START_TEST(test_clock_before_start) {
  const auto server = endless_meeting();
  Watcher watcher(meeting_or_none(__i__ ? server.get() : nullptr));
  for (int run = 0; run < 2; run++) {
    const MediaSent sent(watcher);
    change_state(watcher, GST_STATE_PAUSED);
    Ptr<GstClock, gst_object_unref> clock(gst_system_clock_obtain());
    ck_assert(gst_element_set_clock(watcher.program(), clock.get()));
    // Wakes the mixers.
    g_object_set(watcher.program(), "latency", 300 + run, nullptr);
    ck_assert(!watcher.wait([](const Watched &w) { return outputs(w) > 0; }, kAWhile_ms));
    watcher.play();
    ck_assert(watcher.wait_seconds(1));
    expect_on_time(watcher, __i__, sent);
    watcher.clear();
  }
}
GST_END_TEST;

// Nothing is made in PAUSED, and nothing is missing afterwards.
GST_START_TEST(test_pause) {
  const auto server = endless_meeting();
  Watcher watcher(meeting_or_none(__i__ ? server.get() : nullptr));
  const MediaSent sent(watcher);
  watcher.play();
  ck_assert(watcher.wait_seconds(1));
  change_state(watcher, GST_STATE_PAUSED);
  std::size_t before = 0;
  watcher.wait([&](const Watched &w) { return (before = outputs(w)) == 0; }, 0);
  // Longer than all delays: output that goes on by the old clock would be ahead afterwards.
  constexpr int kPause_ms = 1500;
  // A frame and a block may be on their way.
  ck_assert(!watcher.wait([&](const Watched &w) { return outputs(w) > before + 2; }, kPause_ms));
  watcher.play();
  ck_assert(watcher.wait_seconds(2));
  expect_on_time(watcher, __i__, sent);
}
GST_END_TEST;

// EOS before the program plays ends it as soon as it plays.
GST_START_TEST(test_eos_in_paused) {
  const auto server = endless_meeting();
  Watcher watcher(meeting_or_none(__i__ ? server.get() : nullptr));
  change_state(watcher, GST_STATE_PAUSED);
  const std::vector<const char *> media = {"audio", "video", "screen"};
  if (__i__)
    ck_assert(watcher.wait([&](const Watched &w) { return all_are(w, media, "streaming"); }));
  ck_assert(gst_element_send_event(watcher.program(), gst_event_new_eos()));
  if (__i__)
    ck_assert(watcher.wait([](const Watched &w) { return all_are(w, {"signaling"}, "closed"); }));
  watcher.play();
  watcher.wait_eos();
}
GST_END_TEST;

// Started in a pause of its pipeline, the program begins where the pipeline goes on.
GST_START_TEST(test_added_in_paused) {
  const auto server = endless_meeting();
  Watcher watcher(meeting_or_none(__i__ ? server.get() : nullptr));
  lock_elements(watcher.pipeline(), TRUE);
  watcher.play();
  const GstClockTime start = gst_element_get_current_running_time(watcher.pipeline());
  // Nothing is made; time passes.
  ck_assert(!watcher.wait([](const Watched &w) { return outputs(w) > 0; }, kAWhile_ms));
  ck_assert_int_eq(gst_element_set_state(watcher.pipeline(), GST_STATE_PAUSED),
                   GST_STATE_CHANGE_SUCCESS);
  const GstClockTime paused = gst_element_get_start_time(watcher.pipeline());
  ck_assert_uint_ge(paused, start + (kAWhile_ms - 1) * GST_MSECOND);
  lock_elements(watcher.pipeline(), FALSE);
  ck_assert(gst_bin_sync_children_states(GST_BIN(watcher.pipeline())));
  watcher.play();
  ck_assert(watcher.wait([](const Watched &w) { return !w.frames.empty() && !w.blocks.empty(); }));
  watcher.stop();
  // The audio begins with a sample of its grid.
  constexpr GstClockTime kSample = GST_SECOND / 48000 + 1;
  ck_assert_uint_eq(watcher.watched().frames.front().pts, paused);
  const GstClockTime audio = watcher.watched().blocks.front().pts;
  ck_assert_uint_ge(audio + kSample, paused);
  ck_assert_uint_le(audio, paused + kSample);
}
GST_END_TEST;

// No frame could be made.
GST_START_TEST(test_no_clock) {
  Watcher watcher(meeting_or_none(nullptr));
  gst_pipeline_use_clock(GST_PIPELINE(watcher.pipeline()), nullptr);
  gst_element_set_state(watcher.pipeline(), GST_STATE_PLAYING);
  const auto tells = [](const Watched &w) {
    const GstMessage *error = w.message(GST_MESSAGE_ERROR);
    return error && contains(failure_of(error).text, "no clock");
  };
  ck_assert(watcher.wait(tells));
  watcher.stop();
}
GST_END_TEST;

static Suite *rtmsprogram_states_suite() {
  Suite *suite = suite_create("rtmsprogram_states");
  add_case(suite, "clock-before-start", test_clock_before_start, 2);
  add_case(suite, "pause", test_pause, 2);
  add_case(suite, "no-clock", test_no_clock);
  add_case(suite, "eos-in-paused", test_eos_in_paused, 2);
  add_case(suite, "added-in-paused", test_added_in_paused, 2);
  return suite;
}

GST_CHECK_MAIN(rtmsprogram_states)
