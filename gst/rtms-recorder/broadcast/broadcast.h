// SPDX-License-Identifier: LGPL-2.1-or-later
// The program of a meeting: camera, screen share and audio as one video and one audio stream, in a
// file and at an RTMP server. It has a pipeline of its own: whatever happens there, the recording
// does not notice.
#pragma once

#include "audio/sound.h"
#include "base/timer.h"
#include "base/worker.h"
#include "common/log.h"
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

// On the main thread, but for what comes from the pads.
class Broadcast final : public IntakeTap {
 public:
  Broadcast(const Options &options, const Webhook &hook, const std::string &folder, Sound *sound,
            const SubjectLog *log);
  // When close() is done.
  ~Broadcast() override;

  // Each moment while the meeting is recorded, which is at that running time. Begins when it is
  // known where its media are in time.
  void look(GstElement *recording, GstClockTime now);
  // Each second.
  void watch();
  // No media follow. `done` is called when the file is finished, or the time has passed.
  void close(unsigned most_ms, std::function<void()> done);

  bool has_file() const { return started_ && !options_.program.file.empty(); }
  // Null: there is none now.
  const Push *push() const { return push_.get(); }
  // How the push went; empty: there was none.
  const std::string &push_summary() const { return push_summary_; }

  void tap_buffer(program::Input input, GstPad *pad, GstBuffer *buffer) override;
  void tap_event(program::Input input, GstPad *pad, GstEvent *event) override;
  void tap_line(const Spoken &spoken, GstClockTime start) override;
  void tap_message(const GstStructure *message) override { observer_.message(message); }

 private:
  enum class State { Waiting, Starting, Running, Ending, Retiring, Gone };
  struct Way {
    CapsPtr caps;
    LatestGroup before;  // of what came before the beginning
    std::unique_ptr<Entrance> entrance;
  };
  std::string start();
  bool prepare(std::string *problem);
  void started(const std::string &problem);
  void open();
  void connect(program::Input input);
  void end();
  void fail(const std::string &why);
  void retire_pipeline();
  void gone();
  void end_push();
  static gboolean on_message(GstBus *bus, GstMessage *message, gpointer self);
  void error(GstMessage *message);

  const Options &options_;
  const std::string path_, url_;  // of the file, and of the push
  Sound *const sound_;
  const SubjectLog *const log_;
  Worker worker_;
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
  bool started_ = false;
  GstClockTime began_ = 0;
  Timer deadline_;
  unsigned most_ms_ = 0;
  std::function<void()> done_;

  std::unique_ptr<Entrance> audio_;
  std::mutex push_mutex_;  // guards the pointer for the encoder's threads
  std::mutex mutex_;       // guards what follows
  std::array<Way, 2> ways_;
  bool open_ = false;  // the ways have entrances
};

}  // namespace rtms::recorder
