// SPDX-License-Identifier: LGPL-2.1-or-later
// The media connections of a session: which there are, and the order in which they become ready.
#pragma once

#include "link.h"

#include <memory>
#include <vector>

namespace rtms {

class LinksListener {
 public:
  virtual ~LinksListener() = default;
  // The service is to be told that we are ready for what a connection carries.
  virtual void link_ready(MediaMask media) = 0;
  // These media cannot be had, or not any more.
  virtual void media_ended(MediaMask media, const SessionError &why) = 0;
  virtual void connection_gone() = 0;
};

class Links final : public LinkListener {
 public:
  Links(SessionContext *context, LinksListener *listener)
      : context_(context), listener_(listener) {}

  // Opens a connection to each place that the service names.
  void plan(const SignalingResponse &response);
  // From now on connections become ready.
  void release();
  // The service says that a connection is lost, but not which.
  void reported_lost();
  // Gives the connections away; a new plan follows.
  void leave(Leaving *leaving);
  // As those of a link.
  void retire();
  void close();
  void drop();

  bool connected() const;
  bool is_ready(Media media) const;
  // The media of all links that have not ended.
  MediaMask media() const;
  // What is wrong with the state; null where nothing is.
  const char *violation() const;

 private:
  void link_established(Link *link) override;
  void link_ended(Link *link, MediaMask media, const SessionError &why) override;
  void connection_gone() override { listener_->connection_gone(); }

  // Where that kind of media is to be had; empty where it is not offered.
  const std::string &url_of(Media media, const SignalingResponse &response) const;
  void add(MediaMask media, const std::string &url);
  void set_ready(Link *link);
  void check_all_answered();

  SessionContext *context_;
  LinksListener *listener_;
  std::vector<std::unique_ptr<Link>> links_;  // those that have ended, too, until the next plan
  unsigned plans_ = 0;
  bool released_ = false;
  bool all_answered_ = false;
};

}  // namespace rtms
