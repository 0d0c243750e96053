// SPDX-License-Identifier: LGPL-2.1-or-later
// One recording, from its announcement until its files are closed.
#pragma once

#include "base/timer.h"
#include "base/worker.h"
#include "broadcast/broadcast.h"
#include "bus.h"
#include "common/gridtimer.h"
#include "common/later.h"
#include "common/log.h"
#include "container.h"
#include "disk/growingfile.h"
#include "intake.h"
#include "lateaudio.h"
#include "mediajournal.h"
#include "report.h"

namespace rtms::recorder {

// The state of a running recording, for display.
struct Status {
  std::string name, stream, state;
  int64_t seconds = 0;
  int64_t unreached_s = 0;  // see Bus
  unsigned kicks = 0;       // see Bus
  uint64_t bits_per_second = 0, file_bytes = 0;
  unsigned voices = 0;
  uint64_t late_ms = 0;   // of audio that was too late or too far ahead
  int64_t behind_ms = 0;  // of the mixed audio behind the received
  Levels::Now level;
  bool pushing = false, pushed = false;
  StructurePtr stats;  // null before the first second
};

struct Outcome {
  bool good = false, disk_full = false;
  bool broken_off = false;  // its file lacks the last media
  bool cut_short = false;   // this recorder could not record the stream, which goes on
  bool stopped = false;     // by the service
  GstClockTime length = 0;  // of what is recorded
};

// Used on the main thread. IntakeListener's methods run on streaming threads.
class Meeting final : private IntakeListener, private BusListener {
 public:
  // `gone` is called when everything is closed; it may destroy the meeting.
  Meeting(const Options &options, const Webhook &hook, const std::string &json, std::string folder,
          const Part &part, Log *log, std::function<void(Outcome)> gone);
  ~Meeting() override;

  void start();
  // Handles a later webhook of the stream, as JSON, too.
  void notify(const Webhook &hook, const std::string &json);
  // Finishes the files; the stream continues at the service. With an error the recording has
  // failed.
  // `disk_full`: another part follows when there is room.
  void finish(const std::string &reason, const std::string &error = "", bool disk_full = false);
  // No connection is used after this time of the sleep clock, even if the pipeline is blocked.
  void set_until(int64_t until_us) {
    if (intake_)
      g_object_set(intake_->element(), "connect-until", until_us * int64_t{1000}, nullptr);
  }
  // Whether the stream or its recording has ended; what is on its way is still recorded.
  bool is_over() const { return stopped_ || state_ >= State::Ending; }
  // Is called each second.
  void watch();
  Status status() const;

 private:
  enum class State { Connecting, Recording, Ending, Gone };

  void intake_ended() override;
  void intake_left_out(const std::string &problem) override;

  void bus_eos() override;
  void bus_error(GstObject *source, const GError *error) override;
  void bus_connected() override { link(); }
  void bus_terminated(const std::string &reason, bool failure) override;
  void bus_closed() override;

  void link();
  void linked(const std::string &problem);
  void heard(const Voice &voice);
  void end(const std::string &reason, const std::string &error);
  void break_off(bool disk_full, const std::string &why);
  void check_ended();
  void retire_pipeline();
  void gone();

  const Options &options_;
  const Webhook hook_;
  int64_t announced_ms_ = hook_.event_ts;  // of the newest announcement
  const std::string folder_;
  const SubjectLog log_;
  const std::function<void(Outcome)> gone_;
  const Later later_;

  State state_ = State::Connecting;
  bool stopped_ = false;  // the service told the end of the stream
  bool closed_ = false;   // the signaling connection is closed
  bool disk_full_ = false, broken_off_ = false, cut_short_ = false;
  // The worker makes the container; the pipeline must stay until then.
  bool linking_ = false, retire_when_linked_ = false;
  std::string finish_when_linked_;  // the reason, or empty
  std::string reason_, error_;
  std::string stream_error_;  // why the stream, or its recording, failed
  unsigned voices_ = 0;
  int64_t started_us_ = 0;
  GstClockTime length_ = 0;
  StructurePtr stats_;
  uint64_t bytes_ = 0, bits_per_second_ = 0;
  GridTimer emitting_;
  Timer deadline_;

  Worker worker_;
  GrowingFile file_;
  std::shared_ptr<Texts> texts_;
  Report report_;
  CaptureTime capture_;
  Sound sound_;
  LateAudio late_audio_;
  std::unique_ptr<Broadcast> broadcast_;  // null: not configured
  ElementPtr pipeline_;
  std::unique_ptr<Bus> bus_;
  std::unique_ptr<Intake> intake_;
  MediaJournal journal_;
  const std::shared_ptr<Reached> reached_ = std::make_shared<Reached>(0);
};

}  // namespace rtms::recorder
