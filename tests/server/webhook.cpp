// SPDX-License-Identifier: LGPL-2.1-or-later
#include "webhook.h"

#include "crypto.h"
#include "json.h"
#include "rules.h"

namespace rtmstest {

namespace {

std::string event_name(Product product, const char *what) {
  const char *prefix = "meeting.rtms_";
  switch (product) {
    case Product::Meeting:
      break;
    case Product::Webinar:
      prefix = "webinar.rtms_";
      break;
    case Product::Session:
      prefix = "session.rtms_";
      break;
    case Product::ContactCenter:
      prefix = "contact_center.voice_rtms_";
      break;
    case Product::Phone:
      prefix = "phone.rtms_";
      break;
  }
  return std::string(prefix) + what;
}

Members ids(const Config &config) {
  Members inner;
  if (config.product == Product::Meeting || config.product == Product::Webinar)
    inner.str("meeting_id", "81234567890");
  inner.str(product_key(config.product), config.id);
  if (!config.webhook.webinar_uuid.empty())
    inner.str("webinar_uuid", config.webhook.webinar_uuid);
  return inner.str("rtms_stream_id", config.stream_id);
}

std::string server_urls(WebhookUrls form, const std::string &url) {
  switch (form) {
    case WebhookUrls::String:
      break;
    case WebhookUrls::Array:
      return "[" + quoted(url) + "]";
    case WebhookUrls::Signaling:
      return Members().str("signaling", url).object();
    case WebhookUrls::Signal:
      return Members().str("signal", url).object();
    case WebhookUrls::All:
      return Members().str("all", url).object();
  }
  return quoted(url);
}

std::string body(const Config &config, const char *what, const Members &inner, WebhookShape shape) {
  Members payload;
  payload.str("account_id", "kFx9-TestAccount");
  if (shape == WebhookShape::Object)
    payload.raw("object", inner.object());
  else
    payload.splice(inner.text());
  Members whole;
  whole.str("event", event_name(config.product, what))
      .num("event_ts", g_get_real_time() / 1000)
      .raw("payload", payload.object());
  const std::string text = (shape == WebhookShape::Inner ? inner : whole).object();
  return config.escape_slashes ? escape_slashes(text) : text;
}

// The inner object alone does not say that something has ended.
WebhookShape later_shape(const Config &config) {
  const WebhookShape shape = config.webhook.shape;
  return shape == WebhookShape::Inner ? WebhookShape::Flat : shape;
}

}  // namespace

std::string expected_signature(const Config &config) {
  const std::string &id =
      config.webhook.webinar_uuid_signed ? config.webhook.webinar_uuid : config.id;
  return signature(config.client_id, id, config.stream_id, config.client_secret);
}

std::string webhook_started(const Config &config, const std::string &signaling_url) {
  Members inner = ids(config);
  inner.raw("server_urls", server_urls(config.webhook.urls, signaling_url))
      .str("signature", expected_signature(config));
  return body(config, "started", inner, config.webhook.shape);
}

std::string webhook_stopped(const Config &config, int reason) {
  Members inner = ids(config);
  return body(config, "stopped", inner.num("stop_reason", reason), later_shape(config));
}

std::string webhook_interrupted(const Config &config) {
  return body(config, "interrupted", ids(config), later_shape(config));
}

}  // namespace rtmstest
