// SPDX-License-Identifier: LGPL-2.1-or-later
// The RTMS state machine: signaling + media connections, from the first handshake to the end of the
// stream.
#pragma once

#include "base/timer.h"
#include "connection.h"
#include "error.h"
#include "protocol/types.h"
#include "retry.h"
#include "streamclaim.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace rtms {

struct SessionConfig {
  std::string signaling_url;
  Identity who;
  MediaMask media = 0;
  bool unified = false;
  bool buffer_data = false;
  bool allow_insecure = false;
  MediaParams params;
  unsigned timeout_ms = 10000;
  unsigned keep_alive_timeout_ms = 35000;
  Retry::Limits signaling_retry{60000, 1000, 30000};
  Retry::Limits media_retry{30000, 1000, 30000};
};

enum class ConnectionState { Connecting, Streaming, Reconnecting, Closed };

// All calls come on the session's thread. None may destroy the session.
class SessionListener {
 public:
  virtual ~SessionListener() = default;
  // `media` is 0 for the signaling connection; `attempt` counts the tries since a loss.
  virtual void session_connection(ConnectionState state, MediaMask media, unsigned attempt) = 0;
  // Comes before any media of that kind; again after each reconnect.
  virtual void session_negotiated(Media media, const MediaParams &params) = 0;
  // Every media connection has answered once.
  virtual void session_all_negotiated() = 0;
  virtual void session_media(const MediaData &data) = 0;
  virtual void session_event(const EventUpdate &event) = 0;
  virtual void session_stream_state(const StreamStateUpdate &update) = 0;
  virtual void session_session_state(const SessionStateUpdate &update) = 0;
  // What comes next of these media does not follow what came before.
  virtual void session_media_lost(MediaMask media) = 0;
  virtual void session_keep_alive(MediaMask media) = 0;
  // A message that was not understood, or that is not for us.
  virtual void session_ignored(const std::string &what) = 0;
  virtual void session_warning(const SessionError &warning) = 0;
  // The session is over: nothing but stop() makes sense any more.
  virtual void session_failed(const SessionError &error) = 0;
  virtual void session_ended() = 0;
};

class Session final : public ConnectionListener {
 public:
  Session(SessionConfig config, TransportFactory *transports, LogSink *log,
          SessionListener *listener);
  ~Session() override;

  void start();
  // Lets the media come: without this no connection is told to be ready.
  void release();
  // Closes what is open, in order, and calls `done` when that is over or has taken too long. `done`
  // may come from within this call, and must not destroy the session.
  void stop(std::function<void()> done);
  // What is subscribed to stays so over reconnects; before the first connection it waits for that.
  void subscribe_video(uint64_t user_id, bool subscribe);
  // Asks the service to end the stream.
  void close_stream();
  // The service's own failure: it has announced the stream anew, at another URL. Everything starts
  // over there, when the old connections are gone. An empty signature leaves the old one.
  void rejoin(std::string signaling_url, std::string signature);
  // The service says, elsewhere, that the signaling connection is lost: if it is not, nothing
  // changes; if it is, that shows, or is repaired, at once.
  void signaling_interrupted();
  // The service says, elsewhere, that the stream is over.
  void stream_stopped();

 private:
  // How long the server may take for its half of a closing handshake.
  static constexpr unsigned kCloseTimeout_ms = 400;
  // And, when it has refused a handshake, for noticing that the connection is gone.
  static constexpr unsigned kSettle_ms = 100;

  // One media connection and what it carries.
  struct Link {
    explicit Link(Retry::Limits limits) : retry(limits) {}
    MediaMask media = 0;
    std::string url;
    std::unique_ptr<Connection> connection;
    Retry retry;
    Timer retry_timer;
    bool established = false;  // the handshake of the present connection succeeded
    bool answered = false;     // once in this session
    bool closing = false;      // so that another one can take its place
    bool lost = false;         // between a loss and the next handshake
    bool ready = false;        // the server was told so
    int64_t repaired_us = 0;   // when a loss was last made up for
    unsigned order = 0;        // of the handshakes that succeeded
  };

  void connection_message(Connection *connection, const Message &message) override;
  void connection_lost(Connection *connection, const SessionError &why) override;
  void connection_closed(Connection *connection) override;

  void open_signaling();
  void signaling_answered(const SignalingResponse &response);
  void signaling_refused(const SessionError &why);
  void signaling_lost(const SessionError &why);
  void plan_links(const SignalingResponse &response);
  void add_link(MediaMask media, const std::string &url);
  void open_link(Link *link);
  void link_answered(Link *link, const DataResponse &response);
  void link_refused(Link *link, const DataResponse &response);
  void link_lost(Link *link, const SessionError &why);
  void drop_media(Link *link, MediaMask media, const SessionError &why);
  bool apply_negotiation(Link *link, const DataResponse &response);
  void check_all_answered();
  void send_ready(Link *link);
  void stream_state(const StreamStateUpdate &update);
  void media_interrupted();
  bool is_own(const Connection *connection) const;
  MediaMask media_of(const Connection *connection) const;
  void leave();
  void left(const Connection *connection);
  void forget_leaving();
  void start_over();
  void unasked(const Connection *connection);
  void subscription_answered(const Connection *connection,
                             const VideoSubscriptionResponse &response);
  bool video_is_ready() const;
  void send_subscription(uint64_t user_id, bool subscribe);
  void renew_subscription();
  void close_answered(const Connection *connection, const StreamCloseResponse &response);
  void stop_retrying();
  void close_link(Link *link);
  void reopen_link(Link *link);
  void begin_end();
  void drain(unsigned round);
  void check_drained();
  void ended();
  void fail(const SessionError &why);
  std::optional<unsigned> next_delay(Retry *retry);
  void close_next();
  void drop_connection(Link *link);
  Link *link_of(const Connection *connection) const;
  void message_of(Connection *connection, Link *link, const Message &message);

  SessionConfig config_;
  SessionListener *listener_;
  Parser parser_;
  ConnectionContext context_;
  std::optional<StreamClaim> claim_;
  std::unique_ptr<Connection> signaling_;
  Retry signaling_retry_;
  Timer signaling_retry_timer_;
  std::vector<std::unique_ptr<Link>> links_;
  std::string last_refusal_;
  int64_t sequence_ = 0;
  bool signaling_established_ = false;
  bool ever_established_ = false;
  bool all_answered_ = false;
  unsigned links_planned_ = 0;  // so often
  bool released_ = false;
  unsigned established_count_ = 0;
  DataOpt video_data_opt_;                 // as asked, then as negotiated
  std::optional<uint64_t> wanted_video_;   // the participant whose video is subscribed to
  std::optional<uint64_t> renewed_video_;  // the same, told again after a loss and not answered
  unsigned subscriptions_asked_ = 0;       // and not answered
  bool over_ = false;                      // failed, ended or stopped: nothing is reconnected
  bool close_requested_ = false;
  bool ending_ = false;  // the stream is terminated, but what it sent before may still come
  bool media_came_ = false;
  int64_t newest_media_ms_ = 0;  // its capture time
  int64_t drain_from_ms_ = 0;    // the same when the end came
  Timer drain_timer_;
  // Connections on their way out: what they still bring is welcome.
  struct Leaving {
    std::unique_ptr<Connection> connection;
    MediaMask media = 0;
  };
  std::vector<Leaving> leaving_;
  Timer leave_timer_;
  bool stopping_ = false;
  std::function<void()> stopped_;
  Timer stop_timer_;
};

}  // namespace rtms
