// SPDX-License-Identifier: LGPL-2.1-or-later
// Connections without a network: a script says what becomes of them, and what the session does with
// them is held against the protocol.
#pragma once

#include "protocol/parse.h"
#include "session/session.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace rtmsfuzz {

[[noreturn]] void violated(const char *rule);

class FakeNet;

class FakeTransport final : public rtms::Transport {
 public:
  enum class State { Created, Connecting, Open, Closing, Gone };

  FakeTransport(FakeNet *net, rtms::TransportListener *listener);
  ~FakeTransport() override;

  void open(const std::string &url, const Headers &headers) override;
  void send(const std::string &text) override;
  void ping() override;
  void read_rest() override;
  void shut_down() override;
  void close() override;
  void abort() override;
  int64_t heard_us() const override { return heard_us_; }
  int64_t answered_us() const override { return answered_us_; }
  bool is_behind() const override { return !unread_.empty(); }

  // What the script says. Each may destroy the transport.
  void opened();
  void message(std::string_view bytes);
  // Waits until the session reads the rest.
  void arrived(std::string_view bytes) { unread_.emplace_back(bytes); }
  // Of a message that is not complete yet.
  void bytes() { heard_us_ = g_get_monotonic_time(); }
  void answer();  // the handshake, as a server that is content with everything
  void pong();
  void end(const rtms::TransportClose &why);

  bool closing() const { return state_ == State::Closing; }
  bool live() const { return state_ != State::Created && state_ != State::Gone; }
  bool signaling() const { return signaling_; }
  unsigned pings() const { return pings_; }

 private:
  void said_hello(const std::string &text);

  FakeNet *net_;
  rtms::TransportListener *listener_;
  State state_ = State::Created;
  bool signaling_ = false;
  bool said_hello_ = false;
  bool answered_ = false;
  unsigned pings_ = 0;
  std::vector<std::string> unread_;
  int64_t heard_us_ = 0, answered_us_ = 0;
  rtms::MediaMask media_ = 0;
};

class FakeNet final : public rtms::TransportFactory {
 public:
  std::unique_ptr<rtms::Transport> create(rtms::TransportListener *listener) override;

  // The live ones, the oldest first; null where there are none.
  FakeTransport *pick(unsigned index) const;
  FakeTransport *signaling() const;
  size_t live() const;
  size_t closing() const;
  // The next connection fails before open() has returned.
  void fail_next() { fail_next_ = true; }
  // From here on nothing may be opened any more.
  void forbid() { forbidden_ = true; }
  // From here on nothing may be sent any more.
  void silence() { silent_ = true; }
  void released() { released_ = true; }

 private:
  friend class FakeTransport;

  std::vector<FakeTransport *> transports_;
  rtms::Parser parser_;  // its own: the session's views live in the session's
  bool fail_next_ = false;
  bool forbidden_ = false, silent_ = false;
  bool released_ = false;
  // Since the present signaling connection was opened.
  unsigned answers_ = 0, readies_ = 0;
};

}  // namespace rtmsfuzz
