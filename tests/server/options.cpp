// SPDX-License-Identifier: LGPL-2.1-or-later
#include "options.h"

#include <glib.h>

#include <cstdio>

#include "glib_ptr.h"
#include "option_values.h"
#include "rules.h"
#include "service_options.h"

namespace rtmstest {

namespace {

// What GOption fills: it allocates strings with a plain pointer, so they are freed here.
struct Raw {
  int port = 0, keep_alive_ms = 10000, jitter_ms = 0;
  double duration_s = 0, backlog_s = 0;
  gboolean tls = FALSE, binary = FALSE, no_all = FALSE, once = FALSE, sizes_differ = FALSE,
           strict = FALSE;
  char *cert = nullptr, *key = nullptr, *media = nullptr, *pace = nullptr, *end = nullptr,
       *webhook_file = nullptr, *webhook_shape = nullptr, *product = nullptr, *client_id = nullptr,
       *client_secret = nullptr, *offer = nullptr, *ca_file = nullptr, *id = nullptr,
       *stream_id = nullptr, *off = nullptr, *webhook = nullptr;

  Raw() = default;
  Raw(const Raw &) = delete;
  Raw &operator=(const Raw &) = delete;
  ~Raw() {
    for (char *text : {cert, key, media, pace, end, webhook_file, webhook_shape, product, client_id,
                       client_secret, offer, ca_file, id, stream_id, off, webhook})
      g_free(text);
  }
};

constexpr Choice<Pace> kPaces[] = {{"realtime", Pace::Realtime}, {"fast", Pace::Fast}};
constexpr Choice<End> kEnds[] = {{"terminated", End::Terminated},
                                 {"terminated-on-media", End::TerminatedOnMedia},
                                 {"close", End::Close},
                                 {"nothing", End::Nothing}};
constexpr Choice<WebhookShape> kShapes[] = {
    {"object", WebhookShape::Object}, {"flat", WebhookShape::Flat}, {"inner", WebhookShape::Inner}};
constexpr Choice<Product> kProducts[] = {{"meeting", Product::Meeting},
                                         {"webinar", Product::Webinar},
                                         {"session", Product::Session},
                                         {"contact-center", Product::ContactCenter},
                                         {"phone", Product::Phone}};

bool convert(const Raw &raw, const ServiceOptions &service, Options *options, std::string *error) {
  Config &config = options->config;
  if (raw.port < 0 || raw.port > 65535 || raw.duration_s < 0 || raw.backlog_s < 0 ||
      raw.jitter_ms < 0) {
    *error = "a number is out of range";
    return false;
  }
  config.port = static_cast<uint16_t>(raw.port);
  config.keep_alive_ms = raw.keep_alive_ms;
  config.tls = raw.tls || raw.cert;
  config.binary_frames = raw.binary;
  config.strict = raw.strict;
  config.offer_all = !raw.no_all;
  config.verbose = true;
  set(&config.cert_file, raw.cert);
  set(&config.key_file, raw.key);
  set(&config.client_id, raw.client_id, "ZM_RTMS_CLIENT");
  set(&config.client_secret, raw.client_secret, "ZM_RTMS_SECRET");
  set(&config.id, raw.id);
  set(&config.stream_id, raw.stream_id);
  set(&options->meeting.file, raw.media);
  set(&options->webhook_file, raw.webhook_file);
  set(&options->ca_file, raw.ca_file);
  set(&options->webhook_url, raw.webhook);
  set(&options->webhook_secret_token, nullptr, "ZM_RTMS_WEBHOOK_SECRET");
  options->meeting.duration_ms = static_cast<int64_t>(raw.duration_s * 1000);
  options->meeting.backlog_ms = static_cast<int64_t>(raw.backlog_s * 1000);
  options->meeting.jitter_ms = raw.jitter_ms;
  options->meeting.sizes_differ = raw.sizes_differ;
  options->once = raw.once;
  if (raw.ca_file && !config.tls) {
    *error = "--ca-file needs --tls";
    return false;
  }
  return choose(raw.pace, kPaces, &config.pace, error) &&
         choose(raw.end, kEnds, &config.end, error) &&
         choose(raw.webhook_shape, kShapes, &config.webhook.shape, error) &&
         choose(raw.product, kProducts, &config.product, error) &&
         parse_media(raw.offer, &config.offered, error) &&
         parse_off(raw.off, &options->meeting.off, error) && service.convert(options, error);
}

}  // namespace

bool parse_options(int *argc, char ***argv, Options *options, std::string *error) {
  Raw raw;
  ServiceOptions service;
  constexpr auto kString = G_OPTION_ARG_STRING;
  constexpr auto kFile = G_OPTION_ARG_FILENAME;
  constexpr auto kFlag = G_OPTION_ARG_NONE;
  constexpr auto kInt = G_OPTION_ARG_INT;
  const GOptionEntry entries[] = {
      {"port", 'p', 0, kInt, &raw.port, "Port on 127.0.0.1 (default: a free one)", "PORT"},
      {"tls", 0, 0, kFlag, &raw.tls, "Serve wss:// (self-signed unless --cert is given)", nullptr},
      {"cert", 0, 0, kFile, &raw.cert, "Certificate chain, PEM; implies --tls", "FILE"},
      {"key", 0, 0, kFile, &raw.key, "Private key, PEM (default: in the --cert file)", "FILE"},
      {"ca-file", 0, 0, kFile, &raw.ca_file, "Write the certificate to trust there", "FILE"},
      {"media", 'm', 0, kFile, &raw.media, "Play this file (default: a made meeting)", "FILE"},
      {"duration", 'd', 0, G_OPTION_ARG_DOUBLE, &raw.duration_s,
       "End the media after so long (default: never, or the file's end)", "SECONDS"},
      {"pace", 0, 0, kString, &raw.pace, "How fast media is sent", "realtime|fast"},
      {"end", 0, 0, kString, &raw.end, "What follows the media",
       "terminated|terminated-on-media|close|nothing"},
      {"webhook-file", 'w', 0, kFile, &raw.webhook_file, "Write the webhook JSON there", "FILE"},
      {"webhook", 0, 0, kString, &raw.webhook,
       "Post the webhook there, signed with $ZM_RTMS_WEBHOOK_SECRET", "URL"},
      {"webhook-shape", 0, 0, kString, &raw.webhook_shape, "Form of the webhook JSON",
       "object|flat|inner"},
      {"product", 0, 0, kString, &raw.product, "Whose stream it is",
       "meeting|webinar|session|contact-center|phone"},
      {"client-id", 0, 0, kString, &raw.client_id, "Default: $ZM_RTMS_CLIENT", "ID"},
      {"client-secret", 0, 0, kString, &raw.client_secret, "Default: $ZM_RTMS_SECRET", "SECRET"},
      {"id", 0, 0, kString, &raw.id, "Meeting UUID, session, engagement or call id", "ID"},
      {"stream-id", 0, 0, kString, &raw.stream_id, "RTMS stream id (default: random)", "ID"},
      {"binary", 0, 0, kFlag, &raw.binary, "Send binary frames", nullptr},
      {"no-all", 0, 0, kFlag, &raw.no_all, "Offer no URL for all media", nullptr},
      {"offer", 0, 0, kString, &raw.offer, "Media offered, comma-separated (default: all)",
       "audio,video,deskshare,transcript,chat"},
      {"off", 0, 0, kString, &raw.off,
       "When nothing of a medium comes (cameras off, silence), in s", "MEDIA:FROM-TO,..."},
      {"jitter", 0, 0, kInt, &raw.jitter_ms, "Of timestamps, either way", "MS"},
      {"backlog", 0, 0, G_OPTION_ARG_DOUBLE, &raw.backlog_s,
       "Begin with so much older audio, all at once", "SECONDS"},
      {"sizes-differ", 0, 0, kFlag, &raw.sizes_differ, "Every other speaker's camera is 4:3",
       nullptr},
      {"strict", 0, 0, kFlag, &raw.strict,
       "Demand everything that the documents say, for testing a client (default: take what the "
       "service takes)",
       nullptr},
      {"keep-alive", 0, 0, kInt, &raw.keep_alive_ms, "Keep-alive interval", "MS"},
      {"once", 0, 0, kFlag, &raw.once,
       "Exit when the first stream has ended; status 1 if the client broke rules", nullptr},
      {}};
  Ptr<GOptionContext, g_option_context_free> context(
      g_option_context_new("- RTMS test service on loopback"));
  g_option_context_set_summary(context.get(),
                               "Prints the webhook JSON on stdout, all else on stderr.");
  g_option_context_add_main_entries(context.get(), entries, nullptr);
  service.add_to(context.get());
  GError *failure = nullptr;
  bool parsed = g_option_context_parse(context.get(), argc, argv, &failure);
  ErrorPtr owned(failure);
  if (failure)
    *error = failure->message;
  if (!parsed || !convert(raw, service, options, error))
    return false;
  options->meeting.channels = options->config.product == Product::ContactCenter;
  return true;
}

}  // namespace rtmstest
