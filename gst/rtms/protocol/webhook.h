// The *.rtms_started webhook, in all its shapes → where to connect.
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
  std::string id;  // by product
  std::string stream_id;
  std::string signaling_url;
  std::string signature;  // often absent
};

using WebhookResult = std::variant<Webhook, ParseError>;

// Accepts {"event","payload":{"object":{…}}}, the fields directly under payload, and the inner
// object alone.
WebhookResult parse_webhook(std::string_view json);

// The same text with the value of each signature replaced, fit to be shown.
std::string redact_webhook(std::string_view json);

}  // namespace rtms
