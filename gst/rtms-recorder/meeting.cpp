// SPDX-License-Identifier: LGPL-2.1-or-later
#include "meeting.h"

#include "container.h"
#include "names.h"

#include <sys/stat.h>
#include <cerrno>
#include <cstring>
#include <filesystem>

namespace rtms::recorder {
namespace {

constexpr unsigned kEmit_ms = 100;

AttachedSource every(unsigned ms, GSourceFunc fn, gpointer data) {
  AttachedSource source(g_timeout_source_new(ms));
  g_source_set_callback(source.get(), fn, data, nullptr);
  g_source_attach(source.get(), nullptr);
  return source;
}

std::vector<std::string> titles(const Options &options) {
  const Speakers speakers(options.speakers);
  std::vector<std::string> all;
  for (unsigned track = 0; track < speakers.tracks(); track++)
    all.push_back(speakers.title(track));
  return all;
}

uint64_t size_of_file(const std::string &path) {
  struct stat status;
  return stat(path.c_str(), &status) == 0 ? static_cast<uint64_t>(status.st_size) : 0;
}

}  // namespace

Meeting::Meeting(const Options &options, const Webhook &hook, const std::string &json,
                 std::string folder, Log *log, std::function<void(Meeting *, Outcome)> gone)
    : options_(options),
      hook_(hook),
      folder_(std::move(folder)),
      log_(log),
      gone_(std::move(gone)),
      alive_(std::make_shared<Meeting *>(this)),
      started_us_(g_get_real_time()),
      vtt_(folder_ + "/meeting.vtt", kVttHead),
      chat_(folder_ + "/chat.jsonl"),
      report_(hook, folder_, titles(options), started_us_),
      sound_(options, [this](const Voice &voice) { later([this, voice] { heard(voice); }); }),
      pipeline_(GST_ELEMENT(gst_object_ref_sink(gst_pipeline_new(nullptr)))),
      intake_(std::make_unique<Intake>(options, json, GST_BIN(pipeline_.get()), &sound_,
                                       static_cast<IntakeListener *>(this))) {}

Meeting::~Meeting() = default;

void Meeting::start() {
  tell(Log::Level::Info, "connecting", "announced: connecting");
  report_.write("recording");
  BusPtr bus(gst_element_get_bus(pipeline_.get()));
  watch_.reset(gst_bus_create_watch(bus.get()));
  g_source_set_callback(watch_.get(), G_SOURCE_FUNC(on_message), this, nullptr);
  g_source_attach(watch_.get(), nullptr);
  const auto tick = [](gpointer self) -> gboolean {
    static_cast<Meeting *>(self)->emit();
    return G_SOURCE_CONTINUE;
  };
  emitting_ = every(kEmit_ms, tick, this);
  // What goes wrong comes as a message.
  gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING);
}

void Meeting::notify(const std::string &json) {
  if (!ending())
    intake_->notify(json);
}

void Meeting::finish(const std::string &reason) {
  if (ending())
    return;
  const bool empty = state_ == State::Connecting;
  end(reason, "");
  if (empty)
    retire_pipeline();
  else
    intake_->send_eos();
}

// ---- from the pads -------------------------------------------------------------------

void Meeting::later(std::function<void()> fn) {
  post([alive = std::weak_ptr<Meeting *>(alive_), fn = std::move(fn)] {
    if (!alive.expired())
      fn();
  });
}

void Meeting::append(TextFile *file, const std::string &text) {
  if (file->append(text))
    return;
  const int failure = errno;
  later([this, path = file->path(), failure] {
    break_off(failure == ENOSPC, path + " cannot be written: " + std::strerror(failure) + ".");
  });
}

void Meeting::intake_transcript(const Line &line) {
  append(&vtt_, vtt_cue(line.start, line.end, line.speaker, line.text));
}

// One object a line: that is how the service's JSON comes.
void Meeting::intake_chat(const Line &line) {
  append(&chat_, line.text + "\n");
}

void Meeting::intake_picture(GstBuffer *buffer, GstClockTime running) {
  std::lock_guard<std::mutex> lock(push_mutex_);
  if (push_)
    push_->picture(buffer, running);
}

void Meeting::intake_ended() {
  later([this] { check_ended(); });
}

void Meeting::intake_unusable(const std::string &pad) {
  later([this, pad] {
    tell(Log::Level::Warning, "not-recorded",
         "the service sends " + pad +
             " too late, or in a form that cannot be recorded: it is left out");
  });
}

void Meeting::heard(const Voice &voice) {
  voices_ += !voice.who.empty();
  report_.heard(voice);
  report_.write("recording");
  if (voice.who.empty())
    return;
  const std::string name = voice.name.empty() ? voice.who : voice.name;
  tell(Log::Level::Info, "speaker",
       name + (voice.track ? " is heard on track " + std::to_string(voice.track) : " is heard"),
       [&](JsonWriter &writer) {
         writer.member("user_id", voice.who)
             .member("user_name", voice.name)
             .member("track", static_cast<int64_t>(voice.track));
       });
}

// ---- from the bus --------------------------------------------------------------------

gboolean Meeting::on_message(GstBus *, GstMessage *message, gpointer self) {
  static_cast<Meeting *>(self)->message(message);
  return G_SOURCE_CONTINUE;
}

