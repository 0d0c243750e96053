// SPDX-License-Identifier: LGPL-2.1-or-later
#include "meeting.h"

#include "common/names.h"
#include "container.h"
#include "muxing/videotrack.h"

#include <unistd.h>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

namespace rtms::recorder {
namespace {

constexpr unsigned kEmit_ms = 100;

GstClockTime running_time_of(GstElement *pipeline) {
  const GstClockTime time = gst_element_get_current_running_time(pipeline);
  return GST_CLOCK_TIME_IS_VALID(time) ? time : 0;
}

void tell_end(const SubjectLog &log, const std::string &error, const std::string &reason,
              GstClockTime length, const Sound &sound, const GstStructure *stats) {
  const bool good = error.empty();
  const std::string text = good ? "finished after " +
                                      clock_text(static_cast<int64_t>(length / GST_SECOND)) + ": " +
                                      reason
                                : error;
  log.write(good ? Log::Level::Info : Log::Level::Error, good ? "finished" : "failed", text,
            [&](JsonWriter &writer) {
              writer.member("duration_ms", static_cast<int64_t>(length / GST_MSECOND))
                  .member("late_samples", static_cast<int64_t>(sound.late().samples));
              if (stats) {
                writer.begin("stats");
                write_stats(writer.builder(), stats);
                writer.end();
              }
            });
}

}  // namespace

Meeting::Meeting(const Options &options, const Webhook &hook, const std::string &json,
                 std::string folder, const Part &part, Log *log, std::function<void(Outcome)> gone)
    : options_(options),
      hook_(hook),
      folder_(std::move(folder)),
      log_(log, std::filesystem::path(folder_).filename(), hook_.stream_id),
      gone_(std::move(gone)),
      started_us_(g_get_real_time()),
      file_(folder_ + "/" + file_name(options), &worker_, &log_, file_check(options)),
      texts_(std::make_shared<Texts>(
          folder_,
          [this, later = later_.weak()](const std::string &path, int failure) {
            later([this, path, failure] {
              const std::string why = path + " cannot be written: " + std::strerror(failure) + ".";
              if (failure == ENOSPC)
                break_off(true, why);
              else  // the audio and the video do not depend on it
                log_.write(Log::Level::Warning, "not-recorded",
                           why + " The recorder tries again with each further text.");
            });
          })),
      report_(hook, folder_, Speakers(options.speakers).titles(), started_us_),
      sound_(options, [this](const Voice &voice) { later_([this, voice] { heard(voice); }); }),
      late_audio_(&sound_, &report_, &log_),
      broadcast_(options.program.wanted()
                     ? std::make_unique<Broadcast>(options, hook_, folder_, &sound_, &log_)
                     : nullptr),
      pipeline_(GST_ELEMENT(gst_object_ref_sink(gst_pipeline_new(nullptr)))),
      intake_(std::make_unique<Intake>(options, json, GST_BIN(pipeline_.get()), &sound_,
                                       texts_.get(), &capture_, static_cast<IntakeListener *>(this),
                                       broadcast_.get())),
      journal_(folder_, options, intake_->element()) {
  report_.set_part(part);
}

Meeting::~Meeting() = default;

void Meeting::start() {
  log_.write(Log::Level::Info, "connecting", "announced: connecting");
  report_.write("recording");
  bus_ = std::make_unique<Bus>(pipeline_.get(), &log_, &report_, static_cast<BusListener *>(this),
                               sound_.frontier());
  emitting_.start(kEmit_ms, [this] {
    const GstClockTime now = running_time_of(pipeline_.get());
    if (state_ != State::Connecting)
      sound_.emit(now);
    if (state_ == State::Recording && broadcast_)
      broadcast_->look(pipeline_.get(), now);
  });
  // A failure is posted as an error message.
  gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING);
}

void Meeting::notify(const Webhook &hook, const std::string &json) {
  const bool stopped = webhook_event(hook.event) == WebhookEvent::Stopped;
  if (webhook_event(hook.event) == WebhookEvent::Started && hook.stream_id == hook_.stream_id)
    announced_ms_ = std::max(announced_ms_, hook.event_ts);
  if (state_ < State::Ending)
    intake_->notify(json);
  stopped_ |= stopped && !is_earlier_end(hook, announced_ms_);
}

void Meeting::finish(const std::string &reason, const std::string &error, bool disk_full) {
  const bool finishing = linking_ && !finish_when_linked_.empty();
  if (state_ >= State::Ending || finishing)
    return;
  disk_full_ |= disk_full;
  if (!error.empty())
    stream_error_ = error;
  // What arrived before all connections were there is recorded, too.
  if (state_ == State::Connecting && sound_.anything())
    link();
  if (linking_) {
    finish_when_linked_ = reason;
    return;
  }
  const bool empty = state_ == State::Connecting;
  end(reason, "");
  if (empty)
    retire_pipeline();
  else
    intake_->send_eos();
}

// ---- events of the intake ------------------------------------------------------------

