// SPDX-License-Identifier: LGPL-2.1-or-later
// The admin port: health, metrics and a page, on a thread of its own, so that neither clients nor
// disks block the main thread.
#pragma once

#include "base/log.h"
#include "base/loopthread.h"
#include "http/httpserver.h"
#include "protocol/signature.h"
#include "snapshot.h"

#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace rtms::recorder {

struct AdminConfig {
  std::string url;                         // http:// or https://, without a path
  std::string certificate_file, key_file;  // PEM, for https
  std::vector<std::string> hosts;          // names that browsers may use
  Secret token;                            // empty: loopback only
};

class Archive;
class Site;

// Used on the main thread.
class Admin {
 public:
  using Result = std::variant<std::unique_ptr<Admin>, ListenError>;

  // Binds the port, and accepts nothing yet.
  static Result open(const AdminConfig &config, std::shared_ptr<const Archive> archive);
  ~Admin();
  Admin(const Admin &) = delete;
  Admin &operator=(const Admin &) = delete;

  // `log` is called on the port's thread.
  void start(LogSink *log);
  // Is called each second with the state to show.
  void update(Snapshot snapshot);
  const std::string &url() const { return url_; }
  // Whether the token and the page travel unencrypted over a network.
  bool is_open_to_the_network() const { return open_to_the_network_; }

 private:
  Admin(std::string url, bool open_to_the_network, std::unique_ptr<Site> site);

  const std::string url_;
  const bool open_to_the_network_;
  std::unique_ptr<Site> site_;  // used on the thread
  LoopThread thread_{"admin"};
};

}  // namespace rtms::recorder
