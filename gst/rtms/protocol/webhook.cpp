// SPDX-License-Identifier: LGPL-2.1-or-later
#include "webhook.h"

#include "json_read.h"
#include "json_write.h"
#include "shorten.h"

#include <utility>

namespace rtms {
namespace {

struct Fields {
  std::string event, meeting_id, webinar_id, meeting_uuid, webinar_uuid, session_id;
  std::string engagement_id, call_id;
  std::string stream_id, server_urls, signature, plain_token;
  int64_t event_ts = 0;
  std::optional<StreamStateUpdate> stopped;

  std::string *of(std::string_view key) {
    if (key == "event")
      return &event;
    if (key == "meeting_id")
      return &meeting_id;
    if (key == "webinar_id")
      return &webinar_id;
    if (key == "meeting_uuid")
      return &meeting_uuid;
    if (key == "webinar_uuid")
      return &webinar_uuid;
    if (key == "session_id")
      return &session_id;
    if (key == "engagement_id")
      return &engagement_id;
    if (key == "call_id")
      return &call_id;
    if (key == "rtms_stream_id")
      return &stream_id;
    if (key == "server_urls")
      return &server_urls;
    if (key == "signature")
      return &signature;
    if (key == "plainToken")
      return &plain_token;
    return nullptr;
  }
};

// A URL, or several; of those with names, the one for signaling.
void read_server_urls(JsonValue value, std::string *urls) {
  if (auto text = json_view(value))
    *urls = *text;
  bool first = true;
  json_for_each_item(value, [&](JsonValue item) {
    if (std::exchange(first, false))
      read_server_urls(item, urls);
  });
  // In order of preference: the last one found is kept.
  constexpr std::string_view names[] = {"audio", "all", "signal", "signaling"};
  for (std::string_view name : names)
    json_for_each(value, [&](std::string_view key, JsonValue url) {
      if (key == name)
        read_server_urls(url, urls);
    });
}

void read_field(std::string_view key, JsonValue value, Fields *fields) {
  if (key == "stop_reason") {
    StreamStateUpdate stopped;
    stopped.state = static_cast<int64_t>(StreamState::Terminated);
    json_reason(value, &stopped.reason, &stopped.reason_text);
    if (stopped.reason || !stopped.reason_text.empty())
      fields->stopped = stopped;
  }
  std::string *field = fields->of(key);
  if (!field)
    return;
  if (field == &fields->server_urls)
    read_server_urls(value, field);
  else if (auto text = json_string(value))
    *field = *text;
}

void read_fields(JsonObject object, Fields *fields) {
  json_for_each(object, [&](std::string_view key, JsonValue value) {
    if (key == "payload")
      json_for_each(value, [&](std::string_view payload_key, JsonValue payload_value) {
        if (payload_key == "object")
          json_for_each(payload_value, [&](std::string_view inner_key, JsonValue inner) {
            read_field(inner_key, inner, fields);
          });
        else
          read_field(payload_key, payload_value, fields);
      });
    else if (key == "event_ts")
      fields->event_ts = json_int(value).value_or(0);
    else
      read_field(key, value, fields);
  });
}

std::optional<Product> product_of_event(std::string_view event) {
  constexpr std::pair<std::string_view, Product> prefixes[] = {
      {"meeting.", Product::Meeting},  {"webinar.", Product::Webinar},
      {"session.", Product::VideoSdk}, {"contact_center.", Product::ContactCenter},
      {"phone.", Product::Phone},      {"contactcenter.", Product::ContactCenter},
  };
  for (auto &[prefix, product] : prefixes)
    if (event.substr(0, prefix.size()) == prefix)
      return product;
  return std::nullopt;
}

const std::string &id_of(Product product, const Fields &fields) {
  switch (product) {
    case Product::Meeting:
    case Product::Webinar:
      return fields.meeting_uuid.empty() ? fields.webinar_uuid : fields.meeting_uuid;
    case Product::VideoSdk:
      return fields.session_id;
    case Product::ContactCenter:
      return fields.engagement_id;
    case Product::Phone:
      return fields.call_id;
  }
  return fields.meeting_uuid;
}

Product product_of_ids(const Fields &fields) {
  if (!fields.meeting_uuid.empty())
    return Product::Meeting;
  if (!fields.webinar_uuid.empty())
    return Product::Webinar;
  for (Product product : {Product::VideoSdk, Product::ContactCenter, Product::Phone})
    if (!id_of(product, fields).empty())
      return product;
  return Product::Meeting;
}

constexpr const char *kRedacted = "\"…\"";

// The reader limits nesting, hence the recursion.
bool holds_signature(JsonValue value) {
  bool found = false;
  json_for_each(value, [&](std::string_view key, JsonValue member) {
    found = found || key == "signature" || holds_signature(member);
  });
  json_for_each_item(value, [&](JsonValue item) { found = found || holds_signature(item); });
  return found;
}

void write_redacted(JsonValue value, std::string *text) {
  const char *separator = "";
  if (value.is_object()) {
    *text += '{';
    json_for_each(value, [&](std::string_view key, JsonValue member) {
      *text += std::exchange(separator, ",");
      JsonWriter::append_string(text, key);
      *text += ':';
      if (key == "signature")
        *text += kRedacted;
      else
        write_redacted(member, text);
    });
    *text += '}';
  } else if (value.is_array()) {
    *text += '[';
    json_for_each_item(value, [&](JsonValue item) {
      *text += std::exchange(separator, ",");
      write_redacted(item, text);
    });
    *text += ']';
  } else {
    *text += json_text(value);
  }
}

}  // namespace

WebhookEvent webhook_event(std::string_view name) {
  constexpr std::pair<std::string_view, WebhookEvent> endings[] = {
      {"rtms_started", WebhookEvent::Started},
      {"rtms_interrupted", WebhookEvent::Interrupted},
      {"rtms_stopped", WebhookEvent::Stopped},
  };
  for (auto &[ending, event] : endings)
    if (name.size() > ending.size() && name.substr(name.size() - ending.size()) == ending)
      return event;
  return WebhookEvent::Other;
}

WebhookResult parse_webhook(std::string_view json) {
  JsonReader reader;
  JsonObject object;
  Fields fields;
  if (auto error = reader.read(json, &object))
    return ParseError{std::string("not a JSON object: ") + simdjson::error_message(error)};
  read_fields(object, &fields);

  Webhook hook;
  hook.event = fields.event;
  hook.event_ts = fields.event_ts;
  const auto named = product_of_event(fields.event);
  // The event names the product; without an id of that product, an id of another one counts.
  hook.product = named && !id_of(*named, fields).empty() ? *named : product_of_ids(fields);
  hook.id = id_of(hook.product, fields);
  if (hook.id == fields.meeting_uuid || hook.id == fields.webinar_uuid)
    hook.webinar_id = fields.webinar_uuid;
  hook.meeting_id = fields.meeting_id.empty() ? fields.webinar_id : fields.meeting_id;
  hook.stream_id = fields.stream_id;
  hook.signaling_url = first_url(fields.server_urls);
  hook.signature = fields.signature;
  hook.plain_token = fields.plain_token;
  hook.stopped = fields.stopped;
  if (hook.stopped)
    hook.stopped->timestamp = hook.event_ts;
  return hook;
}

std::string redact_webhook(std::string_view json) {
  JsonReader reader;
  JsonValue root;
  if (reader.read_any(json, &root))
    return json.empty() ? "" : kRedacted;
  if (!holds_signature(root))
    return std::string(json);
  std::string text;
  write_redacted(root, &text);
  return text;
}

bool is_older(const std::string &announced, const std::string &other) {
  const WebhookResult one = parse_webhook(announced), two = parse_webhook(other);
  const auto hook = std::get_if<Webhook>(&one), other_hook = std::get_if<Webhook>(&two);
  return hook && other_hook && is_older(*hook, *other_hook);
}

bool is_earlier_end(const std::string &stopped, const std::string &announced) {
  const WebhookResult one = parse_webhook(stopped), two = parse_webhook(announced);
  const auto end = std::get_if<Webhook>(&one), start = std::get_if<Webhook>(&two);
  return end && start && is_earlier_end(*end, start->event_ts);
}

}  // namespace rtms
