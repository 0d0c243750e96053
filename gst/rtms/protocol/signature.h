// SPDX-License-Identifier: LGPL-2.1-or-later
// Signatures of the handshakes, and verification of the service's webhook requests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rtms {

// Overwrites the bytes; no compiler optimizes that away.
void wipe_memory(void *bytes, size_t size);

// A string that is overwritten before its memory is freed.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string_view text) : text_(text) {}
  Secret(const Secret &other) = default;
  Secret &operator=(const Secret &other);
  ~Secret() { wipe(); }

  bool empty() const { return text_.empty(); }
  std::string_view view() const { return text_; }
  const char *c_str() const { return text_.c_str(); }

 private:
  void wipe();
  std::string text_;
};

// Lower-case hex of HMAC-SHA256; nothing if OpenSSL fails, for example without memory, or if its
// configuration allows only algorithms of a provider that is not installed.
std::optional<std::string> hmac_sha256_hex(std::string_view key, std::string_view message);

// Whether OpenSSL computes the HMAC-SHA256 of a published example.
bool signatures_work();
// The error message if it does not.
inline constexpr const char *kNoSignatures =
    "OpenSSL cannot compute HMAC-SHA256, so that nothing can be signed or verified. Correct "
    "OpenSSL's configuration (openssl.cnf or OPENSSL_CONF): `default_properties=fips=yes` needs an "
    "installed and active FIPS provider.";

// The signature of both handshakes: HMAC over "client_id,id,stream_id". Nothing if OpenSSL fails.
std::optional<std::string> handshake_signature(const Secret &client_secret,
                                               std::string_view client_id, std::string_view id,
                                               std::string_view stream_id);

// BadTimestamp: the signature is right. Unverifiable: OpenSSL fails; the request may be genuine.
enum class WebhookVerdict { Genuine, BadSignature, BadTimestamp, Unverifiable };

// Checks x-zm-request-timestamp and x-zm-signature of a webhook request against its raw body.
// `now_s` is Unix time in seconds; a difference of more than 5 minutes is refused.
WebhookVerdict verify_webhook(const Secret &secret_token, std::string_view timestamp,
                              std::string_view signature, std::string_view body, int64_t now_s);

}  // namespace rtms
