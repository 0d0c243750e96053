// SPDX-License-Identifier: LGPL-2.1-or-later
#include "verdict.h"

#include "errortext.h"

namespace rtms {
namespace {

// The service has not noticed yet that the old connection is gone, or has a passing fault.
bool is_transient(int64_t status) {
  return status == static_cast<int64_t>(StatusCode::DuplicateSignalRequest) ||
         status == static_cast<int64_t>(StatusCode::DuplicateMediaDataConnection) ||
         status == static_cast<int64_t>(StatusCode::InternalException);
}

// A server, or a proxy before it, that is restarting or overloaded; the others mean this client.
bool is_passing(int http_status) {
  constexpr int kTooManyRequests = 429, kServerErrors = 500;
  return http_status >= kServerErrors || http_status == kTooManyRequests;
}

}  // namespace

std::string link_name(MediaMask media) {
  std::string name;
  for (Media m : kAllMedia)
    if (media & media_bit(m))
      name += (name.empty() ? "" : "+") + std::string(media_nick(m));
  return name;
}

std::optional<Media> unsupported_media(int64_t status) {
  constexpr int64_t first = static_cast<int64_t>(StatusCode::AudioNotSupported);
  if (status < first || status > static_cast<int64_t>(StatusCode::ChatNotSupported))
    return std::nullopt;
  return static_cast<Media>(status - first);
}

bool is_final(const SessionError &why, bool first) {
  switch (why.kind) {
    case SessionError::Kind::Status:
      return !is_transient(why.status);
    case SessionError::Kind::Timeout:
    case SessionError::Kind::Interrupted:
      return first;
    case SessionError::Kind::Transport:
      if (why.transport.kind == TransportClose::Kind::Redirect)
        return true;
      if (why.transport.kind == TransportClose::Kind::Http)
        return first || !is_passing(why.transport.code);
      return first;
    default:
      return true;
  }
}

SessionError status_error(const std::string &name, int64_t status, const std::string &reason) {
  SessionError error;
  error.kind = SessionError::Kind::Status;
  error.status = status;
  error.text = status_text(name, status, reason);
  return error;
}

SessionError plain_error(SessionError::Kind kind, std::string text) {
  SessionError error;
  error.kind = kind;
  error.text = std::move(text);
  return error;
}

}  // namespace rtms
