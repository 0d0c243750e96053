// SPDX-License-Identifier: LGPL-2.1-or-later
// rtms:// and rtmss:// URIs: what they set, and what they must not.
#include "failures.h"
#include "recording.h"

namespace {

using namespace rtmscheck;

// rtmssrc from a URI, or nothing and why.
ElementPtr from_uri(const std::string &uri, std::string *problem = nullptr, int *code = nullptr) {
  GError *failure = nullptr;
  GstElement *element = gst_element_make_from_uri(GST_URI_SRC, uri.c_str(), nullptr, &failure);
  ErrorPtr owned(failure);
  if (problem)
    *problem = failure ? failure->message : "";
  if (code)
    *code = failure && failure->domain == GST_URI_ERROR ? failure->code : -1;
  return ElementPtr(element ? static_cast<GstElement *>(gst_object_ref_sink(element)) : nullptr);
}

std::string text_of(GstElement *element, const char *name) {
  GValue value = G_VALUE_INIT;
  g_value_init(&value, g_object_class_find_property(G_OBJECT_GET_CLASS(element), name)->value_type);
  g_object_get_property(G_OBJECT(element), name, &value);
  CharPtr text(G_VALUE_HOLDS_STRING(&value)  ? g_value_dup_string(&value)
               : G_VALUE_HOLDS_FLAGS(&value) ? g_strdup_printf("%u", g_value_get_flags(&value))
                                             : gst_value_serialize(&value));
  g_value_unset(&value);
  return text ? text.get() : "";
}

std::string uri_of(GstElement *element) {
  CharPtr uri(gst_uri_handler_get_uri(GST_URI_HANDLER(element)));
  return uri ? uri.get() : "";
}

std::string uri_for(const Server &server) {
  const std::string url = server.signaling_url();
  return "rtms" + url.substr(2) + "?stream-id=" + server.stream_id() +
         "&meeting-uuid=/Zk3+Tq7RZu0pXw9aB/cDg==";
}

void give_credentials() {
  g_setenv("ZM_RTMS_CLIENT", "test-client", TRUE);
  g_setenv("ZM_RTMS_SECRET", "test-secret", TRUE);
}

}  // namespace

GST_START_TEST(test_handler) {
  ElementPtr element = from_uri("rtmss://h.example/a/b");
  ck_assert(element != nullptr);
  GstElementFactory *factory = gst_element_get_factory(element.get());
  expect_text(GST_OBJECT_NAME(factory), "rtmssrc");
  ck_assert_uint_eq(gst_plugin_feature_get_rank(GST_PLUGIN_FEATURE(factory)), GST_RANK_PRIMARY);
  const char *const *protocols = gst_uri_handler_get_protocols(GST_URI_HANDLER(element.get()));
  expect_text(protocols[0], "rtms");
  expect_text(protocols[1], "rtmss");
  ck_assert(protocols[2] == nullptr);
  ElementPtr plain(
      static_cast<GstElement *>(gst_object_ref_sink(gst_element_factory_make("rtmssrc", nullptr))));
  expect_text(uri_of(plain.get()), "");
}
GST_END_TEST;

