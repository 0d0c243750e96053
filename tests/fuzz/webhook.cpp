// SPDX-License-Identifier: LGPL-2.1-or-later
// libFuzzer: any bytes as a webhook's body; what is shown of it, and its verification.
#include "protocol/webhook.h"
#include "protocol/signature.h"

#include <cstddef>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const std::string_view body(reinterpret_cast<const char *>(data), size);
  const rtms::WebhookResult result = rtms::parse_webhook(body);
  const std::string shown = rtms::redact_webhook(body);
  // A signature that was understood, and is long enough to be none by chance, is not shown.
  if (const auto *webhook = std::get_if<rtms::Webhook>(&result))
    if (webhook->signature.compare(0, 8, "5ignature") == 0 &&
        shown.find(webhook->signature) != std::string::npos)
      std::abort();
  static const rtms::Secret token{std::string_view("tok3n")};
  const std::string_view head = body.substr(0, size / 4);
  rtms::verify_webhook(token, head, body.substr(head.size()), body, 1738392033);
  rtms::verify_webhook(token, "1738392033", head, body, 1738392033);
  return 0;
}
