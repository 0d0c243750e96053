// SPDX-License-Identifier: LGPL-2.1-or-later
// Uses the app's secrets as applications do, and tells what is left of them in its memory:
//   secretsleft element|environment|recorder|https SECRET TOKEN FILE…
// with hidden secrets (memorysearch.h). `element` and `environment` wait for a webhook; `recorder`
// records the meeting of a webhook's file, with a file of credentials; `https` opens a port with a
// certificate and a key, of which SECRET is a part.
#include "memorysearch.h"
#include "recorder.h"
#include "settings/options.h"
#include "settings/process.h"

#include <gst/gst.h>
#include <cstdio>
#include <fstream>
#include <sstream>

namespace {

using namespace rtmscheck;

// A program's own strings go as they are used.
void set_secret(GstElement *element, const char *property, const Hidden &secret) {
  secret.use([&](const char *text) {
    GValue value = G_VALUE_INIT;
    g_value_init(&value, G_TYPE_STRING);
    g_value_set_static_string(&value, text);
    g_object_set_property(G_OBJECT(element), property, &value);
    g_value_unset(&value);
  });
}

void on_pad_added(GstElement *, GstPad *pad, gpointer pipeline) {
  GstElement *sink = gst_element_factory_make("fakesink", nullptr);
  gst_bin_add(GST_BIN(pipeline), sink);
  gst_element_sync_state_with_parent(sink);
  GstPad *entry = gst_element_get_static_pad(sink, "sink");
  gst_pad_link(pad, entry);
  gst_object_unref(entry);
}

// One meeting, from its webhook to its end.
bool play(const Hidden *secret, const Hidden *token) {
  GstElement *pipeline = gst_pipeline_new(nullptr),
             *src = gst_element_factory_make("rtmssrc", nullptr);
  gst_bin_add(GST_BIN(pipeline), src);
  g_signal_connect(src, "pad-added", G_CALLBACK(on_pad_added), pipeline);
  g_object_set(src, "webhook-listen", "http://127.0.0.1:0/webhook", "client-id", "test-client",
               nullptr);
  gst_util_set_object_arg(G_OBJECT(src), "media-types", "audio");
  if (secret)
    set_secret(src, "client-secret", *secret);
  if (token)
    set_secret(src, "webhook-secret-token", *token);
  gst_element_set_state(pipeline, GST_STATE_PLAYING);
  char *url = nullptr;
  g_object_get(src, "webhook-url", &url, nullptr);
  std::printf("listening at %s\n", url ? url : "nowhere");
  std::fflush(stdout);
  g_free(url);
  GstBus *bus = gst_element_get_bus(pipeline);
  GstMessage *end = gst_bus_timed_pop_filtered(
      bus, GST_CLOCK_TIME_NONE, static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR));
  const bool good = GST_MESSAGE_TYPE(end) == GST_MESSAGE_EOS;
  gst_message_unref(end);
  gst_element_set_state(pipeline, GST_STATE_NULL);
  gst_object_unref(bus);
  gst_object_unref(pipeline);
  return good;
}

// There may be so many, or the program says where they are.
bool tell(const char *name, const Hidden &secret, size_t most) {
  const auto places = places_of(secret);
  if (places.size() <= most)
    return true;
  for (const std::string &place : places)
    std::printf("%s at %s\n", name, place.c_str());
  return false;
}

// The search finds what is there.
bool finds(const Hidden &secret) {
  bool found = false;
  secret.use([&](const char *) { found = places_of(secret).size() == 1; });
  return found && places_of(secret).empty();
}

bool record(const std::string &credentials, const std::string &webhook, const std::string &folder,
            const Hidden &secret, const Hidden &token) {
  using namespace rtms::recorder;
  std::string words[] = {"rtms-recorder",
                         "--credentials-file=" + credentials,
                         "--webhook-file=" + webhook,
                         "--output=" + folder,
                         "--min-free=0",
                         "--no-video"};
  char *argv[] = {words[0].data(), words[1].data(), words[2].data(), words[3].data(),
                  words[4].data(), words[5].data(), nullptr};
  const auto parsed = parse_options(6, argv);
  auto options = std::get_if<Options>(&parsed);
  // The options themselves have them, and nobody else.
  if (!options || !tell("client secret, by the options,", secret, 1) ||
      !tell("secret token, by the options,", token, 1))
    return false;
  std::ostringstream json;
  json << std::ifstream(webhook).rdbuf();
  auto hook = rtms::parse_webhook(json.str());
  rtms::MainLoopPtr loop(g_main_loop_new(nullptr, FALSE));
  Log log;
  Recorder recorder(*options, &log, [&] { g_main_loop_quit(loop.get()); });
  recorder.resume(nullptr);
  recorder.webhook({rtms::WebhookEvent::Started, std::get<rtms::Webhook>(hook), json.str()});
  g_main_loop_run(loop.get());
  while (retiring() > 0 || recorder.busy())
    g_main_context_iteration(nullptr, TRUE);
  log.flush();
  return recorder.totals({}).all_good();
}

bool listen(const std::string &certificate, const std::string &key, const Hidden &token) {
  rtms::ListenConfig config;
  config.url = "https://127.0.0.1:0/webhook";
  config.certificate_file = certificate;
  config.key_file = key;
  token.use([&](const char *text) { config.secret_token = rtms::Secret(text); });
  const auto opened = rtms::WebhookListener::open(config);
  return std::holds_alternative<std::unique_ptr<rtms::WebhookListener>>(opened);
}

}  // namespace

int main(int argc, char **argv) {
  constexpr int kBad = 1, kLeft = 2;
  gst_init(nullptr, nullptr);
  const std::string mode = argv[1];
  const Hidden secret(argv[2]), token(argv[3]);
  bool good = false;
  if (mode != "environment" && (!finds(secret) || !finds(token)))
    return kBad;
  if (mode == "recorder") {
    good = argc > 6 && record(argv[4], argv[5], argv[6], secret, token);
  } else if (mode == "https") {
    good = argc > 5 && listen(argv[4], argv[5], token);
  } else {
    const bool given = mode == "element";
    good = play(given ? &secret : nullptr, given ? &token : nullptr);
    if (!given)
      rtms::recorder::forget_variables({"ZM_RTMS_SECRET", "ZM_RTMS_WEBHOOK_SECRET"});
  }
  const bool secret_gone = tell("client secret", secret, 0),
             token_gone = tell("secret token", token, 0);
  std::printf("%s\n", good ? "it worked" : "it did not work");
  return !good ? kBad : secret_gone && token_gone ? 0 : kLeft;
}
