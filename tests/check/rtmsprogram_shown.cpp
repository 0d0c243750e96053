// SPDX-License-Identifier: LGPL-2.1-or-later
// What viewers see and hear of changes: layouts, names, captions, lost connections; and that both
// are together.
#include <cmath>

#include "watcher.h"

namespace {

using namespace rtmscheck;

constexpr double kSecond = 1e9;

std::unique_ptr<Server> meeting(int64_t duration_ms,
                                const std::function<void(MeetingOptions *)> &change = {}) {
  Config config;
  MeetingOptions options;
  options.duration_ms = duration_ms;
  if (change)
    change(&options);
  config.source = make_meeting(options);
  return serve(std::move(config));
}

void without_share(MeetingOptions *options) {
  options->off[Media::Deskshare] = {{0, 60000}};
}
void without_both(MeetingOptions *options) {
  without_share(options);
  options->off[Media::Video] = {{0, 60000}};
}

// Where the share alone is bright; where the camera, in the corner or on the right, is dark.
bool is_bright(const Frame &frame) {
  return frame.mean(0, 14, 16, 18) > 160;
}
bool has_corner(const Frame &frame) {
  return is_bright(frame) && frame.mean(25, 2, 30, 5) < 160;
}
bool is_black(const Frame &frame) {
  return frame.mean() < 20;
}

// The middle of the bottom, where captions are, and the lower left, where the name is.
double caption_spread(const Frame &frame) {
  return frame.spread(8, 15, 24, 18);
}
double name_spread(const Frame &frame) {
  return frame.spread(0, 16, 6, 18);
}

}  // namespace

// Each layout shows what it says from the next keyframes on, and no frame is missing.
GST_START_TEST(test_layout_changes) {
  auto server = meeting(0);
  Watcher watcher(*server, [](GstElement *program) { set(program, "layout", "camera"); });
  watcher.play();
  const auto shows = [&](const char *layout, const std::function<bool(const Frame &)> &holds) {
    set(watcher.program(), "layout", layout);
    ck_assert_msg(watcher.wait([&](const Watched &w) {
      return w.frames.size() > 10 && std::all_of(w.frames.end() - 5, w.frames.end(), holds);
    }),
                  "%s is not shown", layout);
  };
  shows("camera", [](const Frame &frame) { return !is_black(frame) && !is_bright(frame); });
  shows("auto", has_corner);
  shows("screen", [](const Frame &frame) { return is_bright(frame) && !has_corner(frame); });
  shows("side-by-side", [](const Frame &frame) {
    return frame.mean(0, 0, 32, 3) < 20 && frame.mean(4, 12, 16, 14) > 160;
  });
  shows("screen+camera", has_corner);
  shows("camera", [](const Frame &frame) { return !is_black(frame) && !is_bright(frame); });
  watcher.stop();
  expect_constant(watcher.watched());
}
GST_END_TEST;

// On black, so that nothing but texts is bright.
GST_START_TEST(test_texts) {
  const bool drawn = __i__ == 0;
  auto server = meeting(6000, without_both);
  Watcher watcher(*server, [=](GstElement *program) {
    g_object_set(program, "name-tags", drawn, nullptr);
    set(program, "captions", drawn ? "burn" : "pad");
  });
  watcher.play();
  watcher.wait_eos();
  const Watched &watched = watcher.watched();
  expect_constant(watched);
  double caption = 0, name = 0, last_caption = 0;
  for (const Frame &frame : watched.frames) {
    caption = std::max(caption, caption_spread(frame));
    name = std::max(name, name_spread(frame));
    if (caption_spread(frame) > 20)
      last_caption = static_cast<double>(frame.pts) / kSecond;
  }
  ck_assert_msg((caption > 20) == drawn, "captions: %f", caption);
  ck_assert_msg((name > 20) == drawn, "names: %f", name);
  ck_assert(watched.captions_pad == !drawn);
  ck_assert_uint_eq(watched.captions.size(), drawn ? 0 : 2);
  if (drawn)
    ck_assert(last_caption > 3);
}
GST_END_TEST;

