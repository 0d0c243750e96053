// SPDX-License-Identifier: LGPL-2.1-or-later
#include "identity.h"

#include "base/environment.h"
#include "protocol/shorten.h"
#include "transport/url.h"

#include <algorithm>
#include <utility>

namespace rtms {
namespace {

using Problem = std::optional<BadSetting>;

constexpr const char *kShape = " It must be the JSON text of the service's *.rtms_started webhook.";

std::variant<std::string, BadSetting> read_file(const std::string &path,
                                                const std::string &source) {
  char *raw_text = nullptr;
  gsize size = 0;
  GError *raw_error = nullptr;
  g_file_get_contents(path.c_str(), &raw_text, &size, &raw_error);
  StringPtr text(raw_text);
  ErrorPtr error(raw_error);
  if (error)
    return BadSetting{source + " cannot be read: " + error->message + "."};
  return std::string(text.get(), size);
}

// At most one of the id properties may be set; it takes precedence over the webhook's.
Problem choose_id(const Settings &settings, Webhook *hook) {
  struct IdProperty {
    const char *name;
    const std::string &value;
    Product product;
  };
  const IdProperty ids[] = {
      {"meeting-uuid", settings.meeting_uuid, Product::Meeting},
      {"session-id", settings.session_id, Product::VideoSdk},
      {"engagement-id", settings.engagement_id, Product::ContactCenter},
      {"call-id", settings.call_id, Product::Phone},
  };
  std::string set;
  for (const IdProperty &id : ids) {
    if (id.value.empty())
      continue;
    if (!set.empty())
      return BadSetting{set + " and " + id.name +
                        " are both set. Set exactly one of meeting-uuid, session-id, "
                        "engagement-id and call-id: the one of your product."};
    set = id.name;
    const bool webinar = hook->product == Product::Webinar && id.product == Product::Meeting;
    hook->product = webinar ? Product::Webinar : id.product;
    hook->id = id.value;
    hook->webinar_id.clear();
  }
  if (hook->id.empty())
    return BadSetting{
        "None of meeting-uuid, session-id, engagement-id and call-id is set, and no "
        "webhook holds one. Set webhook or webhook-location, or the id of your product."};
  return {};
}

Problem check_printable(const char *name, std::string_view value) {
  if (is_printable(value))
    return {};
  return BadSetting{std::string(name) +
                    " holds control characters or invalid UTF-8. Copy the value from "
                    "the webhook unchanged."};
}

Secret client_secret(const Settings &settings) {
  return settings.client_secret.empty()
             ? Secret(environment({"ZM_RTMS_SECRET", "ZOOM_CLIENT_SECRET"}))
             : settings.client_secret;
}

Problem sign(const Secret &secret, Identity *who) {
  const auto signature = handshake_signature(secret, who->client_id, who->id, who->stream_id);
  const auto webinar_signature =
      who->webinar_id.empty() || who->webinar_id == who->id
          ? std::string()
          : handshake_signature(secret, who->client_id, who->webinar_id, who->stream_id);
  if (!signature || !webinar_signature)
    return BadSetting{kNoSignatures};
  who->id_signature = *signature;
  who->webinar_signature = *webinar_signature;
  return {};
}

// A URI may be from an untrusted source: the element must not sign for any host that it names.
Problem check_uri_host(const Settings &settings) {
  const bool from_uri =
      !settings.signaling_url.empty() && settings.signaling_url == settings.uri_signaling_url;
  if (!from_uri || !settings.client_secret.empty() ||
      host_is_listed(settings.signaling_url, settings.uri_hosts))
    return {};
  return BadSetting{
      "The URI names a host that is not in uri-hosts=" + settings.uri_hosts +
      ", and the client secret is the environment's: the element does not sign for that "
      "host. If you trust it, add it to uri-hosts, or set client-secret."};
}

Problem choose_signature(const Settings &settings, const Webhook &hook, Identity *who) {
  if (!settings.signature.empty()) {
    who->id_signature = settings.signature.view();
    return check_printable("signature", who->id_signature);
  }
  const Secret secret = client_secret(settings);
  if (!secret.empty() && !who->client_id.empty()) {
    if (auto problem = check_uri_host(settings))
      return problem;
    return sign(secret, who);
  }
  if (!hook.signature.empty()) {
    who->id_signature = hook.signature;
    return check_printable("The webhook's signature", who->id_signature);
  }
  if (who->client_id.empty())
    return BadSetting{
        "client-id is not set. Set it, or ZM_RTMS_CLIENT in the environment, to the "
        "client id (SDK key) of the app; or set signature."};
  return BadSetting{
      "client-secret is not set. Set ZM_RTMS_SECRET in the environment (or the "
      "property) to the client secret (SDK secret) of the app; or set signature."};
}

}  // namespace

std::variant<Webhook, BadSetting> read_announcement(const std::string &json,
                                                    const std::string &source) {
  WebhookResult result = parse_webhook(json);
  if (auto error = std::get_if<ParseError>(&result))
    return BadSetting{source + " is " + error->what + "." + kShape};
  Webhook hook = std::get<Webhook>(std::move(result));
  if (!hook.event.empty() && webhook_event(hook.event) != WebhookEvent::Started)
    return BadSetting{source + " holds the event \"" + hook.event + "\"." + kShape};
  return hook;
}

std::variant<Webhook, BadSetting> announcement_of(const Settings &settings) {
  if (!settings.webhook.empty())
    return read_announcement(settings.webhook, "webhook");
  if (settings.webhook_location.empty())
    return Webhook{};
  const std::string source = "webhook-location=" + settings.webhook_location;
  auto read = read_file(settings.webhook_location, source);
  if (auto bad = std::get_if<BadSetting>(&read))
    return *bad;
  return read_announcement(std::get<std::string>(read), source);
}

Problem fill_identity(const Settings &settings, Webhook hook, SessionConfig *config) {
  if (auto problem = choose_id(settings, &hook))
    return problem;

  Identity &who = config->who;
  who.product = hook.product;
  who.id = hook.id;
  who.webinar_id = hook.webinar_id;
  who.stream_id = settings.stream_id.empty() ? hook.stream_id : settings.stream_id;
  who.client_id = settings.client_id;
  if (who.stream_id.empty())
    return BadSetting{
        "stream-id is not set, and no webhook holds one. Set webhook or webhook-location, or set "
        "stream-id to the rtms_stream_id of the webhook."};
  for (auto &[name, value] : {std::pair{"stream-id", who.stream_id},
                              {"meeting-uuid, session-id, engagement-id or call-id", who.id},
                              {"client-id", who.client_id}})
    if (auto problem = check_printable(name, value))
      return problem;

  config->announced_ms = hook.event_ts;
  // server_urls of the webhook may be a list.
  config->signaling_url =
      settings.signaling_url.empty() ? hook.signaling_url : first_url(settings.signaling_url);
  if (config->signaling_url.empty())
    return BadSetting{
        "signaling-url is not set, and no webhook holds one. Set webhook or webhook-location, or "
        "set signaling-url to the server_urls of the webhook."};
  if (auto problem = url_problem(config->signaling_url, settings.allow_insecure))
    return BadSetting{"signaling-url=" + printable_url(config->signaling_url) + " " + *problem +
                      "."};
  return choose_signature(settings, hook, &who);
}

bool has_credentials(const Settings &settings) {
  return !settings.signature.empty() ||
         (!settings.client_id.empty() && !client_secret(settings).empty());
}

bool is_printable(std::string_view value) {
  const bool clean = std::none_of(value.begin(), value.end(),
                                  [](unsigned char c) { return c < 0x20 || c == 0x7f; });
  return clean && g_utf8_validate(value.data(), static_cast<gssize>(value.size()), nullptr);
}

}  // namespace rtms
