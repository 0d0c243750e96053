// SPDX-License-Identifier: LGPL-2.1-or-later
// The element's public face from Python, by python.py: this is the service for it.
#include <json-glib/json-glib.h>

#include "launch.h"
#include "recording.h"
#include "webhooks.h"

namespace {

using namespace rtmscheck;

// One of each kind.
void add_events(ListSource *source) {
  const std::string who = R"("user_id":11,"user_name":"Anton")";
  const std::string list = "\"participants\":[{" + who + "}]";
  for (int type : {3, 8, 9, 4})
    source->add_event({type, list, kStartMs});
  for (int type : {2, 5, 6})
    source->add_event({type, who, kStartMs});
}

Config meeting() {
  auto source = audio_source(10);
  for (unsigned i = 0; i < 10; i++)
    source->add(item(Media::Video, 40 * i, access_unit(i == 0, 500, i), 33));
  add_events(source.get());
  Config config = fast_config(source);
  config.end = End::Nothing;
  config.status_media[Media::Chat] = 13;
  config.script = {
      {0, Signaling, R"({"msg_type":6,"event":{"event_type":99,"timestamp":1}})", Action::Send}};
  return config;
}

std::size_t requests(const Server &server, int64_t type) {
  ObjectPtr<JsonParser> parser(json_parser_new());
  std::size_t count = 0;
  for (const Received &message : server.received()) {
    ck_assert(json_parser_load_from_data(parser.get(), message.text.c_str(), -1, nullptr));
    JsonObject *object = json_node_get_object(json_parser_get_root(parser.get()));
    count += json_object_get_int_member(object, "msg_type") == type;
  }
  return count;
}

}  // namespace

GST_START_TEST(test_python) {
  TemporaryDirectory directory;
  auto server = serve(meeting());
  const std::string webhook = server->webhook_json();
  ck_assert(
      g_file_set_contents(directory.file("webhook.json").c_str(), webhook.c_str(), -1, nullptr));
  Program::Options options;
  options.arguments = {"/usr/bin/python3", CHECK_SOURCE_ROOT "/tests/check/python.py",
                       CHECK_SOURCE_ROOT "/docs/reference.md", "webhook.json"};
  options.folder = directory.path();
  options.environment = {{"ZM_RTMS_CLIENT", "test-client"},
                         {"ZM_RTMS_SECRET", "test-secret"},
                         {"ZM_RTMS_WEBHOOK_SECRET", kWebhookToken}};
  Program program(options);
  const std::string url = program.wait_output("listening at ", "\n");
  ck_assert_int_eq(post_signed(url, webhook).status, 200);
  ck_assert(server->wait_for([](const Server &s) { return s.accepted() >= 4; }, kDeadlineMs));
  std::string another = webhook;
  const std::size_t stream = another.find(server->stream_id());
  another.replace(stream, server->stream_id().size(), "another-stream");
  ck_assert_int_eq(post_signed(url, another).status, 200);
  ck_assert_msg(program.wait(3 * kDeadlineMs), "no end\n%s", program.output().c_str());
  ck_assert_msg(program.succeeded(), "%s", program.output().c_str());
  ck_assert_uint_eq(requests(*server, 28), 2);  // subscribe-video, and again after the rejoin
  ck_assert_uint_eq(requests(*server, 1), 2);   // rejoin
  ck_assert_uint_eq(requests(*server, 21), 1);  // close-stream
  expect_no_violations(*server);
}
GST_END_TEST;

static Suite *python_suite() {
  constexpr double kPatienceSeconds = 60;
  Suite *suite = suite_create("python");
  TCase *python = tcase_create("python");
  tcase_set_timeout(python, kPatienceSeconds);
  tcase_add_test(python, test_python);
  suite_add_tcase(suite, python);
  return suite;
}

GST_CHECK_MAIN(python)
