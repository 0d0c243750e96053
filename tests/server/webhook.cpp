// SPDX-License-Identifier: LGPL-2.1-or-later
#include "webhook.h"

#include "crypto.h"
#include "json.h"
#include "rules.h"

namespace rtmstest {

static const char *event_name(Product product) {
  switch (product) {
    case Product::Meeting:
      break;
    case Product::Webinar:
      return "webinar.rtms_started";
    case Product::Session:
      return "session.rtms_started";
    case Product::ContactCenter:
      return "contact_center.voice_rtms_started";
    case Product::Phone:
      return "phone.rtms_started";
  }
  return "meeting.rtms_started";
}

std::string webhook_started(const Config &config, const std::string &signaling_url) {
  Members inner;
  if (config.product == Product::Meeting || config.product == Product::Webinar)
    inner.str("meeting_id", "81234567890");
  inner.str(product_key(config.product), config.id)
      .str("rtms_stream_id", config.stream_id)
      .str("server_urls", signaling_url)
      .str("signature",
           signature(config.client_id, config.id, config.stream_id, config.client_secret));
  Members payload;
  payload.str("account_id", "kFx9-TestAccount");
  if (config.webhook_shape == WebhookShape::Object)
    payload.raw("object", inner.object());
  else
    payload.splice(inner.text());
  Members body;
  body.str("event", event_name(config.product))
      .num("event_ts", g_get_real_time() / 1000)
      .raw("payload", payload.object());
  std::string text = (config.webhook_shape == WebhookShape::Inner ? inner : body).object();
  return config.escape_slashes ? escape_slashes(text) : text;
}

}  // namespace rtmstest