GST_START_TEST(test_values) {
  const struct {
    const char *uri, *name, *value;
  } cases[] = {
      {"rtmss://h.example:8443/a/b", "signaling-url", "wss://h.example:8443/a/b"},
      {"rtms://127.0.0.1:80/s", "signaling-url", "ws://127.0.0.1:80/s"},
      {"rtms://[::1]:80/s", "signaling-url", "ws://[::1]:80/s"},
      {"RTMSS://h.example/s%20t", "signaling-url", "wss://h.example/s%20t"},
      {"rtmss://h/s?stream-id=a%26b%3d", "stream-id", "a&b="},
      {"rtmss://h/s?meeting-uuid=/Zk3+Tq7RZu0pXw9aB/cDg==", "meeting-uuid",
       "/Zk3+Tq7RZu0pXw9aB/cDg=="},
      {"rtmss://h/s?meeting-uuid=%2FZk3%2BTq7%3D%3D", "meeting-uuid", "/Zk3+Tq7=="},
      {"rtmss://h/s?session_id=1&media-types=audio+chat", "session-id", "1"},
      {"rtmss://h/s?session-id=1&media-types=audio+chat", "media-types", "17"},
      {"rtmss://h/s?audio-codec=opus&audio-rate=48000", "audio-codec", "opus"},
      {"rtmss://h/s?audio-codec=opus&audio-rate=48000", "audio-rate", "48000"},
      {"rtmss://h/s?buffer-data=true", "buffer-data", "true"},
      {"rtmss://h/s?client-id=abc", "client-id", "abc"},
      {"rtmss://h/s?", "signaling-url", "wss://h/s"},
      {"rtms://?fill=black", "signaling-url", ""},
  };
  for (const auto &c : cases) {
    std::string problem;
    ElementPtr element = from_uri(c.uri, &problem);
    ck_assert_msg(element != nullptr, "%s: %s", c.uri, problem.c_str());
    const std::string got = text_of(element.get(), c.name);
    ck_assert_msg(got == c.value, "%s: %s is \"%s\"", c.uri, c.name, got.c_str());
    expect_text(uri_of(element.get()), c.uri);
  }
}
GST_END_TEST;

GST_START_TEST(test_refused) {
  const struct {
    const char *uri, *words;
  } cases[] = {
      {"rtmss://h/s?client-secret=LEAK", "client-secret"},
      {"rtmss://h/s?client_secret=LEAK", "client-secret"},
      {"rtmss://h/s?%63lient-secret=LEAK", "client-secret"},
      {"rtmss://h/s?stream-id=1&signature=LEAK", "signature"},
      {"rtmss://h/s?webhook-secret-token=LEAK", "webhook-secret-token"},
      {"rtmss://h/s?webhook=LEAK", "webhook"},
      {"rtmss://h/s?access_token=LEAK", "access_token"},
      {"rtmss://user:LEAK@h/s", "user"},
      {"rtmss://h/s#LEAK", "fragment"},
      {"rtmss://h/s?LEAK", "NAME=VALUE"},
      {"rtmss://h/s?audio-rate=LEAK", "audio-rate"},
      {"rtmss://h/s?audio-codec=LEAK", "audio-codec"},
      {"rtmss://h/s?media-types=audio+LEAK", "media-types"},
      {"rtmss://h/s?name=x", "name"},
      {"rtmss://h/s?stats=x", "stats"},
      {"rtmss://h/s?webhook-url=x", "webhook-url"},
      {"rtmss://h/s?tls-database=x", "tls-database"},
      // What is the application's to decide.
      {"rtmss://h/s?tls-ca-file=x", "tls-ca-file"},
      {"rtmss://h/s?tls-validation-flags=0", "tls-validation-flags"},
      {"rtmss://h/s?allow-insecure=true", "allow-insecure"},
      {"rtmss://h/s?proxy=http://h", "proxy"},
      {"rtmss://h/s?user-agent=x", "user-agent"},
      {"rtmss://h/s?context=x", "context"},
      {"rtmss://h/s?uri-hosts=h", "uri-hosts"},
      {"rtmss://h/s?signaling-url=wss://h", "signaling-url"},
      {"rtmss://h/s?max-queue-bytes=0", "max-queue-bytes"},
      {"rtmss://h/s?max-message-size=0", "max-message-size"},
      {"rtmss://h/s?timeout=1", "timeout"},
      {"rtms://?webhook-location=/etc/passwd", "webhook-location"},
      {"rtms://?webhook-listen=http://0.0.0.0:80/w", "webhook-listen"},
      {"rtms://?webhook-tls-key=x", "webhook-tls-key"},
      {"rtmss://h:port/s", "rtms://"},
      {"rtms:///s?x=%", "rtms://"},
  };
  for (const auto &c : cases) {
    std::string problem;
    int code = -1;
    ElementPtr element = from_uri(c.uri, &problem, &code);
    ck_assert_msg(element == nullptr, "%s", c.uri);
    ck_assert_msg(
        code == GST_URI_ERROR_BAD_URI && contains(problem, c.words) && !contains(problem, "LEAK"),
        "%s: %s", c.uri, problem.c_str());
  }
}
GST_END_TEST;

