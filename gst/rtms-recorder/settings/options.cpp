// SPDX-License-Identifier: LGPL-2.1-or-later
#include "options.h"

#include "base/glibptr.h"
#include "clusterurls.h"
#include "common/names.h"
#include "credentials.h"
#include "process.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace rtms::recorder {
namespace {

using OptionContextPtr = std::unique_ptr<GOptionContext, FreeWith<g_option_context_free>>;

// Target of GOption, which allocates strings as plain pointers: the destructor frees them.
struct Raw {
  int speakers = 0, audio_rate = 16000, max_meetings = 100, stop_timeout = 10;
  gboolean once = FALSE, group_readable = FALSE, json = FALSE, screen = FALSE, no_video = FALSE,
           help = FALSE, version = FALSE, join = FALSE;
  char *listen = nullptr, *certificate = nullptr, *key = nullptr, *webhook_file = nullptr,
       *output = nullptr, *format = nullptr, *audio_codec = nullptr, *resolution = nullptr,
       *min_free = nullptr, *end_free = nullptr, *log = nullptr, *credentials = nullptr,
       *ca_file = nullptr, *admin_listen = nullptr, *admin_certificate = nullptr,
       *admin_key = nullptr, *admin_token = nullptr, *cluster = nullptr,
       *cluster_credentials = nullptr, *cluster_ca = nullptr, *drain = nullptr;
  char **admin_hosts = nullptr;
  RawProgramOptions program;