void Meeting::intake_ended() {
  later_([this] { check_ended(); });
}

void Meeting::intake_left_out(const std::string &problem) {
  later_([this, problem] { log_.write(Log::Level::Warning, "not-recorded", problem); });
}

void Meeting::heard(const Voice &voice) {
  if (voice.who.empty() || !report_.people().heard(voice))
    return;
  voices_ = report_.people().speakers();
  // The track of all other speakers keeps its name.
  if (voice.track > 0 && voice.track <= options_.speakers && !voice.name.empty()) {
    report_.set_title(voice.track, voice.name);
    sound_.sources()->set_title(voice.track, voice.name);
  }
  const std::string name = voice.name.empty() ? voice.who : voice.name;
  log_.write(
      Log::Level::Info, "speaker",
      name + (voice.track ? " is heard on track " + std::to_string(voice.track) : " is heard"),
      [&](JsonWriter &writer) {
        writer.member("user_id", voice.who)
            .member("user_name", voice.name)
            .member("track", static_cast<int64_t>(voice.track));
      });
}

// ---- messages of the bus -------------------------------------------------------------

void Meeting::bus_eos() {
  // While connecting, the only sinks are those of speakers, who have all left.
  if (state_ == State::Connecting)
    return;
  end("the stream ended", "");
  retire_pipeline();
}

void Meeting::bus_terminated(const std::string &reason, bool failure) {
  stopped_ = true;
  reason_ = "the stream ended: " + reason;
  if (failure)
    stream_error_ = "The service ended the stream because of a failure: " + reason + ".";
}

void Meeting::bus_closed() {
  closed_ = true;
  check_ended();
}

// Runs on the worker, because opening the file may block.
void Meeting::link() {
  if (state_ != State::Connecting || linking_)
    return;
  linking_ = true;
  const auto problem = std::make_shared<std::string>();
  const auto waiting = std::make_shared<std::vector<Waiting>>(intake_->waiting());
  worker_.run(
      [this, problem, waiting] {
        *problem = add_container(options_, folder_ + "/" + file_name(options_),
                                 GST_BIN(pipeline_.get()), waiting.get(), sound_.sources(),
                                 intake_->has_transcript() ? texts_.get() : nullptr, reached_);
      },
      [this, problem, waiting] {
        journal_.set_tracks(*waiting);
        linked(*problem);
      });
}

void Meeting::linked(const std::string &problem) {
  linking_ = false;
  if (retire_when_linked_) {
    retire_pipeline();
    return;
  }
  if (!problem.empty()) {
    break_off(false, "GStreamer could not link " + problem + ".");
    return;
  }
  state_ = State::Recording;
  report_.add_file(file_name(options_));
  report_.write("recording");
  intake_->release();
  log_.write(Log::Level::Info, "recording", "recording");
  if (!finish_when_linked_.empty())
    finish(finish_when_linked_);
  check_ended();
}

void Meeting::bus_error(GstObject *source, const GError *failure) {
  if (source == GST_OBJECT(intake_->element())) {
    // rtmssrc sends EOS after its error: the media before it is kept.
    const bool connecting = state_ == State::Connecting;
    // In a cluster, another recorder may reach the service.
    cut_short_ |= (connecting || !options_.cluster.empty()) && !stopped_;
    if (connecting)
      finish("failed", failure->message);
    else
      end("", failure->message);
    return;
  }
  // Of a speaker who has left, the input may be removed.
  if (is_sound_input(source) || !gst_object_has_as_ancestor(source, GST_OBJECT(pipeline_.get()))) {
    log_.write(Log::Level::Warning, "not-recorded",
               std::string("a speaker's audio, or a removed element: ") + failure->message);
    return;
  }
  const std::string track = VideoTrack::name_of(source);
  if (!track.empty()) {
    log_.write(Log::Level::Warning, "not-recorded",
               track + " is not recorded any more: " + failure->message);
    VideoTrack::give_up(GST_BIN(pipeline_.get()), track);
    return;
  }
  break_off(g_error_matches(failure, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NO_SPACE_LEFT),
            failure->message);
}

// ---- state ---------------------------------------------------------------------------

void Meeting::watch() {
  if (state_ == State::Gone)
    return;
  report_.refresh(g_get_monotonic_time(), capture_);
  stats_ = intake_->stats();
  const uint64_t before = std::exchange(bytes_, counter(stats_.get(), "bytes"));
  bits_per_second_ = 8 * (bytes_ - std::min(before, bytes_));
  file_.ask();
  Texts::sync(texts_, &worker_, log_);
  if (file_.is_deleted() && state_ == State::Recording)
    break_off(false, "The file was deleted while it was written.");
  late_audio_.check(counter(stats_.get(), "audio", "dropped"));
  journal_.written(*reached_, capture_.start_ms());
  if (const std::string problem = journal_.take_problem(); !problem.empty())
    log_.write(Log::Level::Warning, "no-journal",
               problem + " If the recorder is killed, the last media that it received is lost.");
  if (broadcast_)
    broadcast_->watch();
}

