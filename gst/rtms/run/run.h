// SPDX-License-Identifier: LGPL-2.1-or-later
// One run of rtmssrc, from the state change to PAUSED until the one to READY, as the element sees
// it.
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

// Made, used and destroyed on application threads. What has to be done on the loop thread is posted
// there.
class Run {
 public:
  using Result = std::variant<std::unique_ptr<Run>, BadSetting>;

  // The debug categories and the types of metas and pads: once, before anything else.
  static void init();
  static GType pad_type();
  // Checks the settings, and listens at webhook-listen. Nothing is connected before begin().
  static Result create(GstElement *element, Settings settings);
  // Closes the connections, ends the thread, removes the pads. Takes less than a second, whatever
  // the network does.
  ~Run();
  Run(const Run &) = delete;
  Run &operator=(const Run &) = delete;

  void begin();
  void set_playing(bool playing);
  // Ends the pads' streaming tasks, all at once, before the pads are deactivated.
  void stop_pads();
  void set_latency(GstClockTime latency);
  void answer_latency(GstQuery *query) const;
  // EOS on each pad behind what waits there, then the connections are closed.
  void send_eos();
  // The event, on each pad behind what waits there.
  void send_event(EventPtr event);
  void subscribe_video(uint64_t user_id, bool subscribe);
  void close_stream();
  // The stream goes on where this webhook says. Returns why it cannot, where that is clear at once;
  // else a warning on the bus tells.
  std::optional<BadSetting> rejoin(const Settings &settings, const std::string &webhook);
  // What the service says about the stream, from an application that takes its webhooks.
  std::optional<BadSetting> notify(const std::string &webhook);
  // Where webhooks are listened for; empty where they are not.
  const std::string &webhook_url() const;
  StructurePtr stats();
  // True on the loop thread, which cannot wait for its own end.
  bool is_own_thread() const;

 private:
  struct Start;

  Run(GstElement *element, const Settings &settings, Start start);

  GstElement *element_;
  std::shared_ptr<LoopThread> thread_;  // its last user ends it, in the destructor
  std::unique_ptr<CategoryLog> webhook_log_;
  std::unique_ptr<Stats> stats_;
  std::unique_ptr<Stream> stream_;
  std::unique_ptr<Announcement> announcement_;
  std::unique_ptr<Start> start_;  // until begin()
};

// The value of the property `stats` while there is no run.
StructurePtr empty_stats();

}  // namespace rtms
