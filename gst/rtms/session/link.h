// SPDX-License-Identifier: LGPL-2.1-or-later
// The life of one media connection, through handshakes, losses and reconnects.
#pragma once

#include "base/timer.h"
#include "connection.h"
#include "leaving.h"
#include "negotiate.h"
#include "retry.h"

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <variant>

namespace rtms {

class Link;

class LinkListener {
 public:
  virtual ~LinkListener() = default;
  // The handshake succeeded: the service waits for the message that the client is ready.
  virtual void link_established(Link *link) = 0;
  // These media of the link are refused or have ended; the link continues with the others, if any.
  virtual void link_ended(Link *link, MediaMask media, const SessionError &why) = 0;
  // The service refuses a connection that it had accepted: it may have lost the signaling
  // connection.
  virtual void signaling_doubted() = 0;
  // A connection that is not replaced has ended.
  virtual void connection_gone() = 0;
};

class Link final : public ConnectionListener {
 public:
  // In the order of a life. From Connecting to Closing there is a connection, else none.
  enum class State {
    Planned,
    Waiting,      // for the next try
    Connecting,   // until the answer to the handshake
    Established,  // the handshake succeeded
    Ready,        // the service knows that the client is ready for media
    Replacing,    // the connection is closed before its replacement is opened
    Draining,     // the stream is over; media sent before still arrive
    Closing,      // for good
    Ended,
  };

  // `again`: all connections were lost before, so that a failure is not that of a first try.
  Link(MediaMask media, std::string url, bool again, SessionContext *context,
       LinkListener *listener);

  State state() const { return static_cast<State>(life_.index()); }
  MediaMask media() const { return media_; }
  bool has_connection() const;
  // Returns the number of this link's last successful handshake among all links; 0: none.
  unsigned order() const { return order_; }

  void open();
  void set_ready();
  // The service reports a loss; `only`: no other connection is meant.
  void reported_lost(bool only);
  // The stream is over: no further tries.
  void retire();
  void close();
  Connection *connection();  // null: none
  // Closes without waiting for the service.
  void drop();
  // Hands the connection over.
  void leave(Leaving *leaving);
  // Returns what is wrong with the state, for tests; null if nothing is.
  const char *violation() const;

 private:
  // States with a connection own it; the others have none.
  template <State>
  struct Without {};
  template <State>
  struct With : Connected {
    using Connected::Connected;
  };
  struct Waiting {
    Timer timer;
  };
  struct Replacing : Connected {
    using Connected::Connected;
    Timer timer;
  };
  using Life = std::variant<Without<State::Planned>, Waiting, With<State::Connecting>,
                            With<State::Established>, With<State::Ready>, Replacing,
                            With<State::Draining>, With<State::Closing>, Without<State::Ended>>;

  void connection_message(Connection *connection, const Message &message) override;
  void connection_lost(Connection *connection, const SessionError &why) override;
  void connection_closed(Connection *connection) override;

  using Negotiations = std::array<Negotiation, kMediaCount>;  // by Media

  void answered(const DataResponse &response);
  void established(const Negotiations &results);
  void lost(const SessionError &why);
  void give_up(MediaMask media, const SessionError &why);
  void wait(unsigned delay_ms);
  void gone();
  // Returns null in a state without a connection.
  Connected *connected();
  // The connection moves into the next state, or ends.
  template <State S>
  void enter(std::unique_ptr<Connection> connection = nullptr);

  MediaMask media_;
  const std::string url_;
  SessionContext *context_;
  LinkListener *listener_;
  Life life_;
  Retry retry_;
  bool first_;  // no handshake has succeeded yet
  unsigned order_ = 0;
  std::array<std::string, kMediaCount> told_changes_;  // of parameters, by Media
  std::optional<int64_t> repaired_us_;                 // time of the last repaired loss
};

}  // namespace rtms
