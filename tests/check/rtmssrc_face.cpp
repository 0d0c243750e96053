// SPDX-License-Identifier: LGPL-2.1-or-later
// What an application sees of the element besides media: ranges of properties, how the way to the
// first connection ends, events that are sent to the element.
#include "failures.h"
#include "rawserver.h"

#include <limits>

using namespace rtmscheck;

namespace {

template <typename T, typename Spec>
bool is_a_range(const Spec *spec) {
  return spec->minimum > std::numeric_limits<T>::min() &&
         spec->maximum < std::numeric_limits<T>::max() && spec->default_value >= spec->minimum &&
         spec->default_value <= spec->maximum;
}

std::vector<GParamSpec *> own_properties(GstElement *element) {
  guint count = 0;
  GParamSpec **all = g_object_class_list_properties(G_OBJECT_GET_CLASS(element), &count);
  std::vector<GParamSpec *> own;
  std::copy_if(all, all + count, std::back_inserter(own),
               [&](GParamSpec *spec) { return spec->owner_type == G_OBJECT_TYPE(element); });
  g_free(all);
  return own;
}

std::vector<GstProgressType> progress_of(const Record &record) {
  std::vector<GstProgressType> types;
  for (const MessagePtr &message : record.messages) {
    if (GST_MESSAGE_TYPE(message.get()) != GST_MESSAGE_PROGRESS)
      continue;
    GstProgressType type;
    gst_message_parse_progress(message.get(), &type, nullptr, nullptr);
    types.push_back(type);
  }
  return types;
}

bool has_event(const PadRecord &pad, GstEventType type, const char *name) {
  return std::any_of(pad.events.begin(), pad.events.end(), [&](const EventPtr &event) {
    const GstStructure *structure = gst_event_get_structure(event.get());
    return GST_EVENT_TYPE(event.get()) == type && structure &&
           gst_structure_has_name(structure, name);
  });
}

GstEvent *custom_event(GstEventType type, const char *name) {
  return gst_event_new_custom(type, gst_structure_new_empty(name));
}

bool has_tag(const PadRecord &pad, const char *comment) {
  return std::any_of(pad.events.begin(), pad.events.end(), [&](const EventPtr &event) {
    if (GST_EVENT_TYPE(event.get()) != GST_EVENT_TAG)
      return false;
    GstTagList *tags = nullptr;
    gst_event_parse_tag(event.get(), &tags);
    char *text = nullptr;
    const bool found = gst_tag_list_get_string(tags, GST_TAG_COMMENT, &text);
    const bool same = found && CharPtr(text).get() == std::string(comment);
    return same;
  });
}

}  // namespace

// A property that is set to its default is as it was; the environment may set the client id.
GST_START_TEST(test_defaults) {
  const ElementPtr element(
      GST_ELEMENT(gst_object_ref_sink(gst_element_factory_make("rtmssrc", nullptr))));
  for (GParamSpec *spec : own_properties(element.get())) {
    if (!G_IS_PARAM_SPEC_STRING(spec) || !(spec->flags & G_PARAM_READABLE) ||
        !(spec->flags & G_PARAM_WRITABLE) || g_str_equal(spec->name, "client-id"))
      continue;
    GValue value = G_VALUE_INIT;
    g_value_init(&value, G_TYPE_STRING);
    g_object_get_property(G_OBJECT(element.get()), spec->name, &value);
    ck_assert_msg(g_param_value_defaults(spec, &value), "%s is %s", spec->name,
                  g_value_get_string(&value));
    g_value_unset(&value);
  }
}
GST_END_TEST;

// No property of a number without a range, and each default is within it.
GST_START_TEST(test_ranges) {
  ElementPtr src(gst_element_factory_make("rtmssrc", nullptr));
  gst_object_ref_sink(src.get());
  unsigned numbers = 0;
  for (GParamSpec *spec : own_properties(src.get())) {
    if (G_IS_PARAM_SPEC_INT(spec)) {
      ck_assert_msg(is_a_range<gint>(G_PARAM_SPEC_INT(spec)), "%s has no range", spec->name);
      numbers++;
    } else if (G_IS_PARAM_SPEC_UINT(spec)) {
      const GParamSpecUInt *number = G_PARAM_SPEC_UINT(spec);
      ck_assert_msg(
          number->default_value >= number->minimum && number->default_value <= number->maximum,
          "%s: the default is out of range", spec->name);
      numbers++;
    }
  }
  ck_assert_uint_ge(numbers, 15);
}
GST_END_TEST;

