// SPDX-License-Identifier: LGPL-2.1-or-later
// The RTMS state machine, from the first handshake to the end of the stream.
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
#include <set>
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
  // Allows media: before this call, the service is not told that a connection is ready.
  void release();
  // Closes the media connections, takes the media that the service has sent until then, and calls
  // `done`: at once if there are none, at the latest after 0.3 s. Until then, another call has no
  // effect.
  void take_rest(std::function<void()> done);
  // Closes all connections in order, then calls `done`, at the latest after a time limit. `done`
  // may be called before stop() returns, and must not destroy the session.
  void stop(std::function<void()> done);
  // A subscription persists over reconnects. Before the first connection it is stored.
  void subscribe_video(uint64_t user_id, bool subscribe);
  // Asks the service to end the stream.
  void close_stream();
  // The service announced the stream again. At another URL, or with `anyway`, the session starts
  // over there after closing the old connections; an empty signature keeps the old one. An older
  // announcement than that of the present server moves nothing: its server is tried in turns with
  // the present one, when that is lost. At the same URL, pending tries start at once. Another
  // stream of the meeting is joined if this one's server is gone.
  void announced_again(const SessionConfig &as, bool anyway);
  // A webhook reports that the signaling connection is lost: the session checks the connection, and
  // repairs a lost one at once.
  void signaling_doubted() override;
  // The stream is over; `told`: why, which the application does not know yet.
  void stream_stopped(const StreamStateUpdate *told) override;
  // Returns the connected stream, which may have replaced the first.
  const Identity &who() const { return context_.config.who; }
  // Returns what is wrong with the state between calls, for tests; null if nothing is.
  const char *violation() const;

 private:
  // In the order of a life.
  enum class Stage {
    Running,
    Draining,  // the stream is terminated; media sent before may still arrive
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
  void leave(std::unique_ptr<Connection> old, bool replaced) override;
  void start_over() override;
  void fail(const SessionError &why) override;
  void connection_gone() override;

  void ended();
  void close_next();

  SessionContext context_;
  Stage stage_ = Stage::Running;
  VideoSubscription video_;
  Signaling signaling_;
  Links links_;
  Leaving leaving_;
  StreamStateUpdate told_;           // the last state
  std::set<std::string> left_urls_;  // of signaling, before failovers
  Ending ending_;
  RepeatedTimer drain_timer_;
  bool silent_ = true;  // no media since the last report that the client is ready
  Timer silence_timer_;
  PermitWatch permit_watch_;
  RepeatedTimer rest_timer_;
  std::function<void()> rest_taken_;
  std::function<void()> stopped_;
  Timer stop_timer_;
};

}  // namespace rtms
