// SPDX-License-Identifier: LGPL-2.1-or-later
// libFuzzer: the headers of a webhook request. What is genuine is decided a second time, with
// GLib's HMAC and a plain reading of the rules.
#include "protocol/signature.h"

#include <glib.h>
#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

namespace {

using rtms::WebhookVerdict;

constexpr int64_t kNow_s = 1738392033, kTolerance_s = 300;
constexpr char kToken[] = "tok3n";

std::string hmac_hex(const std::string &key, const std::string &message) {
  gchar *hex = g_compute_hmac_for_data(
      G_CHECKSUM_SHA256, reinterpret_cast<const guchar *>(key.data()), key.size(),
      reinterpret_cast<const guchar *>(message.data()), message.size());
  std::string text(hex);
  g_free(hex);
  return text;
}

// Digits alone, near the present.
bool fresh(const std::string &timestamp) {
  const size_t zeros = std::min(timestamp.find_first_not_of('0'), timestamp.size());
  if (timestamp.empty() || timestamp.size() - zeros > 15 ||
      timestamp.find_first_not_of("0123456789") != std::string::npos)
    return false;
  return std::llabs(std::atoll(timestamp.c_str()) - kNow_s) <= kTolerance_s;
}

void expect(bool holds, const char *what) {
  if (holds)
    return;
  std::fprintf(stderr, "violated: %s\n", what);
  std::abort();
}

std::string take_line(std::string_view *rest) {
  const size_t end = std::min(rest->find('\n'), rest->size());
  std::string line(rest->substr(0, end));
  rest->remove_prefix(std::min(end + 1, rest->size()));
  return line;
}

// Some bytes of the right signature, as the input says.
std::string forged(std::string signature, const std::string &changes) {
  for (size_t i = 0; i + 1 < changes.size(); i += 2)
    signature[static_cast<unsigned char>(changes[i]) % signature.size()] = changes[i + 1];
  return signature;
}

}  // namespace

// Three lines: timestamp, signature ("=" and changes: the right one, changed), key; then the body.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  std::string_view rest(reinterpret_cast<const char *>(data), size);
  const std::string timestamp = take_line(&rest);
  std::string signature = take_line(&rest);
  const std::string key = take_line(&rest);
  const std::string body(rest);
  const std::string right = "v0=" + hmac_hex(kToken, "v0:" + timestamp + ":" + body);
  if (!signature.empty() && signature[0] == '=')
    signature = forged(right, signature.substr(1));

  const rtms::Secret token{std::string_view(kToken)};
  const auto verdict = rtms::verify_webhook(token, timestamp, signature, body, kNow_s);
  expect((verdict == WebhookVerdict::BadTimestamp) == !fresh(timestamp), "the timestamp's verdict");
  if (fresh(timestamp))
    expect((verdict == WebhookVerdict::Genuine) == (signature == right), "the signature's verdict");
  expect(rtms::verify_webhook({}, timestamp, signature, body, kNow_s) != WebhookVerdict::Genuine,
         "no key, no genuine request");
  expect(rtms::hmac_sha256_hex(key, body).value_or("") == hmac_hex(key, body), "HMAC");
  const rtms::Secret secret{key};
  expect(rtms::handshake_signature(secret, timestamp, signature, body).value_or("") ==
             hmac_hex(key, timestamp + "," + signature + "," + body),
         "the handshake's signature");
  return 0;
}