const struct {
  const char *property;
  const char *value, *valid;
} kOutside[] = {
    {"audio-rate", "0", "48000"},
    {"audio-channels", "3", "audio-channels=1|2"},
    {"audio-packet-duration", "1020", "1000"},
    {"video-fps", "31", "6 to 30"},
    {"screen-fps", "-1", "need 1,"},
    {"transcript-language", "37", "0 to 36"},
    {"latency", "60001", "0 to 60000 ms"},
    {"text-wait", "60001", "0 to 60000 ms"},
    {"replay-wait", "65001", "0 to 65000 ms"},
    // A URI cannot set what follows.
    {"batch-time", "1001", "0 to 1000 ms"},
    {"timeout", "0", "1 ms and more"},
    {"retry-delay", "0", "1 ms and more"},
    {"max-message-size", "1023", "1024 bytes and more"},
};

constexpr int kSetByUri = 9;

// A value outside its range is neither ignored nor clamped: the state change refuses it, whichever
// way it was set.
GST_START_TEST(test_outside) {
  constexpr int kByProperty = G_N_ELEMENTS(kOutside);
  const bool by_uri = __i__ >= kByProperty;
  const auto &bad = kOutside[by_uri ? __i__ - kByProperty : __i__];
  Player player([&](GstElement *src) {
    g_object_set(src, "webhook",
                 R"({"meeting_uuid":"m","rtms_stream_id":"s","server_urls":"wss://h.invalid"})",
                 "client-id", "id", "client-secret", "secret", nullptr);
    if (!by_uri)
      return set(src, bad.property, bad.value);
    const std::string uri = "rtms://?" + std::string(bad.property) + "=" + bad.value;
    ck_assert(gst_uri_handler_set_uri(GST_URI_HANDLER(src), uri.c_str(), nullptr));
  });
  ck_assert_int_eq(player.state(GST_STATE_PLAYING), GST_STATE_CHANGE_FAILURE);
  const Failure failure = player.wait_error();
  ck_assert(failure.domain == GST_RESOURCE_ERROR && failure.code == GST_RESOURCE_ERROR_SETTINGS);
  const std::string set_to = std::string(bad.property) + "=" + bad.value;
  ck_assert_msg(contains(failure.text, set_to) && contains(failure.text, bad.valid), "%s",
                failure.text.c_str());
}
GST_END_TEST;

// A running element keeps the latency that it had, and says so.
GST_START_TEST(test_latency_outside_while_running) {
  auto server = serve(endless_config(Pace::Realtime, 1000));
  Player player(*server, with("media-types", "audio"));
  player.play();
  ck_assert(player.wait([](const Record &r) { return r.packets("audio") > 0; }));
  g_object_set(player.src(), "latency", 60001, nullptr);
  ck_assert(player.wait([](const Record &r) { return r.count(GST_MESSAGE_WARNING) == 1; }));
  GstQuery *query = gst_query_new_latency();
  ck_assert(gst_element_query(player.src(), query));
  GstClockTime latency = 0;
  gst_query_parse_latency(query, nullptr, &latency, nullptr);
  gst_query_unref(query);
  ck_assert_uint_eq(latency, 200 * GST_MSECOND);
  player.stop();
}
GST_END_TEST;

// A state change interrupts the way to the first connection, and PROGRESS tells.
GST_START_TEST(test_canceled) {
  RawServer server([](RawPeer &peer) {
    if (peer.upgrade())
      peer.linger();
  });
  Player player(server.client());
  player.play();
  ck_assert(server.wait_for([&] { return server.received(1) > 0; }));
  ck_assert_int_eq(player.state(GST_STATE_READY), GST_STATE_CHANGE_SUCCESS);
  const auto types = progress_of(player.record());
  ck_assert_uint_eq(types.size(), 2);
  ck_assert_int_eq(types[0], GST_PROGRESS_TYPE_START);
  ck_assert_int_eq(types[1], GST_PROGRESS_TYPE_CANCELED);
  player.stop();
  server.finish();
}
GST_END_TEST;

