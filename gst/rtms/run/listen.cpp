// SPDX-License-Identifier: LGPL-2.1-or-later
#include "listen.h"

#include "base/environment.h"
#include "sessionconfig.h"

namespace rtms {
namespace {

// Each of these would contradict the webhook that the element waits for.
std::optional<BadSetting> contradiction(const Settings &settings) {
  const std::pair<const char *, const std::string &> others[] = {
      {"webhook", settings.webhook},
      {"webhook-location", settings.webhook_location},
      {"signaling-url", settings.signaling_url},
      {"stream-id", settings.stream_id},
      {"meeting-uuid", settings.meeting_uuid},
      {"session-id", settings.session_id},
      {"engagement-id", settings.engagement_id},
      {"call-id", settings.call_id},
  };
  for (const auto &[name, value] : others)
    if (!value.empty())
      return BadSetting{
          std::string("webhook-listen and ") + name +
          " are both set. With webhook-listen the webhook names the stream: unset the "
          "other property. To wait for one meeting only, set webhook-meeting."};
  return std::nullopt;
}

}  // namespace

std::variant<std::unique_ptr<WebhookListener>, BadSetting> open_listener(const Settings &settings) {
  if (auto problem = contradiction(settings))
    return *problem;
  if (auto problem = general_problem(settings))
    return *problem;
  ListenConfig config;
  config.url = settings.webhook_listen;
  config.certificate_file = settings.webhook_tls_certificate;
  config.key_file = settings.webhook_tls_key;
  config.secret_token = settings.webhook_secret_token.empty()
                            ? Secret(environment({"ZM_RTMS_WEBHOOK_SECRET", "ZOOM_SECRET_TOKEN"}))
                            : settings.webhook_secret_token;
  if (config.secret_token.empty())
    return BadSetting{
        "webhook-secret-token is not set. Set ZM_RTMS_WEBHOOK_SECRET in the environment (or the "
        "property) to the secret token of the app: the element verifies the signature of each "
        "webhook with it."};
  auto opened = WebhookListener::open(config);
  if (auto error = std::get_if<ListenError>(&opened))
    return BadSetting{"webhook-listen: " + error->text};
  return std::get<std::unique_ptr<WebhookListener>>(std::move(opened));
}

bool is_wanted(const Settings &settings, const Webhook &hook) {
  const std::string &wanted = settings.webhook_meeting;
  return wanted.empty() || wanted == hook.id || wanted == hook.webinar_id ||
         wanted == hook.meeting_id;
}

}  // namespace rtms
