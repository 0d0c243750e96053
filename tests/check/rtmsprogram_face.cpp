// SPDX-License-Identifier: LGPL-2.1-or-later
// What applications find: properties, signals, children, errors, many runs.
#include <cstring>

#include "watcher.h"

namespace {

using namespace rtmscheck;

ElementPtr make(const char *kind) {
  GstElement *element = gst_element_factory_make(kind, nullptr);
  ck_assert(element);
  return ElementPtr(GST_ELEMENT(gst_object_ref_sink(element)));
}

ElementPtr source_of(GstElement *program) {
  return ElementPtr(gst_bin_get_by_name(GST_BIN(program), "source"));
}

std::string text_of(GParamSpec *spec) {
  GValue value = G_VALUE_INIT;
  g_value_init(&value, spec->value_type);
  g_param_value_set_default(spec, &value);
  const bool boxed = G_VALUE_HOLDS_BOXED(&value);  // null, which cannot be printed
  CharPtr text(boxed ? g_strdup("") : g_strdup_value_contents(&value));
  g_value_unset(&value);
  return std::string(g_type_name(G_PARAM_SPEC_TYPE(spec))) + " " + text.get() + " " +
         std::to_string(spec->flags) + " " + g_param_spec_get_blurb(spec);
}

std::vector<GParamSpec *> own_properties(GstElement *element) {
  guint count = 0;
  GParamSpec **all = g_object_class_list_properties(G_OBJECT_GET_CLASS(element), &count);
  std::vector<GParamSpec *> own;
  for (guint at = 0; at < count; at++)
    if (all[at]->owner_type == G_OBJECT_TYPE(element))
      own.push_back(all[at]);
  g_free(all);
  return own;
}

}  // namespace

// Each property of rtmssrc is one of the program, and the same one.
GST_START_TEST(test_properties) {
  ElementPtr program = make("rtmsprogram"), source = source_of(program.get());
  const auto specs = own_properties(source.get());
  ck_assert_uint_gt(specs.size(), 40);
  for (GParamSpec *spec : specs) {
    GParamSpec *proxied =
        g_object_class_find_property(G_OBJECT_GET_CLASS(program.get()), spec->name);
    ck_assert_msg(proxied, "no property %s", spec->name);
    expect_text(text_of(proxied), text_of(spec));
    if (!(spec->flags & G_PARAM_READABLE) || !(spec->flags & G_PARAM_WRITABLE))
      continue;
    GValue value = G_VALUE_INIT;
    g_value_init(&value, spec->value_type);
    g_object_get_property(G_OBJECT(source.get()), spec->name, &value);
    g_object_set_property(G_OBJECT(program.get()), spec->name, &value);
    g_value_unset(&value);
  }
  g_object_set(program.get(), "stream-id", "abc", "latency", 300, nullptr);
  char *id = nullptr;
  guint latency = 0;
  g_object_get(source.get(), "stream-id", &id, "latency", &latency, nullptr);
  ck_assert_str_eq(id, "abc");
  ck_assert_uint_eq(latency, 300);
  g_free(id);
}
GST_END_TEST;

GST_START_TEST(test_own_properties) {
  ElementPtr program = make("rtmsprogram");
  g_object_set(program.get(), "width", 320, "height", 180, "framerate", 30000, 1001, "slate-color",
               0x123456u, "slate-location", "file.png", "name-tags", TRUE, nullptr);
  set(program.get(), "layout", "screen+camera");
  set(program.get(), "captions", "pad");
  int width = 0, height = 0, numerator = 0, denominator = 0, layout = 0, captions = 0;
  guint color = 0;
  char *location = nullptr;
  gboolean tags = FALSE;
  g_object_get(program.get(), "width", &width, "height", &height, "framerate", &numerator,
               &denominator, "slate-color", &color, "slate-location", &location, "name-tags", &tags,
               "layout", &layout, "captions", &captions, nullptr);
  ck_assert_int_eq(width, 320);
  ck_assert_int_eq(height, 180);
  ck_assert(numerator == 30000 && denominator == 1001);
  ck_assert_uint_eq(color, 0x123456);
  ck_assert_str_eq(location, "file.png");
  ck_assert(tags && layout == 3 && captions == 1);
  g_free(location);
}
GST_END_TEST;

