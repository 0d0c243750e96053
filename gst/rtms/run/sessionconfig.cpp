// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sessionconfig.h"

#include "identity.h"
#include "mediasettings.h"
#include "transport/url.h"

#include <tuple>

namespace rtms {
namespace {

using Problem = std::optional<BadSetting>;

constexpr unsigned kMinMessageSize = 1024;  // below, not even the handshakes fit

Problem check_connection(const Settings &settings) {
  for (auto &[name, value] : {std::pair{"timeout", settings.timeout},
                              {"keep-alive-timeout", settings.keep_alive_timeout},
                              {"retry-delay", settings.retry_delay}})
    if (value == 0)
      return BadSetting{std::string(name) + "=0 is not valid. Valid are 1 ms and more."};
  if (settings.max_message_size < kMinMessageSize)
    return BadSetting{"max-message-size=" + std::to_string(settings.max_message_size) +
                      " is not valid. Valid are " + std::to_string(kMinMessageSize) +
                      " bytes and more."};
  if (!settings.proxy.empty() && !g_uri_is_valid(settings.proxy.c_str(), G_URI_FLAGS_NONE, nullptr))
    return BadSetting{"proxy=" + printable_url(settings.proxy) +
                      " is not a URI. Valid are URIs as http://host:port or socks5://host:port."};
  if (!is_printable(settings.user_agent))
    return BadSetting{
        "user-agent holds control characters or invalid UTF-8. Valid is one line of text, as "
        "name/1.0."};
  for (auto &[name, value, most] : {std::tuple{"text-wait", settings.text_wait, 60000u},
                                    {"replay-wait", settings.replay_wait, 65000u}})
    if (value > most)
      return BadSetting{std::string(name) + "=" + std::to_string(value) +
                        " is not valid. Valid are 0 to " + std::to_string(most) + " ms."};
  if (settings.retry_delay > settings.retry_delay_max)
    return BadSetting{"retry-delay=" + std::to_string(settings.retry_delay) +
                      " is larger than retry-delay-max=" +
                      std::to_string(settings.retry_delay_max) + ". Valid are 1 to that, in ms."};
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
                    ". It must be a file of certificates in PEM form."};
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
  config.allow_insecure = settings.allow_insecure;
  config.timeout_ms = settings.timeout;
  config.keep_alive_timeout_ms = settings.keep_alive_timeout;
  config.signaling_retry = {settings.signaling_reconnect_window, settings.retry_delay,
                            settings.retry_delay_max};
  config.media_retry = {settings.media_reconnect_window, settings.retry_delay,
                        settings.retry_delay_max};
  return config;
}

std::variant<SessionConfig, BadSetting> session_config(const Settings &settings) {
  // What is wrong comes before what is missing.
  if (auto problem = general_problem(settings))
    return *problem;
  auto hook = announcement_of(settings);
  if (auto bad = std::get_if<BadSetting>(&hook))
    return *bad;
  return session_config(settings, std::get<Webhook>(hook));
}

std::variant<SessionConfig, BadSetting> rejoin_config(Settings settings, const Webhook &hook,
                                                      const std::string &stream_id) {
  // What was set for the stream as it was announced first does not hold any more.
  settings.signaling_url.clear();
  settings.stream_id.clear();
  auto result = session_config(settings, hook);
  auto config = std::get_if<SessionConfig>(&result);
  if (config && config->who.stream_id != stream_id)
    return BadSetting{"The webhook is for stream " + config->who.stream_id + ", not for " +
                      stream_id + ": it takes another rtmssrc."};
  return result;
}

}  // namespace rtms
