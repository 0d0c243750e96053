#include "options.h"

#include <glib.h>

#include "glib_ptr.h"
#include "rules.h"

namespace rtmstest {

namespace {

// What GOption fills; strings are owned here.
struct Raw {
  int port = 0, keep_alive_ms = 10000;
  double duration_s = 0;
  gboolean tls = FALSE, binary = FALSE, no_all = FALSE, once = FALSE;
  CharPtr cert, key, media, pace, end, webhook_file, webhook_shape, product, client_id,
      client_secret, offer, ca_file, id, stream_id;
};

// A named value of an enumeration.
template <class T>
struct Choice {
  const char *name;
  T value;
};
constexpr Choice<Pace> kPaces[] = {{"realtime", Pace::Realtime}, {"fast", Pace::Fast}};
constexpr Choice<End> kEnds[] = {
    {"terminated", End::Terminated}, {"close", End::Close}, {"nothing", End::Nothing}};
constexpr Choice<WebhookShape> kShapes[] = {
    {"object", WebhookShape::Object}, {"flat", WebhookShape::Flat}, {"inner", WebhookShape::Inner}};
constexpr Choice<Product> kProducts[] = {{"meeting", Product::Meeting},
                                         {"webinar", Product::Webinar},
                                         {"session", Product::Session},
                                         {"contact-center", Product::ContactCenter},
                                         {"phone", Product::Phone}};

template <class T, std::size_t N>
bool choose(const CharPtr &name, const Choice<T> (&choices)[N], T *value, std::string *error) {
  if (!name) return true;
  for (const Choice<T> &choice : choices) {
    if (name.get() != std::string_view(choice.name)) continue;
    *value = choice.value;
    return true;
  }
  *error = std::string("unknown value: ") + name.get();
  return false;
}

void set(std::string *to, const CharPtr &from, const char *variable = nullptr) {
  const char *fallback = variable ? g_getenv(variable) : nullptr;
  if (from)
    *to = from.get();
  else if (fallback)
    *to = fallback;
}

bool parse_offer(const CharPtr &list, std::set<Media> *offered, std::string *error) {
  if (!list) return true;
  offered->clear();
  Ptr<char *, g_strfreev> names(g_strsplit(list.get(), ",", -1));
  for (char **name = names.get(); *name; name++) {
    bool known = false;
    for (Media m : kAllMedia) {
      if (std::string_view(*name) != media_name(m)) continue;
      offered->insert(m);
      known = true;
    }
    if (known) continue;
    *error = std::string("unknown media: ") + *name;
    return false;
  }
  return true;
}

bool convert(const Raw &raw, Options *options, std::string *error) {
  Config &config = options->config;
  if (raw.port < 0 || raw.port > 65535 || raw.duration_s < 0) {
    *error = "port or duration out of range";
    return false;
  }
  config.port = static_cast<uint16_t>(raw.port);
  config.keep_alive_ms = raw.keep_alive_ms;
  config.tls = raw.tls || raw.cert;
  config.binary_frames = raw.binary;
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
  options->meeting.duration_ms = static_cast<int64_t>(raw.duration_s * 1000);
  options->once = raw.once;
  if (raw.ca_file && !config.tls) {
    *error = "--ca-file needs --tls";
    return false;
  }
  return choose(raw.pace, kPaces, &config.pace, error) &&
         choose(raw.end, kEnds, &config.end, error) &&
         choose(raw.webhook_shape, kShapes, &config.webhook_shape, error) &&
         choose(raw.product, kProducts, &config.product, error) &&
         parse_offer(raw.offer, &config.offered, error);
}

// The strings that GOption has allocated, on their way to their owners.
struct Strings {
  char *cert = nullptr, *key = nullptr, *media = nullptr, *pace = nullptr, *end = nullptr,
       *webhook_file = nullptr, *webhook_shape = nullptr, *product = nullptr, *client_id = nullptr,
       *client_secret = nullptr, *offer = nullptr, *ca_file = nullptr, *id = nullptr,
       *stream_id = nullptr;
};

void own(Raw *raw, const Strings &strings) {
  raw->cert.reset(strings.cert);
  raw->key.reset(strings.key);
  raw->media.reset(strings.media);
  raw->pace.reset(strings.pace);
  raw->end.reset(strings.end);
  raw->webhook_file.reset(strings.webhook_file);
  raw->webhook_shape.reset(strings.webhook_shape);
  raw->product.reset(strings.product);
  raw->client_id.reset(strings.client_id);
  raw->client_secret.reset(strings.client_secret);
  raw->offer.reset(strings.offer);
  raw->ca_file.reset(strings.ca_file);
  raw->id.reset(strings.id);
  raw->stream_id.reset(strings.stream_id);
}

}  // namespace

bool parse_options(int *argc, char ***argv, Options *options, std::string *error) {
  Raw raw;
  Strings text;
  constexpr auto kString = G_OPTION_ARG_STRING;
  constexpr auto kFile = G_OPTION_ARG_FILENAME;
  constexpr auto kFlag = G_OPTION_ARG_NONE;
  constexpr auto kInt = G_OPTION_ARG_INT;
  const GOptionEntry entries[] = {
      {"port", 'p', 0, kInt, &raw.port, "Port on 127.0.0.1 (default: a free one)", "PORT"},
      {"tls", 0, 0, kFlag, &raw.tls, "Serve wss:// (self-signed unless --cert is given)", nullptr},
      {"cert", 0, 0, kFile, &text.cert, "Certificate chain, PEM; implies --tls", "FILE"},
      {"key", 0, 0, kFile, &text.key, "Private key, PEM (default: in the --cert file)", "FILE"},
      {"ca-file", 0, 0, kFile, &text.ca_file, "Write the certificate to trust there", "FILE"},
      {"media", 'm', 0, kFile, &text.media, "Play this file (default: a made meeting)", "FILE"},
      {"duration", 'd', 0, G_OPTION_ARG_DOUBLE, &raw.duration_s,
       "End the media after so long (default: never, or the file's end)", "SECONDS"},
      {"pace", 0, 0, kString, &text.pace, "How fast media is sent", "realtime|fast"},
      {"end", 0, 0, kString, &text.end, "What follows the media", "terminated|close|nothing"},
      {"webhook-file", 'w', 0, kFile, &text.webhook_file, "Write the webhook JSON there", "FILE"},
      {"webhook-shape", 0, 0, kString, &text.webhook_shape, "Form of the webhook JSON",
       "object|flat|inner"},
      {"product", 0, 0, kString, &text.product, "Whose stream it is",
       "meeting|webinar|session|contact-center|phone"},
      {"client-id", 0, 0, kString, &text.client_id, "Default: $ZM_RTMS_CLIENT", "ID"},
      {"client-secret", 0, 0, kString, &text.client_secret, "Default: $ZM_RTMS_SECRET", "SECRET"},
      {"id", 0, 0, kString, &text.id, "Meeting UUID, session, engagement or call id", "ID"},
      {"stream-id", 0, 0, kString, &text.stream_id, "RTMS stream id (default: random)", "ID"},
      {"binary", 0, 0, kFlag, &raw.binary, "Send binary frames", nullptr},
      {"no-all", 0, 0, kFlag, &raw.no_all, "Offer no URL for all media", nullptr},
      {"offer", 0, 0, kString, &text.offer, "Media offered, comma-separated (default: all)",
       "audio,video,deskshare,transcript,chat"},
      {"keep-alive", 0, 0, kInt, &raw.keep_alive_ms, "Keep-alive interval", "MS"},
      {"once", 0, 0, kFlag, &raw.once,
       "Exit when the first stream has ended; status 1 if the client broke rules", nullptr},
      {}};
  Ptr<GOptionContext, g_option_context_free> context(
      g_option_context_new("- RTMS test service on loopback"));
  g_option_context_set_summary(context.get(),
                               "Prints the webhook JSON on stdout, all else on stderr.");
  g_option_context_add_main_entries(context.get(), entries, nullptr);
  GError *failure = nullptr;
  bool parsed = g_option_context_parse(context.get(), argc, argv, &failure);
  ErrorPtr owned(failure);
  own(&raw, text);
  if (failure) *error = failure->message;
  return parsed && convert(raw, options, error);
}

}  // namespace rtmstest
