// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusterurls.h"

#include "base/glibptr.h"

#include <sstream>

namespace rtms::recorder {

std::vector<std::string> cluster_urls(const std::string &joined) {
  std::vector<std::string> urls;
  std::istringstream list(joined);
  for (std::string url; std::getline(list, url, ',');)
    if (!url.empty())
      urls.push_back(url);
  return urls;
}

std::string cluster_problem(const std::vector<std::string> &urls) {
  for (const std::string &url : urls) {
    UriPtr uri(g_uri_parse(url.c_str(), G_URI_FLAGS_NONE, nullptr));
    const std::string scheme = uri ? g_uri_get_scheme(uri.get()) : "";
    if (uri && g_uri_get_userinfo(uri.get()))
      return "--cluster holds a user or a password, which all users of this machine can read on a "
             "command line. Use --cluster-credentials.";
    const char *host = uri ? g_uri_get_host(uri.get()) : nullptr;
    if ((scheme != "nats" && scheme != "tls") || !host || !*host)
      return "--cluster is " + url +
             ". Valid are URLs such as nats://one:4222,nats://two:4222 or tls://one:4222.";
  }
  return "";
}

}  // namespace rtms::recorder
