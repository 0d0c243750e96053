// SPDX-License-Identifier: LGPL-2.1-or-later
// One accepted WebSocket: framing, keep-alives, and the ways to end it.
#pragma once

#include <libsoup/soup.h>

#include <map>

#include "glib_ptr.h"
#include "json.h"
#include "log.h"

namespace rtmstest {

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  class Owner {
   public:
    virtual ~Owner() = default;
    virtual void on_message(Connection &connection, const std::string &text) = 0;
    virtual void on_keep_alives_missed(Connection &connection) = 0;
    virtual void on_closed(Connection &connection, bool with_close_frame) = 0;
  };

  struct Identity {
    std::string name;
    unsigned serial;
  };
  Connection(SoupWebsocketConnection *websocket, GSocket *socket, Identity identity, Owner &owner,
             Log &log, const Config &config);
  ~Connection();
  Connection(const Connection &) = delete;
  Connection &operator=(const Connection &) = delete;

  const std::string &name() const { return identity_.name; }
  unsigned serial() const { return identity_.serial; }
  bool open() const;
  bool closed_by_server() const { return closed_by_server_; }
  // The socket takes more, and nothing waits in front of it: only true enough to act upon when
  // asked from a callback of lower priority than libsoup's writing.
  bool writable() const;
  GPollableOutputStream *output() const;

  void send(int msg_type, const Members &members);
  void send_text(const std::string &json);
  void start_keep_alives();
  void answered_keep_alive(std::optional<int64_t> timestamp);

  void close();
  void abort();
  void silence();
  void stall();  // the same, until it is resumed
  void resume();
  bool silent() const { return silent_; }
  bool stalled() const { return stalled_; }
  // It is silent, and the client has given it up: what a server notices.
  bool abandoned() const;

 private:
  static void on_websocket_message(SoupWebsocketConnection *, gint type, GBytes *bytes,
                                   gpointer data);
  static void on_websocket_closed(SoupWebsocketConnection *, gpointer data);
  void schedule_keep_alive();
  bool keep_alive_due();
  void send_keep_alive();
  void record_close();

  Identity identity_;
  Owner &owner_;
  Log &log_;
  const Config &config_;
  ObjectPtr<SoupWebsocketConnection> websocket_;
  ObjectPtr<GSocket> socket_;
  gulong message_handler_ = 0, closed_handler_ = 0;

  Event keep_alive_;
  bool keeping_alive_ = false;
  int64_t last_flow_us_ = 0;
  int64_t last_timestamp_ = 0;
  std::map<int64_t, int64_t> unanswered_;  // timestamp → when it was sent, monotonic µs

  bool closed_by_server_ = false;
  bool silent_ = false, stalled_ = false;
  int real_socket_ = -1, quiet_peer_ = -1;  // while silent
};

}  // namespace rtmstest
