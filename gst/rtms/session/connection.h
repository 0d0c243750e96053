// SPDX-License-Identifier: LGPL-2.1-or-later
// One socket's life: connect, handshake, keep-alives, watchdog, close.
#pragma once

#include "base/log.h"
#include "base/timer.h"
#include "protocol/parse.h"
#include "sessionlistener.h"
#include "streamclaim.h"
#include "transport/silence.h"
#include "transport/transport.h"

#include <memory>
#include <optional>
#include <string>

namespace rtms {

class Connection;

class ConnectionListener {
 public:
  virtual ~ConnectionListener() = default;
  // A keep-alive is answered already.
  virtual void connection_message(Connection *connection, const Message &message) = 0;
  // The connection is over, and not because close() was called. It may be destroyed in here.
  virtual void connection_lost(Connection *connection, const SessionError &why) = 0;
  // close() has been answered, or the peer was faster. It may be destroyed in here.
  virtual void connection_closed(Connection *connection) = 0;
};

// Takes what the service says that is no affair of the connection that it comes on.
class StreamListener {
 public:
  virtual ~StreamListener() = default;
  virtual void received(const MediaData &media) = 0;
  virtual void received(const Connection &from, const Message &message) = 0;
  virtual void negotiated(Media media, const MediaParams &params) = 0;
  // The service says, in one way or another, that the stream is over.
  virtual void stream_stopped() = 0;
};

// What the parts of a session share; outlives them.
struct SessionContext {
  SessionConfig config;
  TransportFactory *transports;
  LogSink *log;
  SessionListener *listener;
  StreamListener *stream;
  Parser parser{};
  int64_t sequence = 0;      // of the last handshake
  unsigned established = 0;  // handshakes for media that succeeded
  std::optional<StreamClaim> claim;
  bool close_requested = false;  // the service was asked to end the stream

  // True where the service ends the stream, as it was asked to.
  bool close_answered(const Connection &from, const StreamCloseResponse &response);
  void unasked(const Connection &from) const;
  void debug(const std::string &text) const;
};

class Connection final : private TransportListener {
 public:
  // `name` is for messages: "signaling", "audio", …
  Connection(std::string name, SessionContext *context, ConnectionListener *listener);
  ~Connection() override;

  // Connects and says hello; the answer must be followed by a call of established() within the time
  // limit.
  void open(const std::string &url, const Transport::Headers &headers, std::string hello);
  void established();
  // From now on another one takes what comes.
  void hand_over(ConnectionListener *listener) { listener_ = listener; }
  void send(const std::string &text);
  // It is lost when not a single byte comes of the peer for a moment, nor within the time after a
  // ping.
  void check_alive(unsigned within_ms);
  void close();

  const std::string &name() const { return name_; }

 private:
  void transport_opened() override;
  void transport_message(std::string_view bytes) override;
  void transport_closed(const TransportClose &why) override;

  bool floods(int64_t now_us);
  void answer_keep_alive(const KeepAliveRequest &request);
  void lost(const SessionError &why);
  void watch(int64_t pinged_us = 0);
  void log(LogSink::Level level, const std::string &text);

  std::string name_;
  SessionContext *context_;
  ConnectionListener *listener_;
  std::unique_ptr<Transport> transport_;
  std::string url_, hello_;
  Timer timer_;  // of the handshake, then the watchdog
  Timer alive_timer_;
  Silence silence_;
  int64_t second_us_ = 0;  // when the count of keep-alives began
  unsigned keep_alives_ = 0;
  bool open_ = false;
  bool closing_ = false;
};

// A state with a connection: it cannot be without one.
struct Connected {
  explicit Connected(std::unique_ptr<Connection> its) : connection(std::move(its)) {
    g_assert(connection);
  }
  std::unique_ptr<Connection> connection;
};

}  // namespace rtms
