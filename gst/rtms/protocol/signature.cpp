// SPDX-License-Identifier: LGPL-2.1-or-later
#include "signature.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <charconv>
#include <cstdlib>

namespace rtms {
namespace {
constexpr int64_t kWebhookTolerance_s = 5 * 60;
}

void Secret::wipe() {
  if (!text_.empty())
    OPENSSL_cleanse(&text_[0], text_.size());
}

Secret &Secret::operator=(const Secret &other) {
  if (this != &other) {
    wipe();
    text_ = other.text_;
  }
  return *this;
}

std::string hmac_sha256_hex(std::string_view key, std::string_view message) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (!HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
            reinterpret_cast<const unsigned char *>(message.data()), message.size(), digest, &size))
    return {};
  constexpr char digits[] = "0123456789abcdef";
  std::string hex;
  for (unsigned i = 0; i < size; i++) {
    hex += digits[digest[i] >> 4];
    hex += digits[digest[i] & 15];
  }
  return hex;
}

std::string handshake_signature(const Secret &client_secret, std::string_view client_id,
                                std::string_view id, std::string_view stream_id) {
  std::string message(client_id);
  message.append(",").append(id).append(",").append(stream_id);
  return hmac_sha256_hex(client_secret.view(), message);
}

WebhookVerdict verify_webhook(const Secret &secret_token, std::string_view timestamp,
                              std::string_view signature, std::string_view body, int64_t now_s) {
  int64_t sent_s = 0;
  const char *end = timestamp.data() + timestamp.size();
  auto [stop, error] = std::from_chars(timestamp.data(), end, sent_s);
  if (error != std::errc() || stop != end || sent_s < 0 || now_s < 0 ||
      std::abs(sent_s - now_s) > kWebhookTolerance_s)
    return WebhookVerdict::BadTimestamp;
  // Anybody can sign with an empty key.
  if (secret_token.empty())
    return WebhookVerdict::BadSignature;

  std::string message("v0:");
  message.append(timestamp).append(":").append(body);
  const std::string expected = "v0=" + hmac_sha256_hex(secret_token.view(), message);
  // The length is no secret; the rest is compared in constant time.
  if (signature.size() != expected.size() ||
      CRYPTO_memcmp(signature.data(), expected.data(), expected.size()) != 0)
    return WebhookVerdict::BadSignature;
  return WebhookVerdict::Genuine;
}

}  // namespace rtms
