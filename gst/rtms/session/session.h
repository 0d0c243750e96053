// SPDX-License-Identifier: LGPL-2.1-or-later
// The RTMS state machine: the order of things, from the first handshake to the end of the stream.
#pragma once

#include "base/permitwatch.h"
#include "ending.h"
#include "leaving.h"
#include "links.h"
#include "sessionlistener.h"
#include "signaling.h"
#include "videosubscription.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace rtms {

class Session final : private StreamListener,
                      private SignalingListener,
                      private LinksListener,
                      private LeavingListener {
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
  // The service has announced the stream again. At another URL, or where `anyway` is set,
  // everything starts over there when the old connections are gone; an empty signature leaves the
  // old one. At the same URL what waits for a next try waits no longer. Another stream of the same
  // meeting is joined when the server of this one cannot be reached any more.
  void announced_again(const SessionConfig &as, bool anyway);
  // The service says, elsewhere, that the signaling connection is lost: if it is not, nothing
  // changes; if it is, that shows, or is repaired, at once.
  void signaling_interrupted();
  // The service says, elsewhere, that the stream is over.
  void stream_stopped() override;
  // The stream that is connected: another one may have taken the place of the first.
  const std::string &stream_id() const { return context_.config.who.stream_id; }
  // What is wrong with the state, between calls; null where nothing is.
  const char *violation() const;

 private:
  // In the order of a life.
  enum class Stage {
    Running,
    Draining,  // the stream is terminated, but what was sent before may still come
    Over,      // ended or failed
    Stopping,  // connections are being closed
    Stopped,
  };

  void received(const MediaData &media) override;
  void received(const Connection &from, const Message &message) override;
  void negotiated(Media media, const MediaParams &params) override;
  void signaling_established(const SignalingResponse &response) override;
  void link_ready(MediaMask media) override;
  void media_ended(MediaMask media, const SessionError &why) override;
  void leave(std::unique_ptr<Connection> old) override;
  void start_over() override;
  void fail(const SessionError &why) override;
  void connection_gone() override;

  void drain();
  void ended();
  void close_next();

  SessionContext context_;
  Stage stage_ = Stage::Running;
  VideoSubscription video_;
  Signaling signaling_;
  Links links_;
  Leaving leaving_;
  Ending ending_;
  Timer drain_timer_;
  bool silent_ = true;  // no media yet since the service was last told that we are ready
  Timer silence_timer_;
  PermitWatch permit_watch_;
  std::function<void()> stopped_;
  Timer stop_timer_;
};

}  // namespace rtms
