// SPDX-License-Identifier: LGPL-2.1-or-later
// The program as viewers get it: constant, whatever the meeting does.
#include <atomic>
#include <cmath>

#include "watcher.h"
#include "webhooks.h"

namespace {

using namespace rtmscheck;

std::unique_ptr<Server> meeting(const MeetingOptions &options, Config config = {}) {
  config.source = make_meeting(options);
  return serve(std::move(config));
}

MeetingOptions lasting(int64_t duration_ms) {
  MeetingOptions options;
  options.duration_ms = duration_ms;
  return options;
}

constexpr double kBlack = 20, kSlide = 160;

bool is_slate(const Frame &frame) {
  return frame.mean() < kBlack;
}
// Bright on the left, and darker in the corner: the camera's white frames are bright everywhere.
bool is_share(const Frame &frame) {
  return frame.mean(0, 14, 16, 18) > kSlide && frame.mean(25, 2, 30, 5) < kSlide;
}
bool is_camera(const Frame &frame) {
  return !is_slate(frame) && frame.mean(0, 14, 16, 18) < kSlide;
}
}  // namespace

// No camera, then a camera, then a share with the camera in its corner, and the camera again.
GST_START_TEST(test_auto) {
  MeetingOptions options = lasting(7500);
  options.off[Media::Video] = {{0, 1500}};
  options.off[Media::Deskshare] = {{0, 3000}, {5000, 9000}};
  auto server = meeting(options);
  Watcher watcher(*server, [](GstElement *) {});
  watcher.play();
  watcher.wait_eos();
  const Watched &watched = watcher.watched();
  expect_constant(watched);
  const double camera = watched.first(is_camera), share = watched.first(is_share, camera),
               again = watched.first(is_camera, share + 0.2);
  ck_assert(is_slate(watched.frames.front()));
  expect_near("share", share - camera, 1.5, 0.3);
  expect_near("camera again", again - share, 2, 0.3);
  int loud = 0;
  for (const Block &block : watched.blocks)
    loud = std::max(loud, block.peak);
  ck_assert_int_gt(loud, 1000);
  expect_no_violations(*server);
}
GST_END_TEST;

// The slate and silence, until a webhook comes; the words on the slate go then.
GST_START_TEST(test_before_the_webhook) {
  auto server = meeting(lasting(3000));
  Watcher watcher([&](GstElement *program) {
    g_object_set(program, "client-id", "test-client", "client-secret", "test-secret",
                 "webhook-secret-token", kWebhookToken, "webhook-listen",
                 "http://127.0.0.1:0/webhook", nullptr);
  });
  watcher.play();
  ck_assert(watcher.wait_seconds(1.5));
  char *url = nullptr;
  g_object_get(watcher.program(), "webhook-url", &url, nullptr);
  ck_assert_int_eq(post_signed(url, server->webhook_json()).status, 200);
  g_free(url);
  watcher.wait_eos();
  const Watched &watched = watcher.watched();
  expect_constant(watched);
  const Frame &waiting = watched.frame_at(1);
  ck_assert(is_slate(waiting));
  ck_assert_msg(waiting.spread(6, 7, 26, 11) > 20, "no words on the slate");
  ck_assert(std::isfinite(watched.first(is_share)));
}
GST_END_TEST;

// As gst-launch-1.0 -e does at Ctrl-C, before there is a meeting and in one.
GST_START_TEST(test_eos_event) {
  auto server = meeting(lasting(0));
  Watcher watcher([&](GstElement *program) {
    g_object_set(program, "client-id", "test-client", "client-secret", "test-secret", nullptr);
    if (__i__)
      g_object_set(program, "webhook", server->webhook_json().c_str(), nullptr);
    else
      g_object_set(program, "webhook-listen", "http://127.0.0.1:0/webhook", "webhook-secret-token",
                   kWebhookToken, nullptr);
  });
  watcher.play();
  if (__i__)
    ck_assert(watcher.wait([](const Watched &w) { return std::isfinite(w.first(is_share)); }));
  else
    ck_assert(watcher.wait_seconds(0.5));
  ck_assert(gst_element_send_event(watcher.pipeline(), gst_event_new_eos()));
  watcher.wait_eos();
  expect_constant(watcher.watched());
}
GST_END_TEST;