// A URI that is refused changes nothing; the next one does not inherit from the one before.
GST_START_TEST(test_changed) {
  ElementPtr element = from_uri("rtmss://h/s?meeting-uuid=m&audio-rate=48000");
  auto handler = GST_URI_HANDLER(element.get());
  ck_assert(!gst_uri_handler_set_uri(handler, "rtmss://other/s?stream-id=7&x=1", nullptr));
  expect_text(text_of(element.get(), "signaling-url"), "wss://h/s");
  expect_text(text_of(element.get(), "stream-id"), "");
  expect_text(uri_of(element.get()), "rtmss://h/s?meeting-uuid=m&audio-rate=48000");
  g_object_set(element.get(), "audio-channels", 2, nullptr);
  ck_assert(gst_uri_handler_set_uri(handler, "rtmss://h/t?session-id=s&client-id=c", nullptr));
  expect_text(text_of(element.get(), "meeting-uuid"), "");
  expect_text(text_of(element.get(), "session-id"), "s");
  expect_text(text_of(element.get(), "audio-rate"), "16000");
  expect_text(text_of(element.get(), "audio-channels"), "2");
  ck_assert(gst_uri_handler_set_uri(handler, "rtms://?audio-rate=8000", nullptr));
  expect_text(text_of(element.get(), "signaling-url"), "");
  expect_text(text_of(element.get(), "client-id"), "");
}
GST_END_TEST;

// The environment's credentials are for known hosts.
GST_START_TEST(test_hosts) {
  give_credentials();
  const struct {
    const char *uri, *hosts;
    bool listed;
  } cases[] = {
      {"rtmss://rtms.zoom.us:1/s", nullptr, true},
      {"rtmss://RTMS.Zoom.US.:1/s", nullptr, true},
      {"rtmss://127.0.0.1:1/s", nullptr, true},
      {"rtmss://[::1]:1/s", nullptr, true},
      {"rtmss://evil.example:1/s", nullptr, false},
      {"rtmss://evilzoom.us:1/s", nullptr, false},
      {"rtmss://zoom.us.evil.example:1/s", nullptr, false},
      {"rtmss://127.0.0.1.evil.example:1/s", nullptr, false},
      {"rtmss://evil.example:1/s", "a.example, *.example", true},
      {"rtmss://127.0.0.1:1/s", "", false},
  };
  for (const auto &c : cases) {
    const std::string uri = c.uri + std::string("?stream-id=s&meeting-uuid=m");
    for (bool own : {false, true}) {
      Player player([&](GstElement *src) {
        g_object_set(src, "connect-window", 0, "timeout", 1000, nullptr);
        if (c.hosts)
          g_object_set(src, "uri-hosts", c.hosts, nullptr);
        if (own)
          g_object_set(src, "client-secret", "own", nullptr);
        // Nobody is connected to.
        g_object_set(src, "proxy", "http://127.0.0.1:1", nullptr);
        ck_assert(gst_uri_handler_set_uri(GST_URI_HANDLER(src), uri.c_str(), nullptr));
      });
      player.state(GST_STATE_PLAYING);
      const Failure failure = player.wait_error();
      ck_assert_msg(contains(failure.text, "uri-hosts") == !(c.listed || own), "%s: %s",
                    uri.c_str(), failure.text.c_str());
    }
  }
}
GST_END_TEST;

// A URL that the application set is no URL of a URI without a host.
GST_START_TEST(test_host_of_the_application) {
  give_credentials();
  Player player([](GstElement *src) {
    g_object_set(src, "connect-window", 0, "timeout", 1000, "proxy", "http://127.0.0.1:1",
                 "signaling-url", "wss://rtms.example:1/s", nullptr);
    ck_assert(gst_uri_handler_set_uri(GST_URI_HANDLER(src), "rtms://?stream-id=s&meeting-uuid=m",
                                      nullptr));
  });
  player.state(GST_STATE_PLAYING);
  const Failure failure = player.wait_error();
  ck_assert_msg(!contains(failure.text, "uri-hosts"), "%s", failure.text.c_str());
}
GST_END_TEST;

