// SPDX-License-Identifier: LGPL-2.1-or-later
// The program of a meeting: camera, screen share and audio as one video and one audio stream, in a
// file and at an RTMP server. Runs in a pipeline of its own, so that no failure in it affects the
// recording.
#pragma once

#include "audio/sound.h"
#include "base/timer.h"
#include "base/worker.h"
#include "common/log.h"
#include "disk/growingfile.h"
#include "encoder.h"
#include "entrance.h"
#include "intaketap.h"
#include "latestgroup.h"
#include "liveedge.h"
#include "protocol/webhook.h"
#include "push.h"
#include "settings/options.h"
#include "stage/observer.h"
#include "stage/stage.h"

#include <array>
#include <mutex>

namespace rtms::recorder {

// Used on the main thread. The tap_ methods run on streaming threads.
class Broadcast final : public IntakeTap {
 public:
  Broadcast(const Options &options, const Webhook &hook, const std::string &folder, Sound *sound,
            const SubjectLog *log);
  // close() must be done.
  ~Broadcast() override;

  // Is called often while the meeting is recorded; `now` is the recording's running time. Starts
  // the program when the lead of the media on the clock is known.
  void look(GstElement *recording, GstClockTime now);
  // Is called each second.
  void watch();
  // Ends the program. Calls `done` when the file is finished, or `most_ms` have passed.
  void close(unsigned most_ms, std::function<void()> done);

  bool has_file() const { return started_ && !options_.program.file.empty(); }
  // Null while there is no push.
  const Push *push() const { return push_.get(); }
  // The result of the push; empty: there was none.
  const std::string &push_summary() const { return push_summary_; }

  void tap_buffer(program::Input input, GstPad *pad, GstBuffer *buffer) override;
  void tap_event(program::Input input, GstPad *pad, GstEvent *event) override;
  void tap_line(const Spoken &spoken, GstClockTime start) override;
  void tap_message(const GstStructure *message) override { observer_.message(message); }

 private:
  enum class State { Waiting, Starting, Running, Ending, Retiring, Gone };
  struct Way {
    CapsPtr caps;
    LatestGroup before;  // of the media before the start
    std::unique_ptr<Entrance> entrance;
  };
  std::string start();
  bool prepare(std::string *problem);
  void started(const std::string &problem);
  void open();
  void connect(program::Input input);
  void end();
  void fail(const std::string &why);
  void lose_file(const std::string &why);
  void retire_pipeline();
  void gone();
  void end_push();
  static gboolean on_message(GstBus *bus, GstMessage *message, gpointer self);
  void error(GstMessage *message);

  const Options &options_;
  const std::string path_, url_;  // of the file and of the push
  Sound *const sound_;
  const SubjectLog *const log_;
  Worker worker_;
  const std::unique_ptr<GrowingFile> file_;  // null without one
  const ElementPtr pipeline_;
  program::Scene scene_;
  program::Observer observer_;
  std::unique_ptr<program::Stage> stage_;
  std::unique_ptr<Encoder> encoder_;
  std::unique_ptr<Push> push_;
  std::string push_summary_;
  AttachedSource watch_;
  LiveEdge edge_;
  State state_ = State::Waiting;
  bool started_ = false, failed_ = false;
  std::string no_slate_;  // why the slate is not shown
  GstClockTime began_ = 0;
  Timer deadline_;
  unsigned most_ms_ = 0;
  std::function<void()> done_;

  std::unique_ptr<Entrance> audio_;
  std::mutex push_mutex_;  // guards the pointer for the encoder's threads
  std::mutex mutex_;       // guards the members below
  std::array<Way, 2> ways_;
  bool open_ = false;  // `ways_` may have entrances
  bool over_ = false;  // nobody needs media any more
};

}  // namespace rtms::recorder
