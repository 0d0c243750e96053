// SPDX-License-Identifier: LGPL-2.1-or-later
// The media connections of a session, and the order in which they become ready.
#pragma once

#include "link.h"

#include <map>
#include <memory>
#include <vector>

namespace rtms {

class LinksListener {
 public:
  virtual ~LinksListener() = default;
  // The service must be told that the client is ready for these media.
  virtual void link_ready(MediaMask media) = 0;
  // These media are refused or have ended.
  virtual void media_ended(MediaMask media, const SessionError &why) = 0;
  // See LinkListener.
  virtual void signaling_doubted() = 0;
  virtual void connection_gone() = 0;
};

// The URL for that kind of media; empty: the service does not offer it.
const std::string &url_of(Media media, const SessionConfig &config,
                          const SignalingResponse &response);
// The requested kinds that the service offers.
MediaMask offered(const SessionConfig &config, const SignalingResponse &response);
bool names_no_server(const SignalingResponse &response);

class Links final : public LinkListener {
 public:
  Links(SessionContext *context, LinksListener *listener)
      : context_(context), listener_(listener) {}

  // Opens a connection to each URL that the service offers.
  void plan(const SignalingResponse &response);
  // Connections may become ready from now on.
  void release();
  // The service reports a lost connection, but not which one.
  void reported_lost();
  // Hands the connections over; a new plan follows.
  void leave(Leaving *leaving);
  // As the functions of Link.
  void retire();
  void close();
  void drop();

  // Calls that function of each connection.
  void each(void (Connection::*function)());
  // As the functions of Connection, of any.
  bool owe_answers() const;
  bool shutting_down() const;

  bool connected() const;
  bool is_ready(Media media) const;
  // The media of all links that have not ended.
  MediaMask media() const;
  // Returns what is wrong with the state, for tests; null if nothing is.
  const char *violation() const;

 private:
  void link_established(Link *link) override;
  void link_ended(Link *link, MediaMask media, const SessionError &why) override;
  void signaling_doubted() override { listener_->signaling_doubted(); }
  void connection_gone() override { listener_->connection_gone(); }

  void add(MediaMask media, const std::string &url);
  void set_ready(Link *link);
  void check_all_answered();

  SessionContext *context_;
  LinksListener *listener_;
  std::vector<std::unique_ptr<Link>> links_;  // with ended links, until the next plan
  std::string stream_id_;
  std::map<Media, std::string> urls_;  // of the stream's last plan that had one
  unsigned plans_ = 0;
  bool released_ = false;
  bool all_answered_ = false;
};

}  // namespace rtms
