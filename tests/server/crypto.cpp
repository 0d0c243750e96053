// SPDX-License-Identifier: LGPL-2.1-or-later
#include "crypto.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <vector>

namespace rtmstest {

static std::string hex(const unsigned char *bytes, std::size_t count) {
  constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < count; i++) {
    text += digits[bytes[i] >> 4];
    text += digits[bytes[i] & 15];
  }
  return text;
}

std::string hmac_sha256_hex(std::string_view key, std::string_view text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char *>(text.data()), text.size(), digest, &length);
  return hex(digest, length);
}

std::string signature(std::string_view client_id, std::string_view id, std::string_view stream_id,
                      std::string_view secret) {
  std::string text;
  text.append(client_id).append(",").append(id).append(",").append(stream_id);
  return hmac_sha256_hex(secret, text);
}

bool equal_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string random_hex(unsigned bytes) {
  std::vector<unsigned char> random(bytes);
  RAND_bytes(random.data(), static_cast<int>(bytes));
  return hex(random.data(), random.size());
}

}  // namespace rtmstest
