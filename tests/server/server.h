// SPDX-License-Identifier: LGPL-2.1-or-later
// An RTMS service for tests, on loopback, in a thread of its own.
#pragma once

#include <functional>

#include "config.h"

namespace rtmstest {

struct Received {
  std::string socket;  // "signaling", "media/all", "media/audio", …
  std::string text;
  bool binary = false;
  int64_t time_us = 0;      // monotonic
  unsigned connection = 0;  // counts all connections, from 1
};

struct CloseRecord {
  std::string socket;
  unsigned code = 0;  // what the client's close frame said; 1006: there was none
  bool by_server = false;
  unsigned connection = 0;
};

class Server {
 public:
  explicit Server(Config config);
  ~Server();
  Server(const Server &) = delete;
  Server &operator=(const Server &) = delete;

  bool start(std::string *error);
  void stop();

  std::string webhook_json() const;
  std::string signaling_url() const;
  std::string ca_file() const;  // the certificate to trust; empty without TLS
  uint16_t port() const;
  const std::string &stream_id() const;

  // Each refusal starts with its status code and name ("3 INVALID_SIGNATURE: signaling: …"), what
  // has no status code with "violation: ", a first signaling connection kicked out with "kicked: ".
  std::vector<std::string> violations() const;
  std::vector<Received> received() const;
  std::vector<CloseRecord> closes() const;
  // The bodies of all webhooks, in order. Nobody posts them but rtms-test-server.
  std::vector<std::string> webhooks() const;
  uint64_t sent(Media m) const;
  uint64_t sent_keep_alives() const;
  unsigned connections() const;  // live WebSocket connections
  unsigned accepted() const;     // WebSocket connections ever
  unsigned requests() const;     // HTTP requests ever, whatever became of them
  bool finished() const;         // all media were sent to all connections

  // Evaluates the predicate now and after each change, on the caller's thread.
  bool wait_for(const std::function<bool(const Server &)> &predicate, int timeout_ms);

  // Posted to the server's thread.
  void send_signaling(std::string json);
  void send_media(Media m, std::string json);
  void drop(Where where, bool abort);
  void silence(Where where);
  void stall(Where where);  // until it is resumed: see Action
  void resume(Where where);
  void end_stream(int reason);  // state 4, then close
  // Changes the configuration at run time: faults, negotiation, notices (not port, TLS, ids).
  void configure(std::function<void(Config &)> change);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rtmstest
