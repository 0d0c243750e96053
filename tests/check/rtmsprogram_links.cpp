// SPDX-License-Identifier: LGPL-2.1-or-later
// What is linked to a program: what refuses its format is told, and what is exchanged gets the
// rest.
#include "counter.h"
#include "recording.h"

namespace {

using namespace rtmscheck;

std::unique_ptr<Server> meeting(int64_t duration_ms) {
  MeetingOptions options;
  options.duration_ms = duration_ms;
  Config config;
  config.source = make_meeting(options);
  return serve(std::move(config));
}

ElementPtr launch_program(const Server &server, const std::string &rest) {
  ElementPtr pipeline =
      parse_launch(("rtmsprogram name=program video-resolution=sd client-id=test-client "
                    "client-secret=test-secret " +
                    rest)
                       .c_str());
  ElementPtr program(gst_bin_get_by_name(GST_BIN(pipeline.get()), "program"));
  g_object_set(program.get(), "webhook", server.webhook_json().c_str(), nullptr);
  return pipeline;
}

MessagePtr wait_message(GstElement *pipeline, int types) {
  BusPtr bus(gst_element_get_bus(pipeline));
  MessagePtr message(
      gst_bus_timed_pop_filtered(bus.get(), static_cast<GstClockTime>(kDeadlineMs) * GST_MSECOND,
                                 static_cast<GstMessageType>(types)));
  ck_assert_msg(message != nullptr, "no message");
  return message;
}

void stop(GstElement *pipeline) {
  gst_element_set_state(pipeline, GST_STATE_NULL);
}

Counter *count_buffers(GstElement *pipeline, const char *sink) {
  auto count = new Counter;
  ElementPtr element(gst_bin_get_by_name(GST_BIN(pipeline), sink));
  g_object_set_data_full(G_OBJECT(element.get()), "count", count,
                         [](gpointer data) { delete static_cast<Counter *>(data); });
  g_object_set(element.get(), "signal-handoffs", TRUE, nullptr);
  g_signal_connect(element.get(), "handoff",
                   G_CALLBACK(+[](GstElement *, GstBuffer *, GstPad *, gpointer data) {
                     static_cast<Counter *>(data)->add();
                   }),
                   count);
  return count;
}

const char *const kRefusing[] = {
    "program.video ! capsfilter caps=video/x-raw,width=320,height=180 ! fakesink program.audio ! "
    "fakesink",
    "program.video ! capsfilter caps=video/x-raw,framerate=7/1 ! fakesink program.audio ! fakesink",
};

}  // namespace

// The pipeline would wait for ever, without a word.
GST_START_TEST(test_refused) {
  auto server = meeting(0);
  ElementPtr pipeline = launch_program(*server, kRefusing[__i__]);
  gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
  const MessagePtr message = wait_message(pipeline.get(), GST_MESSAGE_ERROR);
  const Failure failure = failure_of(message.get());
  ck_assert(failure.domain == GST_CORE_ERROR && failure.code == GST_CORE_ERROR_NEGOTIATION);
  ck_assert_msg(contains(failure.text, "pad video"), "%s", failure.text.c_str());
  stop(pipeline.get());
}
GST_END_TEST;

// gst-launch-1.0 takes a link that is impossible for one that is possible later, with other pads.
GST_START_TEST(test_impossible) {
  auto server = meeting(0);
  ElementPtr pipeline = launch_program(
      *server, "program.audio ! audio/x-raw,rate=44100 ! fakesink program.video ! fakesink");
  gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
  const MessagePtr message = wait_message(pipeline.get(), GST_MESSAGE_WARNING);
  ck_assert_msg(contains(failure_of(message.get()).text, "linking"), "%s",
                failure_of(message.get()).text.c_str());
  stop(pipeline.get());
}
GST_END_TEST;

// Without anything linked for a moment, or with a sink that is not PLAYING yet, a pad goes on with
// what is linked then, and ends.
GST_START_TEST(test_exchanged) {
  constexpr unsigned kSome = 10;
  const bool is_audio = __i__ % 2, unlinks = __i__ < 2;
  const char *name = is_audio ? "audio" : "video";
  auto server = meeting(4000);
  ElementPtr pipeline = launch_program(
      *server, "program.video ! fakesink name=video program.audio ! fakesink name=audio");
  const Counter *video = count_buffers(pipeline.get(), "video");
  const Counter *audio = count_buffers(pipeline.get(), "audio");
  const Counter &own = is_audio ? *audio : *video, &other = is_audio ? *video : *audio;
  gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
  ck_assert(own.wait(kSome));
  ElementPtr program(gst_bin_get_by_name(GST_BIN(pipeline.get()), "program"));
  const Ptr<GstPad, gst_object_unref> pad(gst_element_get_static_pad(program.get(), name));
  const Ptr<GstPad, gst_object_unref> sink(gst_pad_get_peer(pad.get()));
  ElementPtr element(gst_bin_get_by_name(GST_BIN(pipeline.get()), name));
  if (unlinks)
    ck_assert(gst_pad_unlink(pad.get(), sink.get()));
  else
    gst_element_set_state(element.get(), GST_STATE_READY);
  ck_assert(other.wait(other.get() + kSome));
  if (unlinks)
    ck_assert_int_eq(gst_pad_link(pad.get(), sink.get()), GST_PAD_LINK_OK);
  else
    gst_element_set_state(element.get(), GST_STATE_PLAYING);
  ck_assert(own.wait(own.get() + kSome));
  const MessagePtr message = wait_message(pipeline.get(), GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  ck_assert_int_eq(GST_MESSAGE_TYPE(message.get()), GST_MESSAGE_EOS);
  stop(pipeline.get());
}
GST_END_TEST;

static Suite *rtmsprogram_links_suite() {
  Suite *suite = suite_create("rtmsprogram_links");
  TCase *links = tcase_create("links");
  tcase_set_timeout(links, 60);
  tcase_add_loop_test(links, test_refused, 0, std::size(kRefusing));
  tcase_add_test(links, test_impossible);
  tcase_add_loop_test(links, test_exchanged, 0, 4);
  suite_add_tcase(suite, links);
  return suite;
}

GST_CHECK_MAIN(rtmsprogram_links)
