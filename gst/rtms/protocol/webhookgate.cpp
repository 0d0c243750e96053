// SPDX-License-Identifier: LGPL-2.1-or-later
#include "webhookgate.h"

#include "json_write.h"

#include <glib.h>
#include <algorithm>
#include <memory>

namespace rtms {
namespace {

// Only genuine announcements are kept, a few per meeting: this covers days.
constexpr size_t kMaxSeen = 4096;
constexpr std::string_view kUrlValidation = "endpoint.url_validation";

// The service repeats a request that is answered with 503.
WebhookAnswer unverifiable() {
  return WebhookGate::refusal(503,
                              "OpenSSL cannot compute HMAC-SHA256: no signature can be verified");
}

// However they are encoded.
bool is_same_path(const std::string &one, const std::string &other) {
  const std::unique_ptr<char, void (*)(void *)> a(g_uri_unescape_string(one.c_str(), nullptr),
                                                  g_free),
      b(g_uri_unescape_string(other.c_str(), nullptr), g_free);
  return a && b ? std::string_view(a.get()) == b.get() : one == other;
}

}  // namespace

WebhookAnswer WebhookGate::refusal(unsigned status, const char *why) {
  WebhookAnswer answer;
  answer.status = status;
  answer.body = JsonWriter().member("error", std::string(why)).text();
  answer.why = why;
  return answer;
}

WebhookAnswer WebhookGate::accepted(std::string why) {
  WebhookAnswer answer;
  answer.body = JsonWriter().member("status", std::string("ok")).text();
  answer.why = std::move(why);
  return answer;
}

void WebhookGate::forget(const std::string &request, std::string_view body) {
  requests_.remove(request);
  if (const auto digest = hmac_sha256_hex(secret_token_.view(), body))
    bodies_.remove(*digest);
}

std::optional<WebhookAnswer> WebhookGate::refuse(const WebhookHead &head) const {
  if (!is_same_path(std::string(head.path), path_))
    return refusal(404, "no webhook is accepted at this path");
  if (head.method != "POST")
    return refusal(405, "only POST requests are accepted");
  if (head.content_length > kMaxWebhookBody)
    return too_large();
  if (head.signature.empty() || head.timestamp.empty())
    return refusal(401, "the request is not signed");
  return std::nullopt;
}

WebhookAnswer WebhookGate::too_large() {
  return refusal(413, "the request is larger than 1 MiB");
}

// The signature is checked before a token is signed: otherwise anybody could have a forged request
// signed.
WebhookAnswer WebhookGate::answer(const WebhookHead &head, std::string_view body, int64_t now_s) {
  if (auto refused = refuse(head))
    return *refused;
  if (body.size() > kMaxWebhookBody)
    return too_large();
  switch (verify_webhook(secret_token_, head.timestamp, head.signature, body, now_s)) {
    case WebhookVerdict::BadTimestamp: {
      WebhookAnswer misdated = refusal(
          401, "the timestamp differs from the clock of this machine by more than 5 minutes");
      misdated.misdated = true;
      return misdated;
    }
    case WebhookVerdict::BadSignature:
      return refusal(401, "the signature is wrong");
    case WebhookVerdict::Unverifiable:
      return unverifiable();
    case WebhookVerdict::Genuine:
      break;
  }
  return understand(head, body);
}

WebhookAnswer WebhookGate::validate(const std::string &token) const {
  if (token.empty())
    return refusal(400, "the request has no plainToken");
  const auto encrypted = hmac_sha256_hex(secret_token_.view(), token);
  if (!encrypted)
    return unverifiable();
  WebhookAnswer answer = accepted("the URL is validated");
  answer.body =
      JsonWriter().member("plainToken", token).member("encryptedToken", *encrypted).text();
  return answer;
}

WebhookAnswer WebhookGate::understand(const WebhookHead &head, std::string_view body) {
  auto parsed = parse_webhook(body);
  if (std::holds_alternative<ParseError>(parsed))
    return refusal(400, "the body is not a JSON object");
  Webhook &hook = std::get<Webhook>(parsed);
  if (hook.event == kUrlValidation)
    return validate(hook.plain_token);
  const WebhookEvent event = webhook_event(hook.event);
  if (event == WebhookEvent::Other)
    return accepted("ignored: not an event about a stream");
  if (hook.stream_id.empty() || (event == WebhookEvent::Started && hook.signaling_url.empty()))
    return accepted("ignored: " + hook.event + " has no stream id or no URL");
  const auto digest = hmac_sha256_hex(secret_token_.view(), body);
  // The signature covers the timestamp, too. Its digest is kept: it cannot be used as a signature.
  const auto request = hmac_sha256_hex(secret_token_.view(), head.signature);
  if (!digest || !request)
    return unverifiable();
  if (!requests_.add(*request))
    return accepted("ignored: a repeated request");
  // Bodies contain the time of the event in ms: equal bodies are the same event.
  const bool repeated = !bodies_.add(*digest);
  WebhookAnswer answer =
      accepted(hook.event + " of stream " + hook.stream_id + (repeated ? ", repeated" : ""));
  answer.event = event;
  answer.repeated = repeated;
  answer.hook = std::move(hook);
  answer.hook.request = *request;
  return answer;
}

bool WebhookGate::Memory::add(std::string text) {
  if (!seen_.insert(text).second)
    return false;
  order_.push_back(std::move(text));
  if (order_.size() > kMaxSeen) {
    seen_.erase(order_.front());
    order_.pop_front();
  }
  return true;
}

void WebhookGate::Memory::remove(const std::string &text) {
  if (seen_.erase(text))
    order_.erase(std::find(order_.begin(), order_.end(), text));
}

}  // namespace rtms
