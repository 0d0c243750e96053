// SPDX-License-Identifier: LGPL-2.1-or-later
#include "admin.h"

#include "base/worker.h"
#include "http/address.h"
#include "site.h"

namespace rtms::recorder {
namespace {

constexpr char kExample[] = "http://127.0.0.1:9090";

}  // namespace

Admin::Admin(std::string url, bool open_to_the_network, std::unique_ptr<Site> site)
    : url_(std::move(url)), open_to_the_network_(open_to_the_network), site_(std::move(site)) {}

Admin::Result Admin::open(const AdminConfig &config, std::shared_ptr<const Archive> archive) {
  HttpServerConfig http;
  http.url = config.url;
  http.example = kExample;
  http.certificate_file = config.certificate_file;
  http.key_file = config.key_file;
  http.log_name = "admin";
  auto opened = HttpServer::open(http);
  if (auto error = std::get_if<ListenError>(&opened))
    return *error;
  auto server = std::get<std::unique_ptr<HttpServer>>(std::move(opened));
  if (server->path() != "/")
    return ListenError{config.url + " has a path. Valid are URLs such as " + kExample + "."};
  const auto address = std::get<ListenAddress>(listen_address(config.url));
  const bool loopback = g_inet_address_get_is_loopback(address.host.get());
  if (!loopback && config.token.empty())
    return ListenError{config.url +
                       " can be reached from other machines, and no token is set. Write one into a "
                       "file and name it with --admin-token-file, or listen at " +
                       kExample + "."};
  if (!config.token.empty() && !signatures_work())
    return ListenError{kNoSignatures};
  const std::string url = server->url();
  auto site = std::make_unique<Site>(std::move(server), std::move(archive),
                                     Access(config.hosts, config.token));
  std::unique_ptr<Admin> admin(new Admin(url, !loopback && !address.tls, std::move(site)));
  if (!admin->thread_.is_running())
    return ListenError{kNoThread};
  return admin;
}

Admin::~Admin() {
  thread_.post([this] { site_.reset(); });
  thread_.flush();
}

void Admin::start(LogSink *log) {
  thread_.post([this, log] { site_->start(log); });
}

void Admin::update(Snapshot snapshot) {
  thread_.post(
      [this, snapshot = std::move(snapshot)]() mutable { site_->update(std::move(snapshot)); });
}

}  // namespace rtms::recorder
