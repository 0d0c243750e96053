// SPDX-License-Identifier: LGPL-2.1-or-later
// Parses the service's webhooks about streams, in all their shapes.
#pragma once

#include "types.h"

#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace rtms {

struct Webhook {
  std::string event;     // "meeting.rtms_started"; empty if the JSON is the inner object alone
  int64_t event_ts = 0;  // time of the event, in Unix ms; 0: unknown
  Product product = Product::Meeting;
  std::string id;          // the product's id
  std::string webinar_id;  // of a webinar; `id` is the meeting's if there are both, else the same
  std::string meeting_id;  // the number that participants dial; often absent
  std::string stream_id;
  std::string signaling_url;
  std::string signature;  // often absent
  // With the reason of the stop, where the webhook tells one; the state is Terminated.
  std::optional<StreamStateUpdate> stopped;
  std::string plain_token;  // from the request that validates the webhook's URL
  // Identifies a signed request, set by WebhookGate: a repetition has the same value.
  std::string request;
};

// Whether the service made an announcement before another one.
inline bool is_older(const Webhook &announced, const Webhook &other) {
  return announced.event_ts && announced.event_ts < other.event_ts;
}

// The service repeats webhooks for five minutes.
inline constexpr int64_t kRepeated_ms = 600000;

// Whether an end is that of an earlier stream with the same id. `announced_ms`: the event_ts of the
// newest announcement.
inline bool is_earlier_end(const Webhook &stopped, int64_t announced_ms) {
  return stopped.event_ts && stopped.event_ts < announced_ms &&
         announced_ms - stopped.event_ts <= kRepeated_ms;
}

// Whether an announcement was delivered after the end of its stream.
inline bool is_late_start(const Webhook &announced, int64_t ended_ms) {
  return announced.event_ts && announced.event_ts < ended_ms &&
         ended_ms - announced.event_ts <= kRepeated_ms;
}

// The same of two webhooks as JSON; false if one of them cannot be used.
bool is_older(const std::string &announced, const std::string &other);
bool is_earlier_end(const std::string &stopped, const std::string &announced);

enum class WebhookEvent { Other, Started, Interrupted, Stopped };
// By the event's name: "meeting.rtms_started", "contact_center.voice_rtms_started", …
WebhookEvent webhook_event(std::string_view name);

using WebhookResult = std::variant<Webhook, ParseError>;

// Accepts {"event","payload":{"object":{…}}}, the fields directly under payload, and the inner
// object alone.
WebhookResult parse_webhook(std::string_view json);

// Returns the JSON with the value of each signature replaced, so that it can be logged.
std::string redact_webhook(std::string_view json);

}  // namespace rtms
