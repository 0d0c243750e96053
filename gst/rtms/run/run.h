// SPDX-License-Identifier: LGPL-2.1-or-later
// One run of rtmssrc, from the state change to PAUSED until the one to READY.
#pragma once

#include "media/gstptr.h"
#include "settings.h"

#include <memory>
#include <optional>
#include <string>
#include <variant>

namespace rtms {

class Announcement;
class CategoryLog;
class LoopThread;
class Stream;
struct Stats;

// Created, used and destroyed on application threads. Work for the loop thread is posted to it.
class Run {
 public:
  using Result = std::variant<std::unique_ptr<Run>, BadSetting>;

  // Registers debug categories and types; must be called once, before anything else.
  static void init();
  static GType pad_type();
  // Checks the settings, and listens at webhook-listen. begin() starts the connection.
  static Result create(GstElement *element, Settings settings);
  // Closes the connections, ends the thread, removes the pads. Takes less than a second, whatever
  // the network does.
  ~Run();
  Run(const Run &) = delete;
  Run &operator=(const Run &) = delete;

  void begin();
  void set_playing(bool playing);
  // Ends all streaming tasks at once, before the pads are deactivated.
  void stop_pads();
  void set_latency(GstClockTime latency);
  void answer_latency(GstQuery *query) const;
  // Queues EOS on each pad, then closes the connections.
  // The pads' EOS has that number.
  void send_eos(guint32 seqnum);
  // Queues the event on each pad.
  void send_event(EventPtr event);
  void subscribe_video(uint64_t user_id, bool subscribe);
  void close_stream();
  // Moves the stream to the URLs of this webhook. Returns errors that are known at once; others are
  // warnings on the bus.
  std::optional<BadSetting> rejoin(const Settings &settings, const std::string &webhook);
  // Handles a webhook about the stream, from an application that receives them.
  std::optional<BadSetting> notify(const std::string &webhook);
  // Returns the URL for webhooks; empty if the run does not listen.
  const std::string &webhook_url() const;
  StructurePtr stats();
  // True on the loop thread, and in a push: neither can wait for its own end.
  bool is_own_thread() const;

 private:
  struct Start;

  Run(GstElement *element, const Settings &settings, Start start);

  GstElement *element_;
  std::shared_ptr<LoopThread> thread_;  // the last user ends it, in the destructor
  std::unique_ptr<CategoryLog> webhook_log_;
  std::unique_ptr<Stats> stats_;
  std::unique_ptr<Stream> stream_;
  std::unique_ptr<Announcement> announcement_;
  std::unique_ptr<Start> start_;  // until begin()
};

// Returns the value of the property `stats` without a run.
StructurePtr empty_stats();

}  // namespace rtms
