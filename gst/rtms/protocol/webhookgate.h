// SPDX-License-Identifier: LGPL-2.1-or-later
// A request to the webhook's URL → what to answer, and what it means.
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

// Genuine ones have less than 2 KiB.
constexpr size_t kMaxWebhookBody = 1 << 20;

struct WebhookHead {
  std::string_view method, path;
  std::string_view timestamp, signature;  // x-zm-request-timestamp, x-zm-signature
  uint64_t content_length = 0;            // 0: not told
};

struct WebhookAnswer {
  unsigned status = 200;
  std::string body;  // JSON
  std::string why;   // for logs: nothing of the request that could be a secret
  // Not Other: act on `hook`, which names a stream; one that started has a URL, too.
  WebhookEvent event = WebhookEvent::Other;
  bool repeated = false;  // the service has said so before
  Webhook hook;
};

// One for each URL. The clock is an argument.
class WebhookGate {
 public:
  WebhookGate(std::string path, Secret secret_token)
      : path_(std::move(path)), secret_token_(std::move(secret_token)) {}

  // What can be refused before there is a body; nothing where the body is needed.
  std::optional<WebhookAnswer> refuse(const WebhookHead &head) const;
  // The answer to what cannot be a webhook.
  static WebhookAnswer refusal(unsigned status, const char *why);
  // `now_s` is Unix time. A request that came before means nothing any more: somebody sends again
  // what the service has sent. What the service itself repeats it signs anew.
  WebhookAnswer answer(const WebhookHead &head, std::string_view body, int64_t now_s);
  static WebhookAnswer accepted(std::string why);
  // A request that was genuine meant nothing after all: it may come again. `request` is
  // Webhook::request.
  void forget(const std::string &request, std::string_view body);

 private:
  WebhookAnswer validate(const std::string &token) const;
  static WebhookAnswer too_large();
  WebhookAnswer understand(const WebhookHead &head, std::string_view body);

  // The last texts that were genuine.
  class Memory {
   public:
    // False where it is there already.
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
