// SPDX-License-Identifier: LGPL-2.1-or-later
#include "url.h"

#include "base/glibptr.h"
#include "protocol/shorten.h"

#include <algorithm>
#include <cstring>
#include <string_view>

namespace rtms {
namespace {

constexpr size_t kMaxLength = 4096;

// Compares the name, not its addresses: those may change between this check and the connection.
bool is_loopback(const char *host) {
  if (g_ascii_strcasecmp(host, "localhost") == 0)
    return true;
  ObjectPtr<GInetAddress> address(g_inet_address_new_from_string(host));
  return address && g_inet_address_get_is_loopback(address.get());
}

// A trailing dot is not part of the name.
std::string lower_name(std::string name) {
  if (!name.empty() && name.back() == '.')
    name.pop_back();
  for (char &c : name)
    c = g_ascii_tolower(c);
  return name;
}

}  // namespace

std::optional<std::string> url_problem(const std::string &url, bool allow_insecure) {
  if (url.size() > kMaxLength)
    return "is longer than " + std::to_string(kMaxLength) + " characters";
  if (std::any_of(url.begin(), url.end(), [](unsigned char c) { return c <= ' ' || c == 0x7f; }))
    return "holds white space";
  UriPtr uri(g_uri_parse(url.c_str(), G_URI_FLAGS_NONE, nullptr));
  const std::string_view scheme = uri ? g_uri_get_scheme(uri.get()) : "";
  if (scheme != "ws" && scheme != "wss")
    return "is not a wss:// URL";
  const char *host = g_uri_get_host(uri.get());
  if (!host || !*host)
    return "has no host";
  if (scheme == "ws" && !allow_insecure && !is_loopback(host))
    return "is not encrypted (ws://), and its host is not this machine; ask the service for a "
           "wss:// URL, or set allow-insecure=true if the network in between is trusted";
  return std::nullopt;
}

bool host_is_listed(const std::string &url, const std::string &hosts) {
  UriPtr uri(g_uri_parse(url.c_str(), G_URI_FLAGS_NONE, nullptr));
  const char *name = uri ? g_uri_get_host(uri.get()) : nullptr;
  if (!name || !*name)
    return false;
  const std::string host = lower_name(name);
  std::string_view rest = hosts;
  while (!rest.empty()) {
    const size_t end = std::min(rest.find(','), rest.size());
    const std::string pattern = lower_name(first_url(std::string(rest.substr(0, end))));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const bool is_suffix = pattern.size() > 2 && pattern.compare(0, 2, "*.") == 0;
    const size_t size = pattern.size() - 1;  // without the star
    if (is_suffix ? host.size() > size && host.compare(host.size() - size, size, pattern, 1) == 0
                  : host == pattern)
      return true;
  }
  return false;
}

bool is_secure(const std::string &url) {
  const char *scheme = g_uri_peek_scheme(url.c_str());
  return scheme && strcmp(scheme, "wss") == 0;
}

std::string printable_url(const std::string &url) {
  UriPtr uri(g_uri_parse(url.c_str(), G_URI_FLAGS_NONE, nullptr));
  // Text without a host is no URL, and may be a secret.
  if (!uri || !g_uri_get_host(uri.get()))
    return "(not a URL)";
  StringPtr plain(g_uri_join(G_URI_FLAGS_NONE, g_uri_get_scheme(uri.get()), nullptr,
                             g_uri_get_host(uri.get()), g_uri_get_port(uri.get()),
                             g_uri_get_path(uri.get()), nullptr, nullptr));
  const std::string_view whole = plain.get(), shown = shorten(whole);
  return one_line(shown) + (shown.size() < whole.size() ? "…" : "");
}

std::string without_password(const std::string &url) {
  constexpr auto flags = static_cast<GUriFlags>(G_URI_FLAGS_HAS_PASSWORD | G_URI_FLAGS_ENCODED);
  UriPtr uri(g_uri_parse(url.c_str(), flags, nullptr));
  // Text that is no URL may be a secret as a whole.
  if (!uri)
    return "(not a URL)";
  if (!g_uri_get_password(uri.get()))
    return url;
  StringPtr text(g_uri_join_with_user(flags, g_uri_get_scheme(uri.get()), g_uri_get_user(uri.get()),
                                      "***", nullptr, g_uri_get_host(uri.get()),
                                      g_uri_get_port(uri.get()), g_uri_get_path(uri.get()),
                                      g_uri_get_query(uri.get()), g_uri_get_fragment(uri.get())));
  return text.get();
}

}  // namespace rtms
