// SPDX-License-Identifier: LGPL-2.1-or-later
#include "signature.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <charconv>
#include <cstdlib>

namespace rtms {
namespace {
constexpr int64_t kWebhookTolerance_s = 5 * 60;
constexpr size_t kDigestSize = 32;
// RFC 4231, section 4.3.
constexpr char kRfc4231Case2[] = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
}  // namespace

void wipe_memory(void *bytes, size_t size) {
  OPENSSL_cleanse(bytes, size);
}

void Secret::wipe() {
  wipe_memory(text_.data(), text_.size());
}

Secret &Secret::operator=(const Secret &other) {
  if (this != &other) {
    wipe();
    text_ = other.text_;
  }
  return *this;
}

std::optional<std::string> hmac_sha256_hex(std::string_view key, std::string_view message) {
  unsigned char digest[kDigestSize];
  size_t size = 0;
  // OpenSSL takes a null pointer for a missing key, even if the size is 0.
  const char *key_bytes = key.empty() ? "" : key.data();
  if (!EVP_Q_mac(nullptr, "HMAC", nullptr, "SHA256", nullptr, key_bytes, key.size(),
                 reinterpret_cast<const unsigned char *>(message.data()), message.size(), digest,
                 sizeof digest, &size) ||
      size != sizeof digest)
    return std::nullopt;
  constexpr char digits[] = "0123456789abcdef";
  std::string hex;
  for (const unsigned char byte : digest) {
    hex += digits[byte >> 4];
    hex += digits[byte & 15];
  }
  return hex;
}

bool signatures_work() {
  return hmac_sha256_hex("Jefe", "what do ya want for nothing?") == kRfc4231Case2;
}

std::optional<std::string> handshake_signature(const Secret &client_secret,
                                               std::string_view client_id, std::string_view id,
                                               std::string_view stream_id) {
  std::string message(client_id);
  message.append(",").append(id).append(",").append(stream_id);
  return hmac_sha256_hex(client_secret.view(), message);
}

WebhookVerdict verify_webhook(const Secret &secret_token, std::string_view timestamp,
                              std::string_view signature, std::string_view body, int64_t now_s) {
  int64_t sent_s = 0;
  const char *end = timestamp.data() + timestamp.size();
  auto [stop, error] = std::from_chars(timestamp.data(), end, sent_s);
  // Anybody can sign with an empty key.
  if (secret_token.empty())
    return WebhookVerdict::BadSignature;

  std::string message("v0:");
  message.append(timestamp).append(":").append(body);
  const auto digest = hmac_sha256_hex(secret_token.view(), message);
  if (!digest)
    return WebhookVerdict::Unverifiable;
  const std::string expected = "v0=" + *digest;
  // The length is no secret; the contents are compared in constant time.
  if (signature.size() != expected.size() ||
      CRYPTO_memcmp(signature.data(), expected.data(), expected.size()) != 0)
    return WebhookVerdict::BadSignature;
  if (error != std::errc() || stop != end || sent_s < 0 || now_s < 0 ||
      std::abs(sent_s - now_s) > kWebhookTolerance_s)
    return WebhookVerdict::BadTimestamp;
  return WebhookVerdict::Genuine;
}

}  // namespace rtms
