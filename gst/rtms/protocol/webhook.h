// SPDX-License-Identifier: LGPL-2.1-or-later
// The service's webhooks about streams, in all their shapes → which stream, and where to connect.
#pragma once

#include "types.h"

#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace rtms {

struct Webhook {
  std::string event;  // "meeting.rtms_started"; empty where only the inner object was handed over
  Product product = Product::Meeting;
  std::string id;          // by product
  std::string webinar_id;  // of a webinar that has both ids; `id` is the meeting's then
  std::string meeting_id;  // the number that people dial; often absent
  std::string stream_id;
  std::string signaling_url;
  std::string signature;    // often absent
  std::string plain_token;  // of the request that validates the webhook's URL
  // Of a signed request, from WebhookGate: the same one sent again has the same.
  std::string request;
};

enum class WebhookEvent { Other, Started, Interrupted, Stopped };
// By the event's name: "meeting.rtms_started", "contact_center.voice_rtms_started", …
WebhookEvent webhook_event(std::string_view name);

using WebhookResult = std::variant<Webhook, ParseError>;

// Accepts {"event","payload":{"object":{…}}}, the fields directly under payload, and the inner
// object alone.
WebhookResult parse_webhook(std::string_view json);

// The same text with the value of each signature replaced, fit to be shown.
std::string redact_webhook(std::string_view json);

}  // namespace rtms