GST_START_TEST(test_while_running) {
  give_credentials();
  Config config = endless_config(Pace::Fast, 50);
  auto server = serve(config);
  Player player([&](GstElement *src) {
    set(src, "media-types", "audio");
    ck_assert(gst_uri_handler_set_uri(GST_URI_HANDLER(src), uri_for(*server).c_str(), nullptr));
  });
  player.play();
  ck_assert(player.wait([](const Record &r) { return r.packets("audio") == 50; }));
  GError *failure = nullptr;
  ck_assert(!gst_uri_handler_set_uri(GST_URI_HANDLER(player.src()), "rtmss://h/s", &failure));
  ErrorPtr owned(failure);
  ck_assert(g_error_matches(failure, GST_URI_ERROR, GST_URI_ERROR_BAD_STATE));
  expect_text(uri_of(player.src()), uri_for(*server));
  player.stop();
  ck_assert(gst_uri_handler_set_uri(GST_URI_HANDLER(player.src()), "rtmss://h/s", nullptr));
  expect_no_violations(*server);
}
GST_END_TEST;

namespace {

// What comes decoded out of a uridecodebin3, by caps.
struct Decoded {
  std::mutex mutex;
  std::map<std::string, unsigned> buffers;
  GstElement *pipeline = nullptr;

  unsigned count(const std::string &name) {
    std::lock_guard<std::mutex> lock(mutex);
    return buffers[name];
  }
};

using CollectionPtr = Ptr<GstStreamCollection, gst_object_unref>;

GstPadProbeReturn on_buffer(GstPad *pad, GstPadProbeInfo *, gpointer data) {
  auto decoded = static_cast<Decoded *>(data);
  CapsPtr caps(gst_pad_get_current_caps(pad));
  std::lock_guard<std::mutex> lock(decoded->mutex);
  decoded->buffers[gst_structure_get_name(gst_caps_get_structure(caps.get(), 0))]++;
  gst_element_post_message(decoded->pipeline,
                           gst_message_new_application(nullptr, gst_structure_new_empty("buffer")));
  return GST_PAD_PROBE_OK;
}

void on_decoded_pad(GstElement *, GstPad *pad, gpointer data) {
  auto decoded = static_cast<Decoded *>(data);
  GstElement *sink = gst_element_factory_make("fakesink", nullptr);
  g_object_set(sink, "async", FALSE, nullptr);
  gst_bin_add(GST_BIN(decoded->pipeline), sink);
  gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, on_buffer, decoded, nullptr);
  gst_element_sync_state_with_parent(sink);
  Ptr<GstPad, gst_object_unref> sink_pad(gst_element_get_static_pad(sink, "sink"));
  ck_assert(gst_pad_link(pad, sink_pad.get()) == GST_PAD_LINK_OK);
}

}  // namespace

GST_START_TEST(test_uridecodebin3) {
  give_credentials();
  MeetingOptions options;
  options.duration_ms = 3000;
  Config config;
  config.source = make_meeting(options);
  auto server = serve(config);
  const std::string uri =
      uri_for(*server) + "&video-resolution=sd&media-types=audio+video+transcript";
  Decoded decoded;
  ElementPtr pipeline(static_cast<GstElement *>(gst_object_ref_sink(gst_pipeline_new(nullptr))));
  decoded.pipeline = pipeline.get();
  GstElement *decoder = gst_element_factory_make("uridecodebin3", nullptr);
  g_object_set(decoder, "uri", uri.c_str(), nullptr);
  g_signal_connect(decoder, "pad-added", G_CALLBACK(on_decoded_pad), &decoded);
  gst_bin_add(GST_BIN(pipeline.get()), decoder);
  play(pipeline.get());
  ck_assert_uint_eq(decoded.buffers["audio/x-raw"], 150);
  ck_assert_uint_eq(decoded.buffers["video/x-raw"], 75);
  ck_assert_uint_ge(decoded.buffers["text/x-raw"], 1);
  expect_no_violations(*server);
}
GST_END_TEST;

