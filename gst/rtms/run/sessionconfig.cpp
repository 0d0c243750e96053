// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sessionconfig.h"

#include "identity.h"
#include "mediasettings.h"
#include "transport/url.h"

#include <algorithm>

namespace rtms {
namespace {

using Problem = std::optional<BadSetting>;

// Each second until the first connections is missing in a recording: tries are frequent.
constexpr unsigned kConnectDelayMax_ms = 4000;

struct Number {
  const char *name;
  unsigned value;
  Range<unsigned> range;
  const char *unit;
};

Problem check_number(const Number &number) {
  const auto [least, most] = number.range;
  if (number.range.holds(number.value))
    return {};
  const std::string valid =
      most == G_MAXUINT ? std::to_string(least) + number.unit + " and more"
                        : std::to_string(least) + " to " + std::to_string(most) + number.unit;
  return BadSetting{std::string(number.name) + "=" + std::to_string(number.value) +
                    " is not valid. Valid are " + valid + "."};
}

Problem check_connection(const Settings &settings) {
  for (const Number &number :
       {Number{"timeout", settings.timeout, kDelays, " ms"},
        {"retry-delay", settings.retry_delay, kDelays, " ms"},
        {"max-message-size", settings.max_message_size, kMessageSizes, " bytes"},
        {"latency", settings.latency, kLatencies, " ms"},
        {"batch-time", settings.batch_time, kBatchTimes, " ms"},
        {"text-wait", settings.text_wait, kTextWaits, " ms"},
        {"stall-wait", settings.stall_wait, kStallWaits, " ms"},
        {"replay-wait", settings.replay_wait, kReplayWaits, " ms"}})
    if (auto problem = check_number(number))
      return problem;
  if (settings.share_thread && settings.batch_time == 0)
    return BadSetting{
        "share-thread=true needs batch-time, which is 0. Valid are 1 to 1000 ms with "
        "share-thread."};
  if (!settings.proxy.empty() && !g_uri_is_valid(settings.proxy.c_str(), G_URI_FLAGS_NONE, nullptr))
    return BadSetting{
        "proxy=" + printable_url(settings.proxy) +
        " is not a URI. Valid are URIs such as http://host:port and socks5://host:port."};
  if (!is_printable(settings.user_agent))
    return BadSetting{
        "user-agent holds control characters or invalid UTF-8. Valid is one line of text, for "
        "example name/1.0."};
  if (settings.retry_delay > settings.retry_delay_max)
    return BadSetting{
        "retry-delay=" + std::to_string(settings.retry_delay) + " is larger than retry-delay-max=" +
        std::to_string(settings.retry_delay_max) + ". Valid are 1 ms to retry-delay-max."};
  return {};
}

}  // namespace

std::variant<TlsDatabase, BadSetting> tls_database(const Settings &settings) {
  if (settings.tls_database || settings.tls_ca_file.empty())
    return settings.tls_database;
  StringPtr path(g_canonicalize_filename(settings.tls_ca_file.c_str(), nullptr));
  GError *raw_error = nullptr;
  GTlsDatabase *database = g_tls_file_database_new(path.get(), &raw_error);
  if (database)
    return TlsDatabase(database, g_object_unref);
  ErrorPtr error(raw_error);
  return BadSetting{"tls-ca-file=" + settings.tls_ca_file + " cannot be used: " + error->message +
                    ". It must be a PEM file with certificates."};
}

std::optional<BadSetting> general_problem(const Settings &settings) {
  SessionConfig config;
  if (auto problem = fill_media(settings, &config))
    return problem;
  return check_connection(settings);
}

std::variant<SessionConfig, BadSetting> session_config(const Settings &settings,
                                                       const Webhook &hook) {
  SessionConfig config;
  if (auto problem = fill_media(settings, &config))
    return *problem;
  if (auto problem = check_connection(settings))
    return *problem;
  if (auto problem = fill_identity(settings, hook, &config))
    return *problem;
  config.permit = settings.connect_until;
  config.allow_insecure = settings.allow_insecure;
  config.timeout_ms = settings.timeout;
  config.keep_alive_timeout_ms = settings.keep_alive_timeout;
  config.connect_retry = {
      settings.connect_window, settings.retry_delay,
      std::min(settings.retry_delay_max, std::max(settings.retry_delay, kConnectDelayMax_ms))};
  config.signaling_retry = {settings.signaling_reconnect_window, settings.retry_delay,
                            settings.retry_delay_max};
  config.media_retry = {settings.media_reconnect_window, settings.retry_delay,
                        settings.retry_delay_max};
  return config;
}

std::variant<SessionConfig, BadSetting> session_config(const Settings &settings) {
  // Invalid settings are reported before missing ones.
  if (auto problem = general_problem(settings))
    return *problem;
  auto hook = announcement_of(settings);
  if (auto bad = std::get_if<BadSetting>(&hook))
    return *bad;
  return session_config(settings, std::get<Webhook>(hook));
}

std::variant<SessionConfig, BadSetting> rejoin_config(Settings settings, Webhook hook,
                                                      const Identity *present) {
  // Properties for the stream's first announcement do not apply any more.
  settings.signaling_url.clear();
  settings.stream_id.clear();
  // The service may leave it out.
  if (present && hook.signature.empty() && hook.stream_id == present->stream_id)
    hook.signature = present->signature();
  auto result = session_config(settings, hook);
  auto config = std::get_if<SessionConfig>(&result);
  if (config && present && config->who.stream_id != present->stream_id)
    return BadSetting{"The webhook is for stream " + config->who.stream_id + ", not for " +
                      present->stream_id + ". Use another rtmssrc for that stream."};
  return result;
}

}  // namespace rtms
