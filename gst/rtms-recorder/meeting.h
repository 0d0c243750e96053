// SPDX-License-Identifier: LGPL-2.1-or-later
// One recording, from its announcement until its files are finished.
#pragma once

#include "base/timer.h"
#include "intake.h"
#include "log.h"
#include "push.h"
#include "report.h"
#include "textfile.h"

namespace rtms::recorder {

// What is shown of a recording while it runs.
struct Status {
  std::string name, stream, state;
  int64_t seconds = 0;
  uint64_t bits_per_second = 0, file_bytes = 0;
  unsigned voices = 0;
  bool pushing = false, pushed = false;
  unsigned push_attempts = 0;
  StructurePtr stats;  // null before the first second
};

// How a recording ended.
struct Outcome {
  bool good = false, disk_full = false;
};

// On the main thread, but for what comes from the pads.
class Meeting final : private IntakeListener {
 public:
  // `gone` is called when nothing of it is left; it may destroy the meeting.
  Meeting(const Options &options, const Webhook &hook, const std::string &json, std::string folder,
          Log *log, std::function<void(Meeting *, Outcome)> gone);
  ~Meeting() override;

  void start();
  const std::string &stream_id() const { return hook_.stream_id; }
  // A later webhook about the stream.
  void notify(const std::string &json);
  // Finishes the files; the stream goes on without us.
  void finish(const std::string &reason);
  bool ending() const { return state_ >= State::Ending; }
  // Each second.
  void watch();
  Status status() const;

 private:
  enum class State { Connecting, Recording, Ending, Gone };

  void intake_transcript(const Line &line) override;
  void intake_chat(const Line &line) override;
  void intake_picture(GstBuffer *buffer, GstClockTime running) override;
  void intake_ended() override;
  void intake_unusable(const std::string &pad) override;

  static gboolean on_message(GstBus *bus, GstMessage *message, gpointer self);
  void message(GstMessage *message);
  void error(GstMessage *message);
  void warning(GstMessage *message);
  void element_message(const GstStructure *structure);
  void connected();
  void heard(const Voice &voice);
  void append(TextFile *file, const std::string &text);
  void end(const std::string &reason, const std::string &error);
  void break_off(bool disk_full, const std::string &why);
  void check_ended();
  void retire_pipeline();
  void drop_empty_file();
  void gone();
  void emit();
  void tell(Log::Level level, const char *event, const std::string &text,
            const Log::Members &members = {});
  // Runs fn on the main thread, if this still lives.
  void later(std::function<void()> fn);
  GstClockTime now() const;
  std::string name() const;

  const Options &options_;
  const Webhook hook_;
  const std::string folder_;
  Log *const log_;
  const std::function<void(Meeting *, Outcome)> gone_;
  const std::shared_ptr<Meeting *> alive_;

  State state_ = State::Connecting;
  bool stream_over_ = false, disk_full_ = false;
  std::string reason_, error_;
  unsigned voices_ = 0;
  int64_t started_us_ = 0;
  GstClockTime length_ = 0;
  StructurePtr stats_;
  uint64_t bytes_ = 0, bits_per_second_ = 0, file_bytes_ = 0;
  AttachedSource watch_, emitting_;
  Timer deadline_;

  TextFile vtt_, chat_;
  Report report_;
  Sound sound_;
  std::mutex push_mutex_;  // guards the pointer for the pads' threads
  std::unique_ptr<Push> push_;
  ElementPtr pipeline_;
  std::unique_ptr<Intake> intake_;
};

}  // namespace rtms::recorder