// A live source cannot be flushed, and cannot seek: it goes on as if nobody had asked.
GST_START_TEST(test_refused_events) {
  auto server = meeting(lasting(0));
  Watcher watcher([&](GstElement *program) {
    g_object_set(program, "client-id", "test-client", "client-secret", "test-secret", "webhook",
                 server->webhook_json().c_str(), nullptr);
    set(program, "captions", "pad");
  });
  watcher.play();
  ck_assert(watcher.wait(
      [](const Watched &w) { return std::isfinite(w.first(is_share)) && !w.captions.empty(); }));
  // The mixers would take it, and tell nobody.
  ck_assert(!gst_element_send_event(
      watcher.program(), gst_event_new_tag(gst_tag_list_new(GST_TAG_TITLE, "title", nullptr))));
  for (GstElement *asked : {watcher.program(), watcher.pipeline()}) {
    ck_assert(!gst_element_send_event(asked, gst_event_new_flush_start()));
    ck_assert(!gst_element_send_event(asked, gst_event_new_flush_stop(TRUE)));
    ck_assert(!gst_element_seek_simple(asked, GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH, 0));
  }
  GList streams{const_cast<char *>("none"), nullptr, nullptr};
  ck_assert(!gst_element_send_event(watcher.program(), gst_event_new_select_streams(&streams)));
  for (const char *name : {"video", "audio", "captions"}) {
    const Ptr<GstPad, gst_object_unref> pad(gst_element_get_static_pad(watcher.program(), name));
    ck_assert(!gst_pad_send_event(pad.get(), gst_event_new_select_streams(&streams)));
    // decodebin3 would wait for the streams of rtmssrc, which are not the pad's.
    ck_assert(!gst_pad_get_sticky_event(pad.get(), GST_EVENT_STREAM_COLLECTION, 0));
  }
  std::size_t frames = 0, blocks = 0;
  ck_assert(watcher.wait([&](const Watched &w) {
    frames = w.frames.size();
    blocks = w.blocks.size();
    return true;
  }));
  ck_assert(watcher.wait([&](const Watched &w) {
    return w.frames.size() > frames + 50 && w.blocks.size() > blocks + 50;
  }));
  ck_assert(gst_element_send_event(watcher.pipeline(), gst_event_new_eos()));
  watcher.wait_eos();
  expect_constant(watcher.watched());
}
GST_END_TEST;

// An application's own events come once from each pad, whatever the program makes of its inputs.
GST_START_TEST(test_custom_events) {
  constexpr unsigned kEvents = 3;
  auto server = meeting(lasting(0));
  Watcher watcher([&](GstElement *program) {
    g_object_set(program, "client-id", "test-client", "client-secret", "test-secret", "webhook",
                 server->webhook_json().c_str(), nullptr);
  });
  watcher.play();
  ck_assert(watcher.wait([](const Watched &w) { return std::isfinite(w.first(is_share)); }));
  std::atomic<unsigned> came[2] = {};
  const char *const names[] = {"video", "audio"};
  for (int i = 0; i < 2; i++) {
    const Ptr<GstPad, gst_object_unref> pad(
        gst_element_get_static_pad(watcher.program(), names[i]));
    gst_pad_add_probe(
        pad.get(), GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM,
        [](GstPad *, GstPadProbeInfo *info, gpointer count) {
          const GstEventType type = GST_EVENT_TYPE(GST_PAD_PROBE_INFO_EVENT(info));
          *static_cast<std::atomic<unsigned> *>(count) += type == GST_EVENT_CUSTOM_DOWNSTREAM;
          return GST_PAD_PROBE_OK;
        },
        &came[i], nullptr);
  }
  for (unsigned i = 0; i < kEvents; i++)
    ck_assert(gst_element_send_event(
        watcher.program(),
        gst_event_new_custom(GST_EVENT_CUSTOM_DOWNSTREAM, gst_structure_new_empty("cue"))));
  ck_assert(
      watcher.wait([&](const Watched &) { return came[0] >= kEvents && came[1] >= kEvents; }));
  // Those of slower inputs come with their next buffers.
  std::size_t frames = 0;
  ck_assert(watcher.wait([&](const Watched &w) { return (frames = w.frames.size()) > 0; }));
  ck_assert(watcher.wait([&](const Watched &w) { return w.frames.size() > frames + 50; }));
  ck_assert_uint_eq(came[0], kEvents);
  ck_assert_uint_eq(came[1], kEvents);
  ck_assert(gst_element_send_event(watcher.pipeline(), gst_event_new_eos()));
  watcher.wait_eos();
}
GST_END_TEST;

// The video is not taken for some time, and the meeting ends meanwhile: both end together later.
GST_START_TEST(test_behind) {
  auto server = meeting(lasting(3000));
  Watcher watcher(*server, [](GstElement *) {});
  watcher.play();
  ck_assert(watcher.wait_seconds(1));
  const Ptr<GstPad, gst_object_unref> video(gst_element_get_static_pad(watcher.program(), "video"));
  const gulong block = gst_pad_add_probe(
      video.get(), GST_PAD_PROBE_TYPE_BLOCK_DOWNSTREAM,
      [](GstPad *, GstPadProbeInfo *, gpointer) { return GST_PAD_PROBE_OK; }, nullptr, nullptr);
  const auto audio_goes_on = [](const Watched &w) {
    return !w.blocks.empty() && w.blocks.back().pts > 5 * GST_SECOND;
  };
  ck_assert(watcher.wait(audio_goes_on));
  gst_pad_remove_probe(video.get(), block);
  watcher.wait_eos();
  expect_constant(watcher.watched());
}
GST_END_TEST;

static Suite *rtmsprogram_suite() {
  Suite *suite = suite_create("rtmsprogram");
  add_case(suite, "auto", test_auto);
  add_case(suite, "before-the-webhook", test_before_the_webhook);
  add_case(suite, "eos-event", test_eos_event, 2);
  add_case(suite, "behind", test_behind);
  add_case(suite, "refused-events", test_refused_events);
  add_case(suite, "custom-events", test_custom_events);
  return suite;
}

GST_CHECK_MAIN(rtmsprogram)
