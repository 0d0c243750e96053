// SPDX-License-Identifier: LGPL-2.1-or-later
// The life of one socket: connection, handshake, keep-alives, watchdog, close.
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
  // Keep-alive requests are already answered.
  virtual void connection_message(Connection *connection, const Message &message) = 0;
  // The connection ended without close(). The callee may destroy it.
  virtual void connection_lost(Connection *connection, const SessionError &why) = 0;
  // close() is complete, or the peer closed first. The callee may destroy the connection.
  virtual void connection_closed(Connection *connection) = 0;
};

// Receives messages that concern the stream, whichever connection carries them.
class StreamListener {
 public:
  virtual ~StreamListener() = default;
  virtual void received(const MediaData &media) = 0;
  virtual void received(const Connection &from, const Message &message) = 0;
  virtual void negotiated(Media media, const MediaParams &params) = 0;
  // The service reports, in any message, that the stream is over.
  virtual void stream_stopped(const StreamStateUpdate *told = nullptr) = 0;
};

// Shared by the parts of a session, and outlives them.
struct SessionContext {
  SessionConfig config;
  TransportFactory *transports;
  LogSink *log;
  SessionListener *listener;
  StreamListener *stream;
  Parser parser{};
  int64_t sequence = 0;      // of the last handshake
  unsigned established = 0;  // successful media handshakes
  MediaMask doubted = 0;     // refused since their last successful handshake, which may be false
  std::optional<StreamClaim> claim;
  bool close_requested = false;  // the service was asked to end the stream
  bool ends_soon = false;        // no connection is opened any more

  // Returns true if the service ends the stream as requested.
  bool close_answered(const Connection &from, const StreamCloseResponse &response);
  void unasked(const Connection &from) const;
  void debug(const std::string &text) const;
};

class Connection final : private TransportListener {
 public:
  // `name` is used in messages: "signaling", "audio", …
  Connection(std::string name, SessionContext *context, ConnectionListener *listener);
  ~Connection() override;

  // Connects and sends `hello`. established() must be called within the time limit, after the
  // answer.
  void open(const std::string &url, const Transport::Headers &headers, std::string hello);
  void established();
  // Messages now go to another listener.
  void hand_over(ConnectionListener *listener) { listener_ = listener; }
  void send(const std::string &text);
  // The connection is lost unless a byte arrives within 200 ms, or within `within_ms` after a ping.
  void check_alive(unsigned within_ms);
  // Asks the peer for a sign of life: all that it sent before it has arrived then. A peer that has
  // closed answers with a reset, which destroys what is still on its way: where this thread is
  // behind, that is waited for. Is called after each read_rest().
  void ask();
  // The sign has not come, and may: a network that stood still resumes after about as long. A peer
  // that answers no ping owes nothing when it has sent nothing for that time, or after 9 s.
  bool owes_answer() const;
  void close();
  // See Transport.
  bool is_behind() const { return transport_ && transport_->is_behind(); }
  // Takes what has come already; the connection may be lost, and destroyed, in here.
  void read_rest();
  // Asks the peer for the end. Its last messages still arrive; the end is not reported.
  void shut_down();
  bool is_shut_down() const { return shut_down_; }
  // The peer has not ended it so far.
  bool is_shutting_down() const { return shut_down_ && transport_; }

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
  Timer timer_;  // handshake timeout, then watchdog
  Timer alive_timer_;
  Silence silence_;
  int64_t asked_us_ = 0, silent_us_ = 0;       // the first ask(), and the silence before it
  bool pinged_ = false;                        // since then
  bool media_ = false, media_before_ = false;  // came since the last ask(), and before that one
  int64_t second_us_ = 0;                      // start of the current count of keep-alives
  unsigned keep_alives_ = 0;
  bool open_ = false;
  bool established_ = false;
  bool closing_ = false, shut_down_ = false;
};

// A state that always owns a connection.
struct Connected {
  explicit Connected(std::unique_ptr<Connection> its) : connection(std::move(its)) {
    g_assert(connection);
  }
  std::unique_ptr<Connection> connection;
};

}  // namespace rtms