  Raw() = default;
  Raw(const Raw &) = delete;
  Raw &operator=(const Raw &) = delete;
  ~Raw() {
    for (char *text : {listen,
                       certificate,
                       key,
                       webhook_file,
                       output,
                       format,
                       audio_codec,
                       resolution,
                       min_free,
                       end_free,
                       log,
                       credentials,
                       ca_file,
                       admin_listen,
                       admin_certificate,
                       admin_key,
                       admin_token,
                       cluster,
                       cluster_credentials,
                       cluster_ca,
                       drain})
      g_free(text);
    g_strfreev(admin_hosts);
  }
};

gboolean refuse_secret(const char *name, const char *, gpointer, GError **error) {
  g_set_error(
      error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
      "%s is refused, because all users of this machine can read a command line. Set "
      "ZM_RTMS_CLIENT, ZM_RTMS_SECRET, ZM_RTMS_WEBHOOK_SECRET and RTMS_RECORDER_ADMIN_TOKEN in the "
      "environment, or use --credentials-file",
      name);
  return FALSE;
}

void set(std::string *to, const char *from) {
  if (from)
    *to = from;
}

bool one_of(const std::string &value, std::initializer_list<const char *> valid) {
  return std::find(valid.begin(), valid.end(), value) != valid.end();
}

// Parses "500M" or "2G"; nothing if invalid.
std::optional<uint64_t> size_of(const char *text) {
  char *end = nullptr;
  const double number = g_ascii_strtod(text, &end);
  const std::string unit = end;
  constexpr double kKilo = 1024, kMost = 1e18;
  double factor = 1;
  for (const char *units : {"K", "M", "G", "T"}) {
    factor *= kKilo;
    if (unit == units)
      break;
  }
  if (unit.empty())
    factor = 1;
  else if (!one_of(unit, {"K", "M", "G", "T"}))
    return std::nullopt;
  if (end == text || !std::isfinite(number) || number < 0 || number * factor > kMost)
    return std::nullopt;
  return static_cast<uint64_t>(number * factor);
}

// Returns what is wrong with the values; empty if they are valid.
std::string complaint(const Raw &raw, const Options &options) {
  const std::string format = raw.format ? raw.format : "mkv";
  if (!one_of(format, {"mkv", "mp4"}))
    return "--format is " + format + ". Valid are mkv and mp4.";
  if (!one_of(options.audio_codec, {"pcm", "flac", "opus"}))
    return "--audio-codec is " + options.audio_codec + ". Valid are pcm, flac and opus.";
  if (options.mp4 && options.audio_codec != "opus")
    return "--audio-codec is " + options.audio_codec +
           ", which MP4 cannot hold. Use --audio-codec=opus or --format=mkv.";
  if (raw.speakers < 0 || raw.speakers > 16)
    return "--speakers is " + std::to_string(raw.speakers) + ". Valid are 0 (only the mix) to 16.";
  if (options.audio_rate != 8000 && options.audio_rate != 16000 && options.audio_rate != 32000 &&
      options.audio_rate != 48000)
    return "--audio-rate is " + std::to_string(raw.audio_rate) +
           ". Valid are 8000, 16000, 32000 and 48000 Hz.";
  if (options.audio_codec == "opus" && options.audio_rate == 32000)
    return "--audio-rate is 32000, which Opus does not support. Use 16000 or 48000.";
  if (!one_of(options.video_resolution, {"sd", "hd", "fhd", "qhd"}))
    return "--video-resolution is " + options.video_resolution + ". Valid are sd, hd, fhd and qhd.";
  if (raw.min_free && !size_of(raw.min_free))
    return "--min-free is " + std::string(raw.min_free) + ". Valid are sizes such as 500M or 2G.";
  if (raw.end_free && !size_of(raw.end_free))
    return "--end-free is " + std::string(raw.end_free) + ". Valid are sizes such as 100M or 1G.";
  if (options.listen.empty() && options.webhook_file.empty())
    return "Neither --listen nor --webhook-file names a webhook: there is nothing to record. Give "
           "one of them.";
  if (options.admin_listen.empty() &&
      (raw.admin_token || raw.admin_hosts || raw.admin_certificate || raw.admin_key))
    return "An option of the admin port is set, but --admin-listen is not. Give both, or neither.";
  if (std::string problem = cluster_problem(options.cluster); !problem.empty())
    return problem;
  if (!options.cluster.empty() && (options.once || options.listen.empty()))
    return "--cluster goes with --listen, and neither with --once nor with --webhook-file: the "
           "recorders share all streams that are announced.";
  if (options.cluster.empty() && (raw.drain || raw.cluster_credentials || raw.cluster_ca))
    return "An option of the cluster is set, but --cluster is not. Give both, or neither.";
  if (!one_of(raw.drain ? raw.drain : "move", {"move", "wait"}))
    return "--drain is " + std::string(raw.drain) + ". Valid are move and wait.";
  if (raw.max_meetings < 1)
    return "--max-meetings is " + std::to_string(raw.max_meetings) + ". Valid are 1 and more.";
  if (raw.stop_timeout < 1 || raw.stop_timeout > 3600)
    return "--stop-timeout is " + std::to_string(raw.stop_timeout) + ". Valid are 1 to 3600 s.";
  return "";
}

Options converted(const Raw &raw) {
  Options options;
  if (!raw.listen && raw.webhook_file)
    options.listen.clear();
  set(&options.listen, raw.listen);
  set(&options.certificate_file, raw.certificate);
  set(&options.key_file, raw.key);
  set(&options.webhook_file, raw.webhook_file);
  set(&options.output, raw.output);
  set(&options.video_resolution, raw.resolution);
  set(&options.log_file, raw.log);
  set(&options.ca_file, raw.ca_file);
  options.cluster = cluster_urls(raw.cluster ? raw.cluster : "");
  set(&options.cluster_credentials, raw.cluster_credentials);
  set(&options.cluster_ca, raw.cluster_ca);
  options.drain_moves = !raw.drain || std::string(raw.drain) == "move";
  options.group_readable = raw.group_readable;
  options.mp4 = raw.format && std::string(raw.format) == "mp4";
  options.audio_codec = raw.audio_codec ? raw.audio_codec : options.mp4 ? "opus" : "pcm";
  options.speakers = static_cast<unsigned>(raw.speakers);
  options.audio_rate = static_cast<unsigned>(raw.audio_rate);
  options.max_meetings = static_cast<unsigned>(raw.max_meetings);
  options.stop_timeout_s = static_cast<unsigned>(raw.stop_timeout);
  if (raw.min_free)
    options.min_free = size_of(raw.min_free).value_or(0);
  if (raw.end_free)
    options.end_free = size_of(raw.end_free).value_or(0);
  options.once = raw.once || raw.webhook_file;
  options.json = raw.json;
  options.screen = raw.screen;
  options.video = !raw.no_video;
  set(&options.admin_listen, raw.admin_listen);
  set(&options.admin_certificate_file, raw.admin_certificate);
  set(&options.admin_key_file, raw.admin_key);
  for (char **host = raw.admin_hosts; host && *host; host++)
    options.admin_hosts.emplace_back(StringPtr(g_ascii_strdown(*host, -1)).get());
  return options;
}

// Returns which credential is missing; empty if none is.
std::string take_credentials(const Raw &raw, Options *options) {
  Variables file;
  if (raw.credentials) {
    auto read = read_credentials(raw.credentials);
    if (auto error = std::get_if<CredentialsError>(&read))
      return error->text;
    file = std::get<Variables>(std::move(read));
  }
  options->client_id = credential(file, {"ZM_RTMS_CLIENT", "ZOOM_CLIENT_ID"}).view();
  options->client_secret = credential(file, {"ZM_RTMS_SECRET", "ZOOM_CLIENT_SECRET"});
  options->secret_token = credential(file, {"ZM_RTMS_WEBHOOK_SECRET", "ZOOM_SECRET_TOKEN"});
  if (options->program.rtmp.empty())
    options->program.rtmp = credential(file, {"RTMS_RECORDER_RTMP"}).view();
  const auto token = admin_token(raw.admin_token ? raw.admin_token : "",
                                 credential(file, {"RTMS_RECORDER_ADMIN_TOKEN"}));
  if (auto error = std::get_if<CredentialsError>(&token))
    return error->text;
  options->admin_token = std::get<Secret>(token);
  forget_variables({"RTMS_RECORDER_ADMIN_TOKEN", "ZM_RTMS_SECRET", "ZOOM_CLIENT_SECRET",
                    "ZM_RTMS_WEBHOOK_SECRET", "ZOOM_SECRET_TOKEN", "RTMS_RECORDER_RTMP"});
  if (std::string problem = program_problem(options->program); !problem.empty())
    return problem;
  const std::string where = " in the environment or in the file of --credentials-file.";
  if (!options->listen.empty() && options->secret_token.empty())
    return "ZM_RTMS_WEBHOOK_SECRET is not set: the signatures of webhooks cannot be verified "
           "without the secret token of the app. Set it" +
           where;
  if (options->client_id.empty() || options->client_secret.empty())
    return "ZM_RTMS_CLIENT or ZM_RTMS_SECRET is not set: connecting to a stream requires the "
           "client id and the client secret of the app. Set both" +
           where;
  return "";
}

constexpr auto kString = G_OPTION_ARG_STRING;
constexpr auto kFile = G_OPTION_ARG_FILENAME;
constexpr auto kInt = G_OPTION_ARG_INT;
constexpr auto kNone = G_OPTION_ARG_NONE;

std::vector<GOptionEntry> entries_of_streams(Raw *raw) {
  return {
      {"listen", 'l', 0, kString, &raw->listen,
       "URL at which to accept the service's webhooks (default: http://127.0.0.1:8080/webhook)",
       "URL"},
      {"webhook-tls-certificate", 0, 0, kFile, &raw->certificate,
       "PEM file with the certificate chain for an https:// URL in --listen", "FILE"},
      {"webhook-tls-key", 0, 0, kFile, &raw->key,
       "PEM file with the private key (default: the file of the certificate)", "FILE"},
      {"webhook-file", 0, 0, kFile, &raw->webhook_file,
       "Record the stream of the *.rtms_started webhook in this file, then exit; - is standard "
       "input",
       "FILE"},
      {"once", 0, 0, kNone, &raw->once,
       "Record the first stream that is announced, then exit; if the disk has no room, the next "
       "start continues",
       nullptr},
      {}};
}

std::vector<GOptionEntry> entries_of_recordings(Raw *raw) {
  return {
      {"output", 'o', 0, kFile, &raw->output,
       "Existing folder in which each meeting gets a folder (default: .)", "FOLDER"},
      {"format", 'f', 0, kString, &raw->format, "Container of the recordings (default: mkv)",
       "mkv|mp4"},
      {"speakers", 's', 0, kInt, &raw->speakers,
       "Number of speakers with an audio track of their own besides the mix, 0 to 16 (default: 0)",
       "N"},
      {"audio-codec", 0, 0, kString, &raw->audio_codec,
       "Audio codec of the recordings (default: pcm, in MP4 opus)", "pcm|flac|opus"},
      {"audio-rate", 0, 0, kInt, &raw->audio_rate,
       "Sample rate of the audio: 8000, 16000, 32000 or 48000 (default: 16000)", "HZ"},
      {"no-video", 0, 0, kNone, &raw->no_video, "Do not record the cameras", nullptr},
      {"screen", 0, 0, kNone, &raw->screen,
       "Also record the screen share, on a video track of its own", nullptr},
      {"video-resolution", 0, 0, kString, &raw->resolution,
       "Largest size to request for video (default: hd)", "sd|hd|fhd|qhd"},
      {"min-free", 0, 0, kString, &raw->min_free,
       "Start no recording with less free disk space, such as 500M or 2G (default: 1G)", "SIZE"},
      {"end-free", 0, 0, kString, &raw->end_free,
       "Finish the recordings that run when less disk space is free; at most --min-free; 0: record "
       "until the disk is full (default: 100M)",
       "SIZE"},
      {"max-meetings", 0, 0, kInt, &raw->max_meetings,
       "Limit of meetings that are recorded at the same time (default: 100)", "N"},
      {"group-readable", 0, 0, kNone, &raw->group_readable,
       "Let the group of this user read the recordings (default: this user alone)", nullptr},
      {"stop-timeout", 0, 0, kInt, &raw->stop_timeout,
       "Time limit for finishing the files, 1 to 3600 (default: 10)", "SECONDS"},
      {}};
}

std::vector<GOptionEntry> entries_of_the_admin_port(Raw *raw) {
  return {{"admin-listen", 0, 0, kString, &raw->admin_listen,
           "URL at which to serve a page for the operator, /healthz and /metrics, such as "
           "http://127.0.0.1:9090; then these are not on the port of --listen (default: off)",
           "URL"},
          {"admin-token-file", 0, 0, kFile, &raw->admin_token,
           "File with the token that the page asks for, 16 characters at least; required for "
           "addresses other than loopback (default: RTMS_RECORDER_ADMIN_TOKEN)",
           "FILE"},
          {"admin-host", 0, 0, G_OPTION_ARG_STRING_ARRAY, &raw->admin_hosts,
           "Host name by which browsers may call the page, besides localhost and addresses; may be "
           "given several times",
           "NAME"},
          {"admin-tls-certificate", 0, 0, kFile, &raw->admin_certificate,
           "PEM file with the certificate chain for an https:// URL in --admin-listen", "FILE"},
          {"admin-tls-key", 0, 0, kFile, &raw->admin_key,
           "PEM file with the private key (default: the file of the certificate)", "FILE"},
          {}};
}

std::vector<GOptionEntry> entries_of_the_cluster(Raw *raw) {
  return {{"cluster", 0, 0, kString, &raw->cluster,
           "Share the meetings with other recorders through these NATS servers, joined by commas: "
           "nats://HOST:PORT or tls://HOST:PORT",
           "URLS"},
          {"cluster-credentials", 0, 0, kFile, &raw->cluster_credentials,
           "File with the credentials of a NATS user (.creds)", "FILE"},
          {"cluster-ca", 0, 0, kFile, &raw->cluster_ca,
           "PEM file with the certificate authorities to trust for NATS (default: the system's)",
           "FILE"},
          {"drain", 0, 0, kString, &raw->drain,
           "What SIGUSR1 does with running meetings: other recorders continue them, or the "
           "recorder waits for their end (default: move)",
           "move|wait"},
          {}};
}

std::vector<GOptionEntry> entries_of_the_program(Raw *raw) {
  const auto secret = reinterpret_cast<gpointer>(refuse_secret);
  return {
      {"log", 0, 0, kFile, &raw->log,
       "Append a JSON object for each event to this file, one per line", "FILE"},
      {"json", 0, 0, kNone, &raw->json,
       "Write these JSON objects to standard output instead of text", nullptr},
      {"credentials-file", 0, 0, kFile, &raw->credentials,
       "File with lines ZM_RTMS_CLIENT=..., ZM_RTMS_SECRET=..., ZM_RTMS_WEBHOOK_SECRET=... "
       "(default: the environment)",
       "FILE"},
      {"tls-ca-file", 0, 0, kFile, &raw->ca_file,
       "PEM file with the certificate authorities to trust (default: the system's)", "FILE"},
      {"join", 0, 0, kNone, &raw->join,
       "Join the parts of a recording, whose folders follow, into one in the folder of --output, "
       "and exit",
       nullptr},
      {"version", 0, 0, kNone, &raw->version, "Show the version and exit", nullptr},
      {"help", 'h', 0, kNone, &raw->help, "Show this help and exit", nullptr},
      {"client-secret", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_CALLBACK, secret, nullptr, nullptr},
      {"admin-token", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_CALLBACK, secret, nullptr, nullptr},
      {"secret-token", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_CALLBACK, secret, nullptr, nullptr},
      {}};
}

}  // namespace