// They may be turned on during a turn.
GST_START_TEST(test_names_later) {
  constexpr double kTurn = 3.8;  // the next one begins then
  auto server = meeting(6000, without_both);
  Watcher watcher(*server, [](GstElement *) {});
  watcher.play();
  ck_assert(watcher.wait_seconds(1));
  g_object_set(watcher.program(), "name-tags", TRUE, nullptr);
  ck_assert(watcher.wait([](const Watched &w) { return name_spread(w.frames.back()) > 20; }));
  watcher.stop();
  const double at = static_cast<double>(watcher.watched().frames.back().pts) / kSecond;
  ck_assert_msg(!in_real_time() || at < kTurn, "at %f s", at);
}
GST_END_TEST;

// An application that stops the pipeline when the pad appears, on the program's own thread, gets an
// error, and stops it from another thread then.
GST_START_TEST(test_stopped_in_pad_added) {
  auto server = meeting(6000, without_both);
  Watcher watcher(*server, [](GstElement *program) {
    set(program, "captions", "pad");
    const auto stop = +[](GstElement *bin, GstPad *, gpointer) {
      ck_assert_int_eq(gst_element_set_state(bin, GST_STATE_NULL), GST_STATE_CHANGE_FAILURE);
    };
    g_signal_connect(program, "pad-added", G_CALLBACK(stop), nullptr);
  });
  watcher.play();
  ck_assert(watcher.wait([](const Watched &w) { return w.message(GST_MESSAGE_ERROR) != nullptr; }));
  watcher.stop();
}
GST_END_TEST;

// The last frame for a second, then the slate with words, then the camera again.
GST_START_TEST(test_reconnect) {
  auto server = meeting(11000, without_share);
  Watcher watcher(*server, [](GstElement *program) {
    g_object_set(program, "retry-delay", 500, "retry-delay-max", 500, nullptr);
  });
  watcher.play();
  ck_assert(watcher.wait_seconds(2));
  server->configure([](Config &config) { config.upgrade_status_media = 503; });
  server->drop(Media::Video, true);
  ck_assert(watcher.wait([](const Watched &w) { return is_black(w.frames.back()); }));
  ck_assert(
      watcher.wait([](const Watched &w) { return w.frames.back().spread(6, 7, 26, 11) > 20; }));
  server->configure([](Config &config) { config.upgrade_status_media = 0; });
  ck_assert(watcher.wait([](const Watched &w) { return !is_black(w.frames.back()); }));
  watcher.wait_eos();
  const Watched &watched = watcher.watched();
  expect_constant(watched);
  // Once black, once not: no old frame comes back.
  const double black = watched.first(is_black, 1.5);
  const double again = watched.first([](const Frame &frame) { return !is_black(frame); }, black);
  ck_assert(again - black > 0.3);
  ck_assert(std::isinf(watched.first(is_black, again)));
}
GST_END_TEST;

// Within half a frame, whatever the program does with them.
GST_START_TEST(test_sync) {
  auto server = meeting(7000, without_share);
  Watcher watcher(*server, [](GstElement *) {});
  watcher.play();
  watcher.wait_eos();
  expect_constant(watcher.watched());
  const Moments found = flashes_and_beeps(watcher.watched());
  unsigned pairs = 0;
  for (double flash : found.flashes)
    for (double beep : found.beeps)
      if (std::fabs(flash - beep) < 0.4) {
        pairs++;
        // Half a frame, and the rise of the beep.
        ck_assert_msg(std::fabs(flash - beep) <= 0.022, "%f s, %f s", flash, beep);
      }
  ck_assert_uint_ge(pairs, 5);
}
GST_END_TEST;

static Suite *rtmsprogram_shown_suite() {
  Suite *suite = suite_create("rtmsprogram_shown");
  add_case(suite, "layout-changes", test_layout_changes);
  add_case(suite, "texts", test_texts, 2);
  add_case(suite, "names-later", test_names_later);
  add_case(suite, "stopped-in-pad-added", test_stopped_in_pad_added);
  add_case(suite, "reconnect", test_reconnect);
  add_case(suite, "sync", test_sync);
  return suite;
}

GST_CHECK_MAIN(rtmsprogram_shown)