namespace {

std::vector<std::string> audio_of(GstStreamCollection *collection) {
  std::vector<std::string> ids;
  for (guint i = 0; i < gst_stream_collection_get_size(collection); i++) {
    GstStream *stream = gst_stream_collection_get_stream(collection, i);
    if (gst_stream_get_stream_type(stream) == GST_STREAM_TYPE_AUDIO)
      ids.emplace_back(gst_stream_get_stream_id(stream));
  }
  return ids;
}

// When video is seen, audio alone is asked for.
void play_audio_of(Decoded *decoded) {
  CollectionPtr collection;
  bool asked = false;
  BusPtr bus(gst_element_get_bus(decoded->pipeline));
  gst_element_set_state(decoded->pipeline, GST_STATE_PLAYING);
  // The end of it all does not come: what was linked to the video waits for its own.
  const int64_t deadline_us = g_get_monotonic_time() + int64_t{kDeadlineMs} * 1000;
  while (!asked || decoded->count("audio/x-raw") < 150) {
    ck_assert(g_get_monotonic_time() < deadline_us);
    const MessagePtr message(gst_bus_timed_pop(bus.get(), 10 * GST_MSECOND));
    const GstMessageType type = message ? GST_MESSAGE_TYPE(message.get()) : GST_MESSAGE_UNKNOWN;
    if (type == GST_MESSAGE_ERROR)
      ck_abort_msg("%s", failure_of(message.get()).text.c_str());
    if (type == GST_MESSAGE_STREAM_COLLECTION) {
      GstStreamCollection *raw = nullptr;
      gst_message_parse_stream_collection(message.get(), &raw);
      collection.reset(raw);
    }
    if (!collection || asked || decoded->count("video/x-raw") < 10)
      continue;
    const std::vector<std::string> ids = audio_of(collection.get());
    ck_assert_uint_eq(ids.size(), 1);
    GList list{const_cast<char *>(ids.front().c_str()), nullptr, nullptr};
    // decodebin3 refuses it while it takes over a collection: it is asked again then.
    asked = gst_element_send_event(decoded->pipeline, gst_event_new_select_streams(&list));
  }
  gst_element_set_state(decoded->pipeline, GST_STATE_NULL);
}

}  // namespace

// Who is asked to select is decodebin3: the names of its streams are not ours.
GST_START_TEST(test_select_in_uridecodebin3) {
  give_credentials();
  MeetingOptions options;
  options.duration_ms = 3000;
  Config config;
  config.source = make_meeting(options);
  auto server = serve(config);
  Decoded decoded;
  ElementPtr pipeline(static_cast<GstElement *>(gst_object_ref_sink(gst_pipeline_new(nullptr))));
  decoded.pipeline = pipeline.get();
  GstElement *decoder = gst_element_factory_make("uridecodebin3", nullptr);
  const std::string uri = uri_for(*server) + "&video-resolution=sd&media-types=audio+video";
  g_object_set(decoder, "uri", uri.c_str(), nullptr);
  g_signal_connect(decoder, "pad-added", G_CALLBACK(on_decoded_pad), &decoded);
  gst_bin_add(GST_BIN(pipeline.get()), decoder);
  play_audio_of(&decoded);
  ck_assert_uint_eq(decoded.buffers["audio/x-raw"], 150);
  ck_assert_uint_lt(decoded.buffers["video/x-raw"], 75);
  expect_no_violations(*server);
}
GST_END_TEST;

static Suite *rtmssrc_uri_suite() {
  constexpr double kPatienceSeconds = 60;
  Suite *suite = suite_create("rtmssrc_uri");
  TCase *tc = tcase_create("uri");
  tcase_set_timeout(tc, kPatienceSeconds);
  suite_add_tcase(suite, tc);
  tcase_add_test(tc, test_handler);
  tcase_add_test(tc, test_values);
  tcase_add_test(tc, test_refused);
  tcase_add_test(tc, test_changed);
  tcase_add_test(tc, test_hosts);
  tcase_add_test(tc, test_host_of_the_application);
  tcase_add_test(tc, test_while_running);
  tcase_add_test(tc, test_uridecodebin3);
  tcase_add_test(tc, test_select_in_uridecodebin3);
  return suite;
}

GST_CHECK_MAIN(rtmssrc_uri)
