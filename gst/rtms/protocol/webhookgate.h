// SPDX-License-Identifier: LGPL-2.1-or-later
// Decides the answer to a request to the webhook's URL, and what the request means.
#pragma once

#include "signature.h"
#include "webhook.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace rtms {

// Genuine bodies have less than 2 KiB.
constexpr size_t kMaxWebhookBody = 1 << 20;

struct WebhookHead {
  std::string_view method, path;
  std::string_view timestamp, signature;  // x-zm-request-timestamp, x-zm-signature
  uint64_t content_length = 0;            // 0: unknown
};

struct WebhookAnswer {
  unsigned status = 200;
  std::string body;  // JSON
  std::string why;   // for logs; contains no part of the request that could be secret
  // Unless Other: act on `hook`, which names a stream; Started includes a URL.
  WebhookEvent event = WebhookEvent::Other;
  bool repeated = false;  // the service announced the same event before
  bool misdated = false;  // signed by the service, but not at this machine's time
  Webhook hook;
};

// One gate per URL. The clock is an argument.
class WebhookGate {
 public:
  WebhookGate(std::string path, Secret secret_token)
      : path_(std::move(path)), secret_token_(std::move(secret_token)) {}

  // Refuses a request by its head; nothing if the body is needed.
  std::optional<WebhookAnswer> refuse(const WebhookHead &head) const;
  // The answer to a request that cannot be a webhook.
  static WebhookAnswer refusal(unsigned status, const char *why);
  // `now_s` is Unix time. A repeated request is accepted and ignored: somebody replays a request of
  // the service, which signs its own repetitions anew.
  WebhookAnswer answer(const WebhookHead &head, std::string_view body, int64_t now_s);
  static WebhookAnswer accepted(std::string why);
  // Forgets a genuine request that could not be handled, so that its repetition is not ignored.
  // `request` is Webhook::request.
  void forget(const std::string &request, std::string_view body);

 private:
  WebhookAnswer validate(const std::string &token) const;
  static WebhookAnswer too_large();
  WebhookAnswer understand(const WebhookHead &head, std::string_view body);

  // Hashes of the last genuine requests.
  class Memory {
   public:
    // Returns false if the text is already in it.
    bool add(std::string text);
    void remove(const std::string &text);

   private:
    std::set<std::string> seen_;
    std::deque<std::string> order_;
  };

  const std::string path_;
  const Secret secret_token_;
  Memory requests_, bodies_;
};

}  // namespace rtms
