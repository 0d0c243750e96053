// SPDX-License-Identifier: LGPL-2.1-or-later
// The service's side of a webhook: signed requests, and others.
#pragma once

#include "fixture.h"

namespace rtmscheck {

inline constexpr char kWebhookToken[] = "wh-Kp7-s3cr3t-token";

struct HttpAnswer {
  int status = 0;  // 0: the connection ended without an answer
  std::string head, body;
};

// One HTTP connection, byte by byte.
class HttpClient {
 public:
  // To a URL's host and port; https trusts the certificates in `ca_file`.
  explicit HttpClient(const std::string &url, const std::string &ca_file = "");
  bool send(const std::string &text);  // false: the other side has gone
  HttpAnswer read();                   // until the connection ends
  bool ended(int timeout_ms);          // without an answer

 private:
  ObjectPtr<GSocketConnection> connection_;
};

// The certificate of an https URL's server is one of those in `ca_file`.
bool is_trusted(const std::string &url, const std::string &ca_file);

std::string path_of(const std::string &url);

using Headers = std::vector<std::pair<std::string, std::string>>;
// The age of a request that is not a repetition of one that was sent before: its time is in the
// future, so no request of a test has the same.
constexpr int64_t kAnewAge_s = -60;
// x-zm-request-timestamp and x-zm-signature, `age_s` ago.
Headers signed_headers(const std::string &body, int64_t age_s = 0,
                       const std::string &token = kWebhookToken);
std::string request_text(const std::string &method, const std::string &path, const Headers &headers,
                         const std::string &body);
HttpAnswer post(const std::string &url, const Headers &headers, const std::string &body,
                const std::string &ca_file = "");
// The same announcement with another URL of the same server: it has failed, and starts over there.
std::string moved(std::string webhook);
HttpAnswer post_signed(const std::string &url, const std::string &body,
                       const std::string &ca_file = "");

// Bodies. The server's own tells where its stream starts.
std::string stream_event(const std::string &name, const std::string &stream_id, int64_t event_ts);
inline constexpr char kChallenge[] =
    R"({"event":"endpoint.url_validation","payload":{"plainToken":"qgg8vlvZRS6UYooatFL8Aw"},"event_ts":1654503849680})";

}  // namespace rtmscheck
