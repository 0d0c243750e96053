// SPDX-License-Identifier: LGPL-2.1-or-later
// The answers of the admin port, all on one thread, which never blocks on a disk.
#pragma once

#include "access.h"
#include "archive.h"
#include "base/worker.h"
#include "http/httpserver.h"
#include "snapshot.h"

#include <functional>
#include <memory>
#include <string>

namespace rtms::recorder {

class Site final : private HttpHandler {
 public:
  Site(std::unique_ptr<HttpServer> server, std::shared_ptr<const Archive> archive, Access access);
  ~Site() override;

  void start(LogSink *log) { server_->start(log, static_cast<HttpHandler *>(this)); }
  void update(Snapshot snapshot) { snapshot_ = std::move(snapshot); }

 private:
  HttpAnswer refusal(unsigned status, const char *why) override;
  std::optional<HttpAnswer> head(const HttpHead &head) override;
  std::optional<HttpAnswer> request(const HttpRequest &request) override;

  std::optional<HttpAnswer> page(const HttpRequest &request);
  HttpAnswer health() const;
  std::optional<HttpAnswer> recordings(uint64_t number, const std::string &before);
  std::optional<HttpAnswer> file(uint64_t number, const std::string &path,
                                 const std::string &range);
  std::optional<HttpAnswer> later(uint64_t number, std::function<HttpAnswer()> work);
  int64_t age_us() const;

  Access access_;
  const std::shared_ptr<const Archive> archive_;
  const std::shared_ptr<Worker> worker_ = std::make_shared<Worker>();
  Snapshot snapshot_;
  const std::shared_ptr<Site *> alive_ = std::make_shared<Site *>(this);
  const std::unique_ptr<HttpServer> server_;
};

}  // namespace rtms::recorder
