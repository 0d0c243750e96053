// SPDX-License-Identifier: LGPL-2.1-or-later
#include "access.h"

#include "base/glibptr.h"
#include "http/httpfields.h"

#include <openssl/crypto.h>
#include <algorithm>

namespace rtms::recorder {
namespace {

// A token of so many characters need not be protected from guesses, so that those of others behind
// the operator's address do not lock the operator out. A shorter one may be a word.
constexpr size_t kUnguessable = 32;

}  // namespace

Access::Access(std::vector<std::string> hosts, Secret token)
    : hosts_(std::move(hosts)), token_(std::move(token)) {}

// A page of another site may make its own name resolve to this machine (DNS rebinding) to read the
// answers. It cannot do so with an address or with localhost.
bool Access::knows(const std::string &host) const {
  ObjectPtr<GInetAddress> address(g_inet_address_new_from_string(host.c_str()));
  return address || host == "localhost" ||
         std::find(hosts_.begin(), hosts_.end(), host) != hosts_.end();
}

// Takes the same time for any guess.
bool Access::is_token(const std::string &guess) const {
  const auto right = hmac_sha256_hex(token_.view(), token_.view());
  const auto given = hmac_sha256_hex(token_.view(), guess);
  return right && given && right->size() == given->size() &&
         CRYPTO_memcmp(right->data(), given->data(), right->size()) == 0;
}

std::optional<HttpAnswer> Access::refuse(const HttpHead &head, const std::string &from,
                                         bool needs_token, int64_t now_us) {
  const std::string host = host_of(head.header("host"));
  if (host.empty())
    return refusal_page(400, "the request has no valid Host header");
  if (!knows(host))
    return refusal_page(421,
                        "the port is not known by this name: use an address, or start "
                        "rtms-recorder with --admin-host=" +
                            host);
  if (!needs_token || token_.empty())
    return std::nullopt;
  const auto guess = token_of(head.header("authorization"));
  const bool right = guess && is_token(*guess);
  if (right && token_.view().size() >= kUnguessable)
    return std::nullopt;
  if (guess && !attempts_.allowed(from, now_us)) {
    HttpAnswer answer = refusal_page(429, "too many wrong tokens from this address");
    answer.headers.emplace_back("Retry-After", std::to_string(Attempts::kEvery_s));
    return answer;
  }
  if (right)
    return std::nullopt;
  if (guess)
    attempts_.failed(from, now_us);
  HttpAnswer answer =
      refusal_page(401, guess ? "the token is wrong"
                              : "the token is missing: enter it as the password, with any name");
  answer.headers.emplace_back("WWW-Authenticate", "Basic realm=\"rtms-recorder\"");
  return answer;
}

HttpAnswer refusal_page(unsigned status, const std::string &text) {
  return {status, "text/plain; charset=utf-8", text + "\n", text, {}, nullptr};
}

}  // namespace rtms::recorder