GST_START_TEST(test_actions_and_children) {
  ElementPtr program = make("rtmsprogram"), source = source_of(program.get());
  for (const char *name : {"rejoin", "notify-webhook", "subscribe-video", "close-stream"}) {
    GSignalQuery of_program, of_source;
    g_signal_query(g_signal_lookup(name, G_OBJECT_TYPE(program.get())), &of_program);
    g_signal_query(g_signal_lookup(name, G_OBJECT_TYPE(source.get())), &of_source);
    ck_assert_uint_ne(of_program.signal_id, 0);
    ck_assert_uint_ne(of_program.signal_id, of_source.signal_id);
    ck_assert_uint_eq(of_program.n_params, of_source.n_params);
  }
  // A stopped rtmssrc answers with a warning: the signal has reached it.
  ElementPtr pipeline(GST_ELEMENT(gst_object_ref_sink(gst_pipeline_new(nullptr))));
  gst_bin_add(GST_BIN(pipeline.get()), GST_ELEMENT(gst_object_ref(program.get())));
  Ptr<GstBus, gst_object_unref> bus(gst_element_get_bus(pipeline.get()));
  gst_bus_set_flushing(bus.get(), FALSE);
  g_signal_emit_by_name(program.get(), "rejoin", "{}");
  MessagePtr warning(gst_bus_timed_pop_filtered(bus.get(), 0, GST_MESSAGE_WARNING));
  ck_assert(warning);
  ck_assert(contains(failure_of(warning.get()).text, "Rejoining failed"));
  gst_child_proxy_set(GST_CHILD_PROXY(program.get()), "source::stream-id", "child", nullptr);
  char *id = nullptr;
  g_object_get(program.get(), "stream-id", &id, nullptr);
  ck_assert_str_eq(id, "child");
  g_free(id);
}
GST_END_TEST;

// Each fails the state change with one error that names the property.
GST_START_TEST(test_bad_settings) {
  struct Bad {
    const char *name, *value, *named;
  };
  const Bad all[] = {{"width", "641", "width=641"},
                     {"height", "16", "height=16"},
                     {"width", "8000", "width=8000"},
                     {"height", "-2", "height=-2"},
                     {"slate-location", "/nonexistent.png", "slate-location=/nonexistent.png"},
                     {"video-fps", "77", "video-fps"},
                     {"audio-rate", "1234", "audio-rate"}};
  const Bad &bad = all[__i__];
  Watcher watcher([&](GstElement *program) { set(program, bad.name, bad.value); });
  ck_assert_int_eq(gst_element_set_state(watcher.pipeline(), GST_STATE_PLAYING),
                   GST_STATE_CHANGE_FAILURE);
  watcher.stop();
  unsigned errors = 0;
  for (const MessagePtr &message : watcher.watched().messages)
    if (GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_ERROR) {
      errors++;
      ck_assert_msg(contains(failure_of(message.get()).text, bad.named), "%s",
                    failure_of(message.get()).text.c_str());
    }
  ck_assert_uint_eq(errors, 1);
}
GST_END_TEST;

// Up and down again, with and without a meeting; the last run is as good as the first.
GST_START_TEST(test_runs) {
  Config config;
  config.source = make_meeting(MeetingOptions());
  config.strict = false;
  auto server = serve(std::move(config));
  Watcher watcher(*server, [](GstElement *) {});
  for (int run = 0; run < 10; run++) {
    watcher.play();
    if (run % 3 == 0)
      ck_assert(watcher.wait([=](const Watched &w) { return w.frames.size() > 3; }));
    watcher.stop();
    watcher.clear();
  }
  watcher.play();
  ck_assert(watcher.wait_seconds(1.5));
  watcher.stop();
  expect_constant(watcher.watched());
  ck_assert(!watcher.watched().message(GST_MESSAGE_ERROR));
}
GST_END_TEST;

// From what the pads say, a sink knows when to show what.
GST_START_TEST(test_latency) {
  Watcher watcher([](GstElement *program) {
    g_object_set(program, "client-id", "test-client", "client-secret", "test-secret", "latency",
                 300, "webhook-listen", "http://127.0.0.1:0/webhook", "webhook-secret-token",
                 "token", nullptr);
  });
  watcher.play();
  ck_assert(watcher.wait_seconds(0.2));
  // Refused, with a warning.
  g_object_set(watcher.program(), "latency", 999999, nullptr);
  for (const char *name : {"video", "audio"}) {
    Ptr<GstPad, gst_object_unref> pad(gst_element_get_static_pad(watcher.program(), name));
    MiniObjectPtr<GstQuery> query(gst_query_new_latency());
    ck_assert(gst_pad_query(pad.get(), query.get()));
    gboolean live = FALSE;
    GstClockTime least = 0, most = 0;
    gst_query_parse_latency(query.get(), &live, &least, &most);
    // A frame of video; a block of audio, and one for the look-ahead of the limiter.
    ck_assert_msg(live && least >= 840 * GST_MSECOND && least <= 860 * GST_MSECOND,
                  "%s: %" GST_TIME_FORMAT, name, GST_TIME_ARGS(least));
  }
  watcher.stop();
}
GST_END_TEST;

static Suite *rtmsprogram_face_suite() {
  Suite *suite = suite_create("rtmsprogram_face");
  TCase *tcase = tcase_create("all");
  tcase_set_timeout(tcase, 60);
  tcase_add_test(tcase, test_properties);
  tcase_add_test(tcase, test_own_properties);
  tcase_add_test(tcase, test_actions_and_children);
  tcase_add_loop_test(tcase, test_bad_settings, 0, 5);
  tcase_add_test(tcase, test_runs);
  tcase_add_test(tcase, test_latency);
  suite_add_tcase(suite, tcase);
  return suite;
}

GST_CHECK_MAIN(rtmsprogram_face)
