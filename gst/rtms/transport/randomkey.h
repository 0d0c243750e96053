// SPDX-License-Identifier: LGPL-2.1-or-later
// The random numbers of WebSocket.
#pragma once

#include "base/glibptr.h"

#include <openssl/rand.h>
#include <cstdint>
#include <optional>
#include <string>

namespace rtms {

// Nothing where OpenSSL has no random numbers: a key or mask that can be guessed is none.
inline std::optional<uint32_t> random_mask() {
  uint32_t mask = 0;
  if (RAND_bytes(reinterpret_cast<unsigned char *>(&mask), sizeof mask) != 1)
    return std::nullopt;
  return mask;
}

inline std::optional<std::string> random_key() {
  unsigned char nonce[16];
  if (RAND_bytes(nonce, sizeof nonce) != 1)
    return std::nullopt;
  const StringPtr text(g_base64_encode(nonce, sizeof nonce));
  return std::string(text.get());
}

}  // namespace rtms