// One that waits for a webhook, too.
GST_START_TEST(test_waiting_is_canceled) {
  Player player([](GstElement *src) {
    g_object_set(src, "webhook-listen", "http://127.0.0.1:0/hook", "webhook-secret-token", "token",
                 "client-id", "id", "client-secret", "secret", nullptr);
  });
  player.play();
  ck_assert_int_eq(player.state(GST_STATE_READY), GST_STATE_CHANGE_SUCCESS);
  const auto types = progress_of(player.record());
  ck_assert_uint_eq(types.size(), 2);
  ck_assert_int_eq(types[0], GST_PROGRESS_TYPE_START);
  ck_assert_int_eq(types[1], GST_PROGRESS_TYPE_CANCELED);
  player.stop();
}
GST_END_TEST;

// Not where the element has connected: there is one end only.
GST_START_TEST(test_complete_is_not_canceled) {
  auto server = serve(endless_config(Pace::Realtime, 1000));
  Player player(*server, with("media-types", "audio"));
  player.play();
  ck_assert(player.wait([](const Record &r) { return r.packets("audio") > 0; }));
  player.stop();
  const auto types = progress_of(player.record());
  ck_assert_uint_eq(types.size(), 2);
  ck_assert_int_eq(types[1], GST_PROGRESS_TYPE_COMPLETE);
}
GST_END_TEST;

// Tags and custom events go through each pad, in order: buffers follow.
GST_START_TEST(test_events) {
  auto server = serve(endless_config(Pace::Realtime, 1000));
  Player player(*server, with("media-types", "audio+chat"));
  ck_assert(!gst_element_send_event(player.src(),
                                    custom_event(GST_EVENT_CUSTOM_DOWNSTREAM, "too-early")));
  player.play();
  ck_assert(player.wait([](const Record &r) { return r.packets("audio") > 0; }));
  ck_assert(player.wait([](const Record &r) { return count(r.signals, "no-more-pads") == 1; }));
  GstTagList *tags = gst_tag_list_new(GST_TAG_COMMENT, "by the application", nullptr);
  ck_assert(gst_element_send_event(player.src(), gst_event_new_tag(tags)));
  ck_assert(
      gst_element_send_event(player.src(), custom_event(GST_EVENT_CUSTOM_DOWNSTREAM, "first")));
  ck_assert(gst_element_send_event(player.src(), custom_event(GST_EVENT_CUSTOM_BOTH, "second")));
  ck_assert_msg(player.wait([](const Record &r) {
    return std::all_of(r.pads.begin(), r.pads.end(), [](const auto &pad) {
      return has_tag(pad.second, "by the application") &&
             has_event(pad.second, GST_EVENT_CUSTOM_DOWNSTREAM, "first") &&
             has_event(pad.second, GST_EVENT_CUSTOM_BOTH, "second");
    });
  }),
                "%s", player.summary().c_str());
  std::size_t before = 0;
  player.wait([&](const Record &r) { return (before = r.packets("audio"), true); });
  ck_assert(player.wait([&](const Record &r) { return r.packets("audio") > before; }));
  player.stop();
  ck_assert_uint_eq(player.record().pads.size(), 2);
}
GST_END_TEST;

static Suite *rtmssrc_face_suite() {
  constexpr double kPatienceSeconds = 60;
  Suite *suite = suite_create("rtmssrc_face");
  TCase *face = tcase_create("face");
  tcase_set_timeout(face, kPatienceSeconds);
  tcase_add_test(face, test_defaults);
  tcase_add_test(face, test_ranges);
  tcase_add_loop_test(face, test_outside, 0, static_cast<int>(G_N_ELEMENTS(kOutside)) + kSetByUri);
  tcase_add_test(face, test_latency_outside_while_running);
  tcase_add_test(face, test_canceled);
  tcase_add_test(face, test_waiting_is_canceled);
  tcase_add_test(face, test_complete_is_not_canceled);
  tcase_add_test(face, test_events);
  suite_add_tcase(suite, face);
  return suite;
}

GST_CHECK_MAIN(rtmssrc_face)
