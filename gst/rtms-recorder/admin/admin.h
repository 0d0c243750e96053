// SPDX-License-Identifier: LGPL-2.1-or-later
// The admin port: health, metrics and a page, on a thread of their own, so that no client of them
// and no disk has the main thread wait.
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
  std::vector<std::string> hosts;          // names by which browsers call it
  Secret token;                            // empty: on loopback only
};

class Site;

// On the main thread.
class Admin {
 public:
  using Result = std::variant<std::unique_ptr<Admin>, ListenError>;

  // Binds the port; nothing is accepted yet. `output`: the folder of the recordings.
  static Result open(const AdminConfig &config, const std::string &output);
  ~Admin();
  Admin(const Admin &) = delete;
  Admin &operator=(const Admin &) = delete;

  // `log` is called on the port's thread.
  void start(LogSink *log);
  // Each second: what is shown from now on.
  void update(Snapshot snapshot);
  const std::string &url() const { return url_; }
  // Everybody on the way can read the token, and what is shown.
  bool is_open_to_the_network() const { return open_to_the_network_; }

 private:
  Admin(std::string url, bool open_to_the_network, std::unique_ptr<Site> site);

  const std::string url_;
  const bool open_to_the_network_;
  std::unique_ptr<Site> site_;  // the thread's
  LoopThread thread_{"admin"};
};

}  // namespace rtms::recorder
