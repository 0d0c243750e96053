// SPDX-License-Identifier: LGPL-2.1-or-later
// One media connection's life, over handshakes, losses and reconnects, to its end.
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
  // The handshake has succeeded: the service waits to be told that we are ready.
  virtual void link_established(Link *link) = 0;
  // These media of the link cannot be had, or not any more; it goes on with the others, if any.
  virtual void link_ended(Link *link, MediaMask media, const SessionError &why) = 0;
  // A connection that was not to be replaced is gone.
  virtual void connection_gone() = 0;
};

class Link final : public ConnectionListener {
 public:
  // In the order of a life. From Connecting to Closing there is a connection, else none.
  enum class State {
    Planned,
    Waiting,      // for the time of the next try
    Connecting,   // until the handshake is answered
    Established,  // it succeeded
    Ready,        // the service was told that we are ready for media
    Replacing,    // the connection is closed, so that another one can take its place
    Draining,     // the stream is over: what was sent before still comes
    Closing,      // for good
    Ended,
  };

  // `again`: after a loss of all connections, so that failures are not those of a first try.
  Link(MediaMask media, std::string url, bool again, SessionContext *context,
       LinkListener *listener);

  State state() const { return static_cast<State>(life_.index()); }
  MediaMask media() const { return media_; }
  bool has_connection() const;
  // Which one of all handshakes that succeeded was the last one of this link; 0: none.
  unsigned order() const { return order_; }

  void open();
  void set_ready();
  // The service says that a connection is lost; `only`: there is no other that it could mean.
  void reported_lost(bool only);
  // The stream is over: nothing is tried again.
  void retire();
  void close();
  // Closes without waiting for the service.
  void drop();
  // Gives the connection away.
  void leave(Leaving *leaving);
  // What is wrong with the state; null where nothing is.
  const char *violation() const;

 private:
  // A state owns what it needs: there is a connection in these, and in no other.
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
  // Null in a state without a connection.
  Connected *connected();
  // A connection goes along into the next state, or ends.
  template <State S>
  void enter(std::unique_ptr<Connection> connection = nullptr);

  MediaMask media_;
  const std::string url_;
  SessionContext *context_;
  LinkListener *listener_;
  Life life_;
  Retry retry_;
  bool first_;  // nothing has worked yet
  unsigned order_ = 0;
  std::optional<int64_t> repaired_us_;  // when a loss was last made up for
};

}  // namespace rtms
