// SPDX-License-Identifier: LGPL-2.1-or-later
// Signatures of the handshakes, and verification of the service's webhook requests.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace rtms {

// A string that is overwritten before its memory is given back.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string_view text) : text_(text) {}
  Secret(const Secret &other) = default;
  Secret &operator=(const Secret &other);
  ~Secret() { wipe(); }

  bool empty() const { return text_.empty(); }
  std::string_view view() const { return text_; }

 private:
  void wipe();
  std::string text_;
};

// Lower-case hex of HMAC-SHA256; empty where OpenSSL fails.
std::string hmac_sha256_hex(std::string_view key, std::string_view message);

// The signature of both handshakes: HMAC over "client_id,id,stream_id".
std::string handshake_signature(const Secret &client_secret, std::string_view client_id,
                                std::string_view id, std::string_view stream_id);

enum class WebhookVerdict { Genuine, BadSignature, BadTimestamp };

// Checks x-zm-request-timestamp and x-zm-signature of a webhook request against its raw body.
// `now_s` is Unix time in seconds; more than 5 minutes off is refused.
WebhookVerdict verify_webhook(const Secret &secret_token, std::string_view timestamp,
                              std::string_view signature, std::string_view body, int64_t now_s);

}  // namespace rtms
