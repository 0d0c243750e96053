// SPDX-License-Identifier: LGPL-2.1-or-later
#include "retry.h"

#include <algorithm>

namespace rtms {
namespace {

// Media are lost meanwhile: the first try does not wait for the full delay.
constexpr unsigned kQuick_ms = 100;
constexpr double kJitter = 0.2;
// The service keeps media for slightly less time than the window: near its end the delay shrinks to
// this value.
constexpr int64_t kOften_ms = 5000;

// The service has not noticed the end of the old connection yet, or has a temporary fault.
bool is_transient(int64_t status) {
  return status == static_cast<int64_t>(StatusCode::DuplicateSignalRequest) ||
         status == static_cast<int64_t>(StatusCode::DuplicateMediaDataConnection) ||
         status == static_cast<int64_t>(StatusCode::InternalException);
}

// A restarting or overloaded server or proxy, or a network that stood still; other statuses concern
// this client.
bool is_passing(int http_status) {
  constexpr int kTimeout = 408, kMisdirected = 421, kTooEarly = 425, kTooManyRequests = 429;
  constexpr int kServerErrors = 500;
  return http_status >= kServerErrors || http_status == kTimeout || http_status == kMisdirected ||
         http_status == kTooEarly || http_status == kTooManyRequests;
}

// The peer does not object to this client but cannot serve it now: it goes away, has a fault, or
// restarts. 0: it closed without a code.
bool is_passing_close(int code) {
  constexpr int kGoingAway = 1001, kInternalError = 1011, kTryAgainLater = 1013, kBadGateway = 1014;
  return code == 0 || code == kGoingAway || (code >= kInternalError && code <= kTryAgainLater) ||
         code == kBadGateway;
}

bool is_final(const TransportClose &why, bool first) {
  switch (why.kind) {
    case TransportClose::Kind::Redirect:
      return true;
    case TransportClose::Kind::Http:
      return !is_passing(why.code);
    case TransportClose::Kind::Closed:
      return first && !is_passing_close(why.code);
    case TransportClose::Kind::Tls:
    case TransportClose::Kind::TooLarge:
    case TransportClose::Kind::Protocol:
      return first;
    case TransportClose::Kind::Resolve:
    case TransportClose::Kind::Refused:
    case TransportClose::Kind::Io:
      return false;
  }
  return true;
}

}  // namespace

std::optional<unsigned> Retry::next(int64_t now_ms, double chance) {
  if (limits_.window_ms == 0)
    return std::nullopt;
  if (!lost_ms_)
    lost_ms_ = now_ms;
  if (connected_ms_)
    attempts_ = now_ms - *connected_ms_ >= limits_.delay_ms ? 0 : std::min(attempts_, 1u);
  connected_ms_.reset();
  const int64_t left_ms = *lost_ms_ + limits_.window_ms - now_ms;
  if (left_ms <= 0)
    return std::nullopt;

  double delay_ms = std::min(kQuick_ms, limits_.delay_ms);
  if (attempts_ > 0) {
    const unsigned doublings = std::min(attempts_ - 1, 20u);
    delay_ms = std::min(static_cast<double>(limits_.delay_ms) * (1u << doublings),
                        static_cast<double>(limits_.delay_max_ms));
  }
  attempts_++;
  delay_ms = std::min(delay_ms * (1.0 + kJitter * (2.0 * chance - 1.0)),
                      static_cast<double>(limits_.delay_max_ms));
  // The last try is inside the window, whatever the delay.
  const int64_t most_ms = std::min(std::max(left_ms / 2, kOften_ms), left_ms);
  return static_cast<unsigned>(std::min(delay_ms, static_cast<double>(most_ms)));
}

void Retry::succeeded(int64_t now_ms) {
  lost_ms_.reset();
  connected_ms_ = now_ms;
  limits_ = later_;
}

void Retry::reset() {
  lost_ms_.reset();
  connected_ms_.reset();
  attempts_ = 0;
}

bool is_final(const SessionError &why, bool first) {
  switch (why.kind) {
    case SessionError::Kind::Status:
      return !is_transient(why.status);
    case SessionError::Kind::Timeout:
    case SessionError::Kind::Interrupted:
    case SessionError::Kind::NoMedia:
      return false;
    case SessionError::Kind::Transport:
      return is_final(why.transport, first);
    default:
      return true;
  }
}

bool is_final_for(MediaMask media, const SessionError &why, bool first) {
  // The signature is right, because signaling was accepted: a close is no verdict on it.
  const bool closed = why.kind == SessionError::Kind::Transport &&
                      why.transport.kind == TransportClose::Kind::Closed;
  // The service has not noticed yet that the one connection for all media is gone.
  const bool held = !first && media == kMaskAll && why.kind == SessionError::Kind::Status &&
                    why.status == static_cast<int64_t>(StatusCode::MediaDataAllConnectionExist);
  return is_final(why, first && !closed) && !held;
}

}  // namespace rtms
