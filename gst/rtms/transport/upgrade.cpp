// SPDX-License-Identifier: LGPL-2.1-or-later
#include "upgrade.h"

#include "base/glibptr.h"

#include <libsoup/soup.h>
#include <algorithm>
#include <cstring>

namespace rtms {
namespace {

constexpr uint16_t kPort = 80, kTlsPort = 443;
constexpr char kGuid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

using HeadersPtr = std::unique_ptr<SoupMessageHeaders, FreeWith<soup_message_headers_unref>>;

bool is_plain(std::string_view text) {
  return std::none_of(text.begin(), text.end(),
                      [](unsigned char c) { return c < ' ' || c == 0x7f; });
}

uint16_t default_port(GUri *uri) {
  return strcmp(g_uri_get_scheme(uri), "wss") == 0 ? kTlsPort : kPort;
}

std::string target_of(GUri *uri) {
  const char *path = g_uri_get_path(uri), *query = g_uri_get_query(uri);
  return std::string(path && *path ? path : "/") + (query ? std::string("?") + query : "");
}

bool says(SoupMessageHeaders *headers, const char *name, const char *value) {
  const char *text = soup_message_headers_get_one(headers, name);
  return text && g_ascii_strcasecmp(text, value) == 0;
}

// Some servers send empty headers.
bool has_value(SoupMessageHeaders *headers, const char *name) {
  const char *text = soup_message_headers_get_list(headers, name);
  return text && *text;
}

// Returns why a 101 answer does not fit the request; null if it does.
const char *broken_answer(SoupMessageHeaders *headers, const std::string &key) {
  if (!says(headers, "Upgrade", "websocket") ||
      !soup_message_headers_header_contains(headers, "Connection", "upgrade"))
    return "the server switched to another protocol than WebSocket";
  const char *accept = soup_message_headers_get_one(headers, "Sec-WebSocket-Accept");
  if (!accept || upgrade_accept(key) != accept)
    return "the Sec-WebSocket-Accept header of the answer is wrong: another server or a proxy has "
           "answered";
  if (has_value(headers, "Sec-WebSocket-Extensions"))
    return "the server uses a WebSocket extension that was not offered";
  if (has_value(headers, "Sec-WebSocket-Protocol"))
    return "the server uses a WebSocket subprotocol that was not offered";
  return nullptr;
}

}  // namespace

uint16_t port_of(GUri *uri) {
  const int port = g_uri_get_port(uri);
  return port > 0 ? static_cast<uint16_t>(port) : default_port(uri);
}

std::string host_and_port(GUri *uri) {
  const std::string host = g_uri_get_host(uri);
  const std::string name = host.find(':') == std::string::npos ? host : "[" + host + "]";
  return port_of(uri) == default_port(uri) ? name : name + ":" + std::to_string(port_of(uri));
}

std::optional<std::string> upgrade_request(GUri *uri, const std::string &key,
                                           const std::string &user_agent,
                                           const Transport::Headers &headers) {
  const std::string target = target_of(uri), host = host_and_port(uri);
  if (!is_plain(target) || target.find(' ') != std::string::npos || !is_plain(host))
    return std::nullopt;
  std::string request =
      "GET " + target + " HTTP/1.1\r\nHost: " + host +
      "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: " + key +
      "\r\nSec-WebSocket-Version: 13\r\n";
  Transport::Headers all = headers;
  if (!user_agent.empty())
    all.emplace_back("User-Agent", user_agent);
  for (auto &[name, value] : all) {
    if (!is_plain(name) || !is_plain(value))
      return std::nullopt;
    request += name + ": " + value + "\r\n";
  }
  return request + "\r\n";
}

std::string upgrade_accept(const std::string &key) {
  std::unique_ptr<GChecksum, FreeWith<g_checksum_free>> sha1(g_checksum_new(G_CHECKSUM_SHA1));
  const std::string text = key + kGuid;
  g_checksum_update(sha1.get(), reinterpret_cast<const guchar *>(text.data()),
                    static_cast<gssize>(text.size()));
  guint8 digest[20];
  gsize size = sizeof digest;
  g_checksum_get_digest(sha1.get(), digest, &size);
  return StringPtr(g_base64_encode(digest, size)).get();
}

std::optional<size_t> upgrade_answer_size(std::string_view bytes) {
  const size_t end = bytes.substr(0, kMaxUpgradeAnswer).find("\r\n\r\n");
  if (end == std::string_view::npos)
    return std::nullopt;
  return end + 4;
}

bool is_interim_answer(std::string_view answer) {
  constexpr std::string_view kVersion = "HTTP/1.1 ", kSwitching = "101";
  if (answer.substr(0, kVersion.size()) != kVersion)
    return false;
  answer.remove_prefix(kVersion.size());
  const std::string_view status = answer.substr(0, answer.find_first_of(" \r"));
  return status.size() == kSwitching.size() && status[0] == '1' && status != kSwitching;
}

std::optional<TransportClose> upgrade_refusal(std::string_view answer, const std::string &key) {
  using Kind = TransportClose::Kind;
  HeadersPtr headers(soup_message_headers_new(SOUP_MESSAGE_HEADERS_RESPONSE));
  SoupHTTPVersion version = SOUP_HTTP_1_0;
  guint status = 0;
  char *raw_phrase = nullptr;
  const std::string text(answer.substr(0, answer.size() - 2));
  const bool is_http = soup_headers_parse_response(text.c_str(), static_cast<int>(text.size()),
                                                   headers.get(), &version, &status, &raw_phrase);
  StringPtr phrase(raw_phrase);
  if (!is_http)
    return TransportClose{Kind::Protocol, 0, "the server has sent no HTTP answer"};
  if (SOUP_STATUS_IS_REDIRECTION(status)) {
    const char *to = soup_message_headers_get_one(headers.get(), "Location");
    return TransportClose{Kind::Redirect, static_cast<int>(status), to ? to : ""};
  }
  if (status != SOUP_STATUS_SWITCHING_PROTOCOLS)
    return TransportClose{Kind::Http, static_cast<int>(status),
                          phrase && *phrase ? phrase.get() : soup_status_get_phrase(status)};
  if (auto problem = broken_answer(headers.get(), key))
    return TransportClose{Kind::Protocol, 0, problem};
  return std::nullopt;
}

}  // namespace rtms
