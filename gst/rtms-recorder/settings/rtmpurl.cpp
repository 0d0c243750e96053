// SPDX-License-Identifier: LGPL-2.1-or-later
#include "rtmpurl.h"

#include "base/glibptr.h"
#include "common/names.h"

#include <gio/gio.h>
#include <algorithm>
#include <initializer_list>
#include <memory>
#include <vector>

namespace rtms::recorder {
namespace {

using StringArrayPtr = std::unique_ptr<char *, FreeWith<g_strfreev>>;

void replace(std::string *text, const std::string &name, const std::string &value) {
  for (size_t at = text->find(name); at != std::string::npos;
       at = text->find(name, at + value.size()))
    text->replace(at, name.size(), value);
}

}  // namespace

std::string push_url(const std::string &pattern, const std::string &stream,
                     const std::string &meeting) {
  std::string url = pattern;
  replace(&url, "{stream}", safe_name(stream));
  replace(&url, "{meeting}", safe_name(meeting));
  return url;
}

std::string shown_url(const std::string &url) {
  UriPtr uri(g_uri_parse(url.c_str(), G_URI_FLAGS_NON_DNS, nullptr));
  if (!uri || !g_uri_get_host(uri.get()))
    return "rtmp";
  const int port = g_uri_get_port(uri.get());
  return std::string(g_uri_get_scheme(uri.get())) + "://" + g_uri_get_host(uri.get()) +
         (port > 0 ? ":" + std::to_string(port) : "");
}

bool is_open_to_the_network(const std::string &rtmp_url) {
  UriPtr uri(g_uri_parse(rtmp_url.c_str(), G_URI_FLAGS_NON_DNS, nullptr));
  const char *host = uri ? g_uri_get_host(uri.get()) : nullptr;
  if (!host || g_str_has_prefix(rtmp_url.c_str(), "rtmps:"))
    return false;
  ObjectPtr<GInetAddress> address(g_inet_address_new_from_string(host));
  return address ? !g_inet_address_get_is_loopback(address.get())
                 : g_ascii_strcasecmp(host, "localhost") != 0;
}

// Longest first: one part of the URL may be the beginning of another one.
std::string without_key(std::string text, const std::string &url) {
  constexpr size_t kShortest = 4;  // shorter parts occur in any text
  const auto split = [](const std::string &from) {
    return StringArrayPtr(g_strsplit_set(from.c_str(), "/?&=:@#", -1));
  };
  const StringArrayPtr parts = split(url), shown = split(shown_url(url));
  std::vector<std::string> secrets;
  for (char **part = parts.get(); *part; part++) {
    StringPtr plain(g_uri_unescape_string(*part, nullptr));
    for (const std::string &secret :
         std::initializer_list<std::string>{*part, plain ? plain.get() : ""})
      if (secret.size() >= kShortest && !g_strv_contains(shown.get(), secret.c_str()))
        secrets.push_back(secret);
  }
  std::sort(secrets.begin(), secrets.end(), [](const std::string &one, const std::string &other) {
    return one.size() > other.size();
  });
  for (const std::string &secret : secrets)
    replace(&text, secret, "***");
  return text;
}

}  // namespace rtms::recorder
