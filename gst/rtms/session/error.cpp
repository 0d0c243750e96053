// SPDX-License-Identifier: LGPL-2.1-or-later
#include "error.h"

#include "base/glibptr.h"
#include "protocol/shorten.h"
#include "protocol/types.h"
#include "transport/url.h"

namespace rtms {
namespace {

std::string seconds(unsigned ms) {
  return ms % 1000 ? std::to_string(ms) + " ms" : std::to_string(ms / 1000) + " s";
}

std::string http_advice(int status) {
  switch (status) {
    case 401:
    case 403:
      return "the server does not admit this client to the stream: use a recent webhook, and check "
             "that client-id, client-secret and stream-id belong to the same app";
    case 404:
      return "no stream exists at this URL, or it has ended: use the server_urls of a recent "
             "webhook";
    case 429:
    case 500:
    case 502:
    case 503:
    case 504:
      return "the service is overloaded or restarting: try again";
    default:
      return "check that signaling-url is the server_urls of a recent webhook";
  }
}

// A server's text may be invalid UTF-8, of any length, and written for a terminal.
std::string readable(const std::string &text) {
  if (text.empty())
    return {};
  const StringPtr valid(g_utf8_make_valid(text.data(), static_cast<gssize>(text.size())));
  return one_line(shorten(valid.get()));
}

std::string closed_text(int code) {
  std::string text = "the server closed the connection";
  if (code)
    text += " (code " + std::to_string(code) + ")";
  return text;
}

std::string transport_text(const std::string &name, const std::string &url,
                           const TransportClose &why) {
  using Kind = TransportClose::Kind;
  const std::string to = "The " + name + " connection to " + printable_url(url) + " ";
  const std::string code = std::to_string(why.code);
  const std::string detail = why.text.empty() ? "" : ": " + readable(why.text);
  switch (why.kind) {
    case Kind::Closed:
      return to + "ended: " + closed_text(why.code) + detail + ".";
    case Kind::Resolve:
      return to + "failed: the host name does not resolve" + detail +
             ". Check the URL and the DNS settings of this machine.";
    case Kind::Refused:
      return to + "was refused" + detail +
             ". Check the URL, and that the firewall permits outgoing connections to it.";
    case Kind::Tls:
      return to + "failed: TLS" + detail +
             ". Check the host name and the clock, or set tls-ca-file or tls-database to the "
             "authority that has issued the certificate.";
    case Kind::Http:
      return to + "was refused with HTTP status " + code + detail + "; " + http_advice(why.code) +
             ".";
    case Kind::Redirect:
      return to + "was redirected to " + printable_url(why.text) + " (HTTP status " + code +
             "), which the element does not follow. Use the URL of a recent webhook.";
    case Kind::TooLarge:
      return to + "ended: a message is larger than max-message-size" + detail +
             ". Raise max-message-size.";
    case Kind::Protocol:
    case Kind::Io:
      return to + "failed" + detail + ".";
  }
  return to + "failed.";
}

std::string status_text(const std::string &what, int64_t status, const std::string &reason) {
  const std::string number =
      status == kNoStatus ? "out a status"
                          : " status " + std::to_string(status) + " (" + status_name(status) + ")";
  return "The service refused the " + what + " with" + number +
         (reason.empty() ? "" : ": \"" + reason + "\"") + "; " + status_advice(status) + ".";
}

}  // namespace

SessionError forbidden_error() {
  return plain_error(
      SessionError::Kind::Forbidden,
      "The time in connect-until has passed: all connections are closed. Set a later "
      "time while the stream may be connected.");
}

SessionError plain_error(SessionError::Kind kind, std::string text) {
  SessionError error;
  error.kind = kind;
  error.text = std::move(text);
  return error;
}

SessionError status_error(const std::string &what, int64_t status, const std::string &reason) {
  SessionError error = plain_error(SessionError::Kind::Status, status_text(what, status, reason));
  error.status = status;
  return error;
}

SessionError timeout_error(const std::string &name, const std::string &url, bool connected,
                           unsigned timeout_ms) {
  const std::string where = printable_url(url);
  if (connected)
    return plain_error(SessionError::Kind::Timeout,
                       "The server at " + where + " accepted the " + name +
                           " connection, but did not answer the handshake within " +
                           seconds(timeout_ms) +
                           ". Check that the URL is that of an RTMS server, or raise timeout.");
  return plain_error(SessionError::Kind::Timeout,
                     "The " + name + " connection to " + where + " was not established within " +
                         seconds(timeout_ms) +
                         ". Check the URL, the network and the firewall, or raise timeout.");
}

SessionError silence_error(const std::string &name, const std::string &url, unsigned timeout_ms) {
  return plain_error(SessionError::Kind::Timeout,
                     "The " + name + " connection to " + printable_url(url) +
                         " received no data for " + seconds(timeout_ms) +
                         ", not even a keep-alive, and counts as lost. Check the network.");
}

SessionError after_tries(SessionError error, unsigned tries, unsigned window_ms) {
  if (tries > 1)
    error.text += " This was try " + std::to_string(tries) + " within " + seconds(window_ms) + ".";
  return error;
}

SessionError transport_error(const std::string &name, const std::string &url,
                             const TransportClose &why) {
  SessionError error = plain_error(SessionError::Kind::Transport, transport_text(name, url, why));
  error.transport = why;
  return error;
}

}  // namespace rtms
