// SPDX-License-Identifier: LGPL-2.1-or-later
// The RTMS stream: its signaling connection, its media connections, and what the protocol lets
// them do. Lives on the server's thread.
#pragma once

#include <list>

#include "connection.h"
#include "pump.h"
#include "rules.h"

namespace rtmstest {

using ConnectionPtr = std::shared_ptr<Connection>;

class Stream : public Connection::Owner {
 public:
  Stream(Config &config, Log &log, std::string base_url);
  ~Stream() override;

  // A WebSocket was accepted at "signaling" or "media/…".
  void accepted(SoupWebsocketConnection *websocket, GSocket *socket, const std::string &name);
  // Uses up one of the configured number of refusals of a kind.
  bool fault(const std::string &kind, bool configured);

  void send(Where where, const std::string &json);
  void act(Where where, Action action);
  bool in_outage(const std::string &name) const;
  void end(End end, int reason);
  void abort_all();
  bool empty() const { return connections_.empty(); }

  void on_message(Connection &connection, const std::string &text) override;
  void on_keep_alives_missed(Connection &connection) override;
  void on_closed(Connection &connection, bool with_close_frame) override;

  // For the pumps.
  Feeds &feeds() { return feeds_; }
  const Config &config() const { return config_; }
  Log &log() { return log_; }
  // Whether media may be sent. Their clock begins when all encoders have something, as those of a
  // meeting that runs do.
  bool media_begin();
  int64_t position_ms() const;  // since then
  void media_progress(int64_t due_ms);
  void pump_finished();
  uint64_t subscribed_user() const { return subscribed_user_; }

 private:
  // A media connection whose handshake succeeded.
  struct MediaConnection {
    ConnectionPtr connection;
    std::vector<Media> media;
    int64_t mask;
    std::optional<int64_t> video_data_opt;
    bool ready = false;
    std::unique_ptr<Pump> pump;
  };
  using MediaList = std::list<MediaConnection>;

  // signaling.cpp
  void signaling_message(Connection &connection, const std::string &text);
  void signaling_handshake(Connection &connection, JsonObject *request);
  void signaling_accept(Connection &connection, JsonObject *request);
  Members refusal_members(const Verdict &verdict) const;
  void signaling_refuse(Connection &connection, const Verdict &verdict);
  void established_message(Connection &connection, JsonObject *request, int64_t type);
  void subscribe_events(Connection &connection, JsonObject *request);
  void client_ready(Connection &connection, JsonObject *request);
  void next_ready();
  void pick_up(MediaConnection &media, Media m);
  void session_state(Connection &connection, JsonObject *request);
  void stream_state(Connection &connection, JsonObject *request);
  void close_stream(Connection &connection, JsonObject *request);
  void subscribe_video(Connection &connection, JsonObject *request);
  Verdict check_video_subscription(JsonObject *request) const;
  std::string media_urls() const;
  void announce_start();

  // media.cpp
  void media_message(Connection &connection, const std::string &text);
  void media_handshake(Connection &connection, JsonObject *request);
  Verdict check_media_request(Connection &connection, JsonObject *request) const;
  Verdict check_duplicates(const std::vector<Media> &media) const;
  void media_accept(Connection &connection, JsonObject *request);
  void media_refuse(Connection &connection, const Verdict &verdict, JsonObject *request);
  std::map<Media, std::string> negotiated_params(JsonObject *request,
                                                 const std::vector<Media> &media) const;
  std::map<Media, std::string> delivered_params(
      const std::map<Media, std::string> &negotiated) const;
  MediaConnection *find_media(const Connection &connection);
  MediaConnection *media_of(Media m);
  void media_lost(const std::string &name);

  // stream.cpp
  bool is_signaling(const Connection &connection) const { return signaling_.get() == &connection; }
  Connection *socket_of(Where where);
  void drop_everything();
  void notice_abandoned();
  void run_script();
  void resume(Connection &connection);
  void interrupted();
  void terminate_on_media(int reason);
  void tell_webhook(const std::string &body);
  Members state_members(int state, int reason) const;
  void check_finished();
  bool all_media_sent() const;
  void send_state(int state, int reason);
  void send_event(int type, const std::string &members, int64_t timestamp);
  int64_t next_sequence() { return ++sequence_; }

  Config &config_;
  Log &log_;
  const std::string base_url_;
  Identity identity_;
  const std::string session_id_;
  std::list<ConnectionPtr> connections_;  // all, whatever their state
  ConnectionPtr signaling_;               // the one whose handshake succeeded
  MediaList media_;
  std::list<Connection *> unready_;  // in the order of their handshakes
  bool ready_for_all_ = false;       // one ready came: it is good for later connections, too
  std::map<std::string, int> faults_;

  Feeds feeds_;
  std::set<Media> announced_;  // message 1's media_type, less what was refused
  std::set<Media> served_;     // ever, so later readies are reconnects
  std::set<int64_t> subscriptions_;
  uint64_t subscribed_user_ = 0;
  int64_t start_us_ = 0;  // of the first ready, then of the media, monotonic
  bool media_begun_ = false;
  int64_t sequence_ = 0;
  unsigned accepted_ = 0;
  int state_ = 0;
  bool ended_ = false;
  Event grace_;
  std::list<Event> script_;
};

}  // namespace rtmstest