std::variant<Options, Help, Misuse> parse_options(int argc, char **argv) {
  Raw raw;
  OptionContextPtr context(g_option_context_new("- records meetings over RTMS"));
  g_option_context_set_help_enabled(context.get(), FALSE);
  for (const auto &entries : {entries_of_streams(&raw), entries_of_recordings(&raw),
                              raw.program.entries(), entries_of_the_admin_port(&raw),
                              entries_of_the_cluster(&raw), entries_of_the_program(&raw)})
    g_option_context_add_main_entries(context.get(), entries.data(), nullptr);
  GError *raw_error = nullptr;
  const bool parsed = g_option_context_parse(context.get(), &argc, &argv, &raw_error);
  ErrorPtr error(raw_error);
  if (!parsed)
    return Misuse{std::string(error->message) + ". See rtms-recorder --help."};
  if (raw.help) {
    StringPtr text(g_option_context_get_help(context.get(), TRUE, nullptr));
    return Help{text.get()};
  }
  if (raw.version)
    return Help{"rtms-recorder " PACKAGE_VERSION "\n"};
  if (argc > 1)
    return Misuse{"\"" + shown(argv[1]) + "\" is not an option. See rtms-recorder --help."};
  Options options = converted(raw);
  if (std::string problem = raw.program.convert(&options.program); !problem.empty())
    return Misuse{problem};
  if (std::string problem = complaint(raw, options); !problem.empty())
    return Misuse{problem};
  if (std::string problem = take_credentials(raw, &options); !problem.empty())
    return Misuse{problem};
  return options;
}

}  // namespace rtms::recorder