Status Meeting::status() const {
  constexpr const char *kStates[] = {"connecting", "recording", "ending", "ending"};
  Status status{log_.subject(), hook_.stream_id, kStates[static_cast<int>(state_)]};
  status.seconds = std::max<int64_t>(g_get_real_time() - started_us_, 0) / G_USEC_PER_SEC;
  status.bits_per_second = bits_per_second_;
  status.unreached_s = bus_ ? bus_->unreached_s() : 0;
  status.kicks = bus_ ? bus_->kicks() : 0;
  status.file_bytes = file_.bytes();
  status.voices = voices_;
  status.late_ms = late_audio_.lost_ms();
  status.behind_ms = static_cast<int64_t>(sound_.late().waiting / GST_MSECOND);
  status.level = sound_.levels()->now(g_get_monotonic_time());
  status.pushing = !options_.program.rtmp.empty();
  status.pushed = broadcast_ && broadcast_->push() && broadcast_->push()->connected();
  status.stats.reset(stats_ ? gst_structure_copy(stats_.get()) : nullptr);
  return status;
}

// ---- the end -------------------------------------------------------------------------

void Meeting::end(const std::string &reason, const std::string &error) {
  if (state_ >= State::Ending)
    return;
  state_ = State::Ending;
  if (reason_.empty())
    reason_ = reason;
  if (!error.empty())
    reason_ = "failed";
  error_ = error;
  deadline_.start(options_.stop_timeout_s * 1000, [this] {
    if (error_.empty())
      error_ = "The files were not finished within --stop-timeout.";
    broken_off_ = true;
    journal_.keep();
    retire_pipeline();
  });
}

// Ends at once: the files cannot be written any more, and stay as they are.
void Meeting::break_off(bool disk_full, const std::string &why) {
  disk_full_ |= disk_full;
  broken_off_ = true;
  cut_short_ |= !stopped_ && !closed_;
  journal_.keep();
  const std::string error = (disk_full ? "The disk is full: the recording ends here. " : "") + why;
  end("", error);
  if (error_.empty())
    error_ = error;
  retire_pipeline();
}

// Finishes the files when the stream has ended and all pads got EOS.
void Meeting::check_ended() {
  if (state_ == State::Gone || linking_ || (!closed_ && state_ < State::Ending))
    return;
  if (state_ == State::Connecting && sound_.anything()) {
    link();
    return;
  }
  if (state_ == State::Connecting) {
    end("the stream ended", "The stream ended before any media arrived.");
    retire_pipeline();
    return;
  }
  if (!intake_->all_ended())
    return;
  end("the stream ended", "");
  sound_.finish();
}

void Meeting::retire_pipeline() {
  if (state_ == State::Gone)
    return;
  if (linking_) {
    retire_when_linked_ = true;
    return;
  }
  state_ = State::Gone;
  deadline_.stop();
  bus_.reset();
  emitting_.stop();
  stats_ = intake_->stats();
  length_ = sound_.length();
  late_audio_.check(counter(stats_.get(), "audio", "dropped"));
  sound_.keep_inputs();
  retire(std::move(pipeline_), 0, [this] {
    intake_.reset();
    if (broadcast_)
      broadcast_->close(options_.stop_timeout_s * 1000, [this] { gone(); });
    else
      gone();
  });
}

void Meeting::gone() {
  if (error_.empty())
    error_ = stream_error_;
  // Without data, a muxer leaves a file that is not playable.
  if (!sound_.anything()) {
    file_.remove();
    if (!options_.program.file.empty())
      worker_.run([path = folder_ + "/" + options_.program.file] { unlink(path.c_str()); });
    report_.remove_file(file_name(options_));
    if (error_.empty()) {
      reason_ += "; no audio and no video arrived, so there is no file";
      error_ = options_.once ? "No audio and no video arrived, so there is no file." : "";
    }
  }
  if (broadcast_ && broadcast_->has_file() && sound_.anything())
    report_.add_file(options_.program.file);
  report_.add_texts(texts_->names(), texts_->left_out());
  Texts::close(std::exchange(texts_, nullptr), &worker_, log_);
  file_.finish(!broken_off_, [this, end_us = g_get_real_time()](const std::string &lost) {
    error_ = error_.empty() ? lost : error_;
    report_.set_times(capture_);
    report_.close(end_us, static_cast<double>(length_ / GST_MSECOND) / 1000, reason_, error_,
                  StructurePtr(stats_ ? gst_structure_copy(stats_.get()) : nullptr),
                  broadcast_ ? broadcast_->push_summary() : "", [this](const std::string &problem) {
                    if (!problem.empty())
                      log_.write(Log::Level::Error, "report",
                                 folder_ + "/meeting.json cannot be written: " + problem);
                    tell_end(log_, error_, reason_, length_, sound_, stats_.get());
                    gone_({error_.empty(), disk_full_, broken_off_, cut_short_ && !stopped_,
                           stopped_, length_});
                  });
  });
}

}  // namespace rtms::recorder