void Meeting::message(GstMessage *message) {
  GstProgressType progress = GST_PROGRESS_TYPE_START;
  switch (GST_MESSAGE_TYPE(message)) {
    case GST_MESSAGE_EOS:
      end("the stream ended", "");
      retire_pipeline();
      break;
    case GST_MESSAGE_ERROR:
      error(message);
      break;
    case GST_MESSAGE_WARNING:
      warning(message);
      break;
    case GST_MESSAGE_LATENCY:
      if (pipeline_)
        gst_bin_recalculate_latency(GST_BIN(pipeline_.get()));
      break;
    case GST_MESSAGE_PROGRESS:
      gst_message_parse_progress(message, &progress, nullptr, nullptr);
      if (progress == GST_PROGRESS_TYPE_COMPLETE && state_ == State::Connecting)
        connected();
      break;
    case GST_MESSAGE_ELEMENT:
      element_message(gst_message_get_structure(message));
      break;
    default:
      break;
  }
}

// All pads but those of further speakers are there.
void Meeting::connected() {
  const std::string problem =
      add_container(options_, folder_, GST_BIN(pipeline_.get()), intake_->waiting(), &sound_);
  if (!problem.empty()) {
    end("", "GStreamer could not link " + problem + ".");
    retire_pipeline();
    return;
  }
  state_ = State::Recording;
  report_.add_file(file_name(options_));
  report_.write("recording");
  if (!options_.rtmp.empty()) {
    std::lock_guard<std::mutex> lock(push_mutex_);
    push_ = std::make_unique<Push>(
        push_url(options_.rtmp, hook_.stream_id,
                 hook_.meeting_id.empty() ? hook_.id : hook_.meeting_id),
        pipeline_.get(), sound_.caps(), [this](bool good, const std::string &text) {
          tell(good ? Log::Level::Info : Log::Level::Warning, good ? "push" : "push-failed", text);
        });
    sound_.set_listener([this](GstBuffer *buffer) {
      if (push_)
        push_->sound(buffer);
    });
  }
  intake_->release();
  tell(Log::Level::Info, "recording", "recording");
}

void Meeting::error(GstMessage *message) {
  GError *raw_error = nullptr;
  gst_message_parse_error(message, &raw_error, nullptr);
  ErrorPtr failure(raw_error);
  GstObject *source = GST_MESSAGE_SRC(message);
  if (source == GST_OBJECT(intake_->element())) {
    const bool empty = state_ == State::Connecting;
    end("", failure->message);
    // The source sends EOS behind its error: what came before it is kept.
    if (empty)
      retire_pipeline();
    return;
  }
  if (Sound::is_input(source)) {
    tell(Log::Level::Warning, "not-recorded",
         std::string("somebody's sound is left out: ") + failure->message);
    return;
  }
  break_off(g_error_matches(failure.get(), GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NO_SPACE_LEFT),
            failure->message);
}

void Meeting::warning(GstMessage *message) {
  GError *raw_error = nullptr;
  gst_message_parse_warning(message, &raw_error, nullptr);
  ErrorPtr failure(raw_error);
  tell(Log::Level::Warning, "warning", failure->message);
}

void Meeting::element_message(const GstStructure *structure) {
  const std::string kind = gst_structure_get_name(structure);
  const auto text = [&](const char *field) {
    const char *value = gst_structure_get_string(structure, field);
    return std::string(value ? value : "");
  };
  guint64 user = 0;
  gst_structure_get_uint64(structure, "user-id", &user);
  if (kind == "rtms-participant-joined") {
    report_.joined(user, text("user-name"), g_get_real_time());
  } else if (kind == "rtms-participant-left") {
    report_.left(user, g_get_real_time());
  } else if (kind == "rtms-stream-state" && text("state") == "terminated") {
    reason_ = "the stream ended: " + text("reason");
  } else if (kind == "rtms-connection" && text("state") == "reconnecting") {
    tell(Log::Level::Warning, "reconnecting", "lost " + text("media") + ": reconnecting");
  } else if (kind == "rtms-connection" && text("state") == "closed" &&
             text("media") == "signaling") {
    stream_over_ = true;
    check_ended();
  }
}

// ---- while it runs -------------------------------------------------------------------

GstClockTime Meeting::now() const {
  const GstClockTime time = gst_element_get_current_running_time(pipeline_.get());
  return GST_CLOCK_TIME_IS_VALID(time) ? time : 0;
}

void Meeting::emit() {
  if (state_ == State::Recording || (state_ == State::Ending && pipeline_))
    sound_.emit(now());
}

void Meeting::watch() {
  if (state_ == State::Gone)
    return;
  const uint64_t before = bytes_;
  stats_ = intake_->stats();
  bytes_ = counter(stats_.get(), "bytes");
  bits_per_second_ = 8 * (bytes_ - std::min(before, bytes_));
  file_bytes_ = size_of_file(folder_ + "/" + file_name(options_));
  if (push_)
    push_->watch();
}

Status Meeting::status() const {
  constexpr const char *kStates[] = {"connecting", "recording", "ending", "ending"};
  Status status;
  status.name = name();
  status.stream = hook_.stream_id;
  status.state = kStates[static_cast<int>(state_)];
  status.seconds = (g_get_real_time() - started_us_) / G_USEC_PER_SEC;
  status.bits_per_second = bits_per_second_;
  status.file_bytes = file_bytes_;
  status.voices = voices_;
  status.pushing = !options_.rtmp.empty();
  status.pushed = push_ && push_->connected();
  status.push_attempts = push_ ? push_->attempts() : 0;
  status.stats.reset(stats_ ? gst_structure_copy(stats_.get()) : nullptr);
  return status;
}

std::string Meeting::name() const {
  return std::filesystem::path(folder_).filename();
}

void Meeting::tell(Log::Level level, const char *event, const std::string &text,
                   const Log::Members &members) {
  log_->write(level, event, name(), text, [&](JsonWriter &writer) {
    writer.member("stream_id", shown(hook_.stream_id, 256));
    if (members)
      members(writer);
  });
}

}  // namespace rtms::recorder
