// SPDX-License-Identifier: LGPL-2.1-or-later
#include "address.h"

#include <string_view>

namespace rtms {
namespace {

// A missing port becomes the scheme's. Requests name the path as it is encoded.
constexpr auto kUriFlags =
    static_cast<GUriFlags>(G_URI_FLAGS_SCHEME_NORMALIZE | G_URI_FLAGS_ENCODED_PATH);

// Names are refused: they may resolve to another machine, or to several addresses.
ObjectPtr<GInetAddress> host_address(const char *host) {
  if (g_ascii_strcasecmp(host, "localhost") == 0)
    return ObjectPtr<GInetAddress>(g_inet_address_new_loopback(G_SOCKET_FAMILY_IPV4));
  return ObjectPtr<GInetAddress>(g_inet_address_new_from_string(host));
}

}  // namespace

std::variant<ListenAddress, std::string> listen_address(const std::string &url) {
  UriPtr uri(g_uri_parse(url.c_str(), kUriFlags, nullptr));
  const std::string_view scheme = uri ? g_uri_get_scheme(uri.get()) : "";
  if (scheme != "http" && scheme != "https")
    return "is not an http:// or https:// URL";
  if (g_uri_get_userinfo(uri.get()) || g_uri_get_query(uri.get()) || g_uri_get_fragment(uri.get()))
    return "holds more than a host, a port and a path";
  const char *host = g_uri_get_host(uri.get());
  ListenAddress address;
  address.host = host_address(host ? host : "");
  if (!address.host)
    return "names no address to listen at; valid hosts are localhost, this machine's IP addresses, "
           "and 0.0.0.0 or [::] for all of them";
  address.tls = scheme == "https";
  // GUri returns 0 for port 0 (a free port) and -1 for none; libsoup's flags would turn 0 into 80
  // or 443.
  address.port = static_cast<unsigned>(g_uri_get_port(uri.get()));
  // Clients encode what is not ASCII.
  const StringPtr path(g_uri_escape_string(g_uri_get_path(uri.get()),
                                           "%" G_URI_RESERVED_CHARS_ALLOWED_IN_PATH, FALSE));
  address.path = *path.get() ? path.get() : "/";
  return address;
}

std::string listen_url(const ListenAddress &address, unsigned port) {
  StringPtr host(g_inet_address_to_string(address.host.get()));
  StringPtr url(g_uri_join(kUriFlags, address.tls ? "https" : "http", nullptr, host.get(),
                           static_cast<int>(port), address.path.c_str(), nullptr, nullptr));
  return url.get();
}

}  // namespace rtms
