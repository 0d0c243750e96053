// SPDX-License-Identifier: LGPL-2.1-or-later
// Attacks on the port of a webhook, without a signature.
#pragma once

#include "webhooks.h"

#include <atomic>
#include <deque>
#include <functional>
#include <string>
#include <thread>

namespace rtmscheck {

struct Attack {
  const char *name;
  unsigned pause_us;  // between two connections
  // What is sent on each; "": nothing.
  std::function<std::string()> text;
  bool waits;  // for the answer, or else the connection is left open
};

inline std::string repeated(const std::string &text, size_t size) {
  std::string all;
  while (all.size() < size)
    all += text;
  return all;
}

inline const Attack kAttacks[] = {
    {"bare connections, 400 a second", 2500, [] { return std::string(); }, false},
    {"half a head", 2500, [] { return std::string("POST /webhook HTTP/1.1\r\nHost:"); }, false},
    {"a head without its body", 2500,
     [] {
       return request_text("POST", "/webhook",
                           {{"x-zm-signature", "v0=0"},
                            {"x-zm-request-timestamp", "1"},
                            {"Content-Length", "1000000"}},
                           "");
     },
     false},
    {"ranges", 0,
     [] {
       return "GET /metrics HTTP/1.1\r\nHost: h\r\nRange: bytes=" + repeated("0,", 60000) +
              "0\r\n\r\n";
     },
     true},
    {"ranges that fit", 0,
     [] {
       return "GET /metrics HTTP/1.1\r\nHost: h\r\nRange: bytes=" + repeated("0-1,", 15000) +
              "0\r\n\r\n";
     },
     true},
    {"connection headers", 0,
     [] { return "GET / HTTP/1.1\r\nConnection: " + repeated("a,", 55000) + "a\r\n\r\n"; }, true},
    {"transfer encodings", 0,
     [] {
       return "POST /" + repeated("p", 10000) +
              " HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: other\r\n\r\n";
     },
     true},
    {"forged", 0,
     [] {
       return request_text("POST", "/webhook", signed_headers(kChallenge, 0, "guessed"),
                           kChallenge);
     },
     true},
    {"pipelined", 0, [] { return repeated(request_text("POST", "/webhook", {}, "{}"), 200000); },
     true},
};

// Sends until it is told to stop. Connections that are left open are this process's own, too: there
// is an end to them.
class Attacker {
 public:
  Attacker(const Attack &attack, const std::string &url)
      : thread_([this, &attack, url] { run(attack, url); }) {}
  ~Attacker() {
    stopped_ = true;
    thread_.join();
  }
  int connections() const { return connections_; }

 private:
  void run(const Attack &attack, const std::string &url) {
    constexpr size_t kOpen = 600;
    const std::string text = attack.text();
    std::deque<HttpClient> open;
    while (!stopped_) {
      HttpClient &client = open.emplace_back(url);
      client.send(text);
      connections_++;
      if (attack.waits)
        client.read();
      if (attack.waits || open.size() > kOpen)
        open.pop_front();
      g_usleep(attack.pause_us);
    }
  }

  std::atomic<bool> stopped_{false};
  std::atomic<int> connections_{0};
  std::thread thread_;
};

}  // namespace rtmscheck
