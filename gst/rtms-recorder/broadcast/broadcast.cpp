// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broadcast.h"

#include "settings/rtmpurl.h"
#include "stage/encoderdelay.h"

#include <algorithm>
#include <utility>

namespace rtms::recorder {
namespace {

using program::Input;

// The latency of the live audio: its own wait, and a margin for a busy machine.
constexpr GstClockTime kUpstream = GST_SECOND;
// Shorter files contain no frames.
constexpr GstClockTime kShortest = GST_SECOND;

program::Size size_of(const std::string &resolution) {
  if (resolution == "hd")
    return {1280, 720};
  if (resolution == "fhd")
    return {1920, 1080};
  return resolution == "qhd" ? program::Size{2560, 1440} : program::Size{640, 360};
}

const char *name_of(Input input) {
  return input == Input::Camera ? "video" : "screen";
}

std::string url_of(const Options &options, const Webhook &hook) {
  return push_url(options.program.rtmp, hook.stream_id,
                  hook.meeting_id.empty() ? hook.id : hook.meeting_id);
}

std::string why_not(GstElement *pipeline) {
  const BusPtr bus(gst_element_get_bus(pipeline));
  const MessagePtr message(gst_bus_pop_filtered(bus.get(), GST_MESSAGE_ERROR));
  if (!message)
    return "its elements cannot be started.";
  GError *raw_error = nullptr;
  gst_message_parse_error(message.get(), &raw_error, nullptr);
  return ErrorPtr(raw_error)->message;
}

}  // namespace

Broadcast::Broadcast(const Options &options, const Webhook &hook, const std::string &folder,
                     Sound *sound, const SubjectLog *log)
    : options_(options),
      path_(folder + "/" + options.program.file),
      url_(url_of(options, hook)),
      sound_(sound),
      log_(log),
      file_(options.program.file.empty() ? nullptr
                                         : std::make_unique<GrowingFile>(path_, &worker_, log)),
      pipeline_(GST_ELEMENT(gst_object_ref_sink(gst_pipeline_new(nullptr)))),
      observer_(pipeline_.get(), &scene_) {
  scene_.set_layout(options.program.layout);
  scene_.show_names(options.program.name_tags);
}

Broadcast::~Broadcast() = default;

// ---- start ---------------------------------------------------------------------------

void Broadcast::look(GstElement *recording, GstClockTime now) {
  if (state_ != State::Waiting)
    return;
  const auto lead = edge_.look(now, sound_->anything(), sound_->length() + sound_->late().waiting);
  if (!lead)
    return;
  state_ = State::Starting;
  GstElement *pipeline = pipeline_.get();
  const ClockPtr clock(gst_pipeline_get_clock(GST_PIPELINE(recording)));
  const GstClockTime base = gst_element_get_base_time(recording);
  gst_pipeline_use_clock(GST_PIPELINE(pipeline), clock.get());
  gst_element_set_start_time(pipeline, GST_CLOCK_TIME_NONE);
  gst_element_set_base_time(pipeline, base - std::min(base, *lead));
  // Runs on the worker, because opening the file and reading the image may block.
  const auto problem = std::make_shared<std::string>();
  worker_.run([this, problem] { *problem = start(); }, [this, problem] { started(*problem); });
}

bool Broadcast::prepare(std::string *problem) {
  program::VideoSettings settings;
  settings.size = size_of(options_.program.resolution);
  settings.slate.location = options_.program.slate;
  const GstClockTime delay = program::encoder_delay(stage_->audio());
  if (stage_->prepare(settings, delay, problem))
    return true;
  no_slate_ = options_.program.slate + " cannot be shown: " + *problem +
              " The program shows black instead. Give --slate a PNG or JPEG file.";
  problem->clear();
  settings.slate.location.clear();
  return stage_->prepare(settings, delay, problem);
}

// Runs on the worker.
std::string Broadcast::start() {
  GstElement *pipeline = pipeline_.get();
  stage_ = std::make_unique<program::Stage>(GST_BIN(pipeline), &scene_, [](int, GstClockTime) {});
  if (!stage_->missing().empty())
    return "GStreamer's element " + stage_->missing() + " is missing.";
  Encoder::Output output{size_of(options_.program.resolution).height, ""};
  if (!options_.program.file.empty())
    output.path = path_;
  encoder_ = std::make_unique<Encoder>(GST_BIN(pipeline), stage_->video(), stage_->audio(), output,
                                       [this](bool video, GstBuffer *buffer, GstCaps *caps) {
                                         std::lock_guard<std::mutex> lock(push_mutex_);
                                         if (push_)
                                           push_->media(video, buffer, caps);
                                       });
  std::string problem;
  if (!encoder_->good())
    return "GStreamer could not link the encoders.";
  if (!prepare(&problem))
    return problem;
  stage_->set_upstream_latency(kUpstream);
  gst_element_set_state(pipeline, GST_STATE_READY);
  const ClockPtr clock(gst_pipeline_get_pipeline_clock(GST_PIPELINE(pipeline)));
  began_ = gst_clock_get_time(clock.get()) - gst_element_get_base_time(pipeline);
  if (gst_element_set_state(pipeline, GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE)
    return why_not(pipeline);
  stage_->begin(began_);
  return "";
}

void Broadcast::started(const std::string &problem) {
  state_ = State::Running;
  started_ = true;
  if (!no_slate_.empty())
    log_->write(Log::Level::Warning, "slate", no_slate_);
  BusPtr bus(gst_element_get_bus(pipeline_.get()));
  watch_.reset(gst_bus_create_watch(bus.get()));
  g_source_set_callback(watch_.get(), G_SOURCE_FUNC(on_message), this, nullptr);
  g_source_attach(watch_.get(), nullptr);
  if (!problem.empty()) {
    fail(problem);
    return;
  }
  open();
  if (!options_.program.rtmp.empty()) {
    auto push = std::make_unique<Push>(url_, pipeline_.get(),
                                       [log = log_](bool good, const std::string &text) {
                                         log->write(good ? Log::Level::Info : Log::Level::Warning,
                                                    good ? "push" : "push-failed", text);
                                       });
    std::lock_guard<std::mutex> lock(push_mutex_);
    push_ = std::move(push);
  }
  if (done_)
    end();
}

void Broadcast::open() {
  const CapsPtr caps = sound_caps(options_.audio_rate);
  audio_ = std::make_unique<Entrance>(GST_BIN(pipeline_.get()), "audio", caps.get());
  stage_->add("audio", audio_->exit());
  sound_->set_listener([this](GstBuffer *buffer) {
    if (audio_)
      audio_->push(BufferPtr(gst_buffer_ref(buffer)));
  });
  std::lock_guard<std::mutex> lock(mutex_);
  open_ = true;
  for (Input input : {Input::Camera, Input::Screen})
    if (ways_[static_cast<std::size_t>(input)].caps)
      connect(input);
}

// The caller holds mutex_.
void Broadcast::connect(Input input) {
  Way &way = ways_[static_cast<std::size_t>(input)];
  way.entrance =
      std::make_unique<Entrance>(GST_BIN(pipeline_.get()), name_of(input), way.caps.get());
  stage_->add(name_of(input), way.entrance->exit());
  for (BufferPtr &buffer : way.before.take())
    way.entrance->push(std::move(buffer));
}

// ---- events of the intake ------------------------------------------------------------

void Broadcast::tap_buffer(Input input, GstPad *pad, GstBuffer *buffer) {
  const GstClockTime start = running_time(pad, GST_BUFFER_PTS(buffer));
  if (!GST_CLOCK_TIME_IS_VALID(start))
    return;
  std::lock_guard<std::mutex> lock(mutex_);
  if (over_)
    return;
  Way &way = ways_[static_cast<std::size_t>(input)];
  // A black frame for a camera that is off.
  if (GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_GAP)) {
    way.before.clear();
    if (way.entrance)
      way.entrance->gap(start, GST_BUFFER_DURATION(buffer));
    return;
  }
  BufferPtr copy(gst_buffer_copy(buffer));
  GST_BUFFER_PTS(copy.get()) = start;
  GST_BUFFER_DTS(copy.get()) = GST_CLOCK_TIME_NONE;
  if (way.entrance)
    way.entrance->push(std::move(copy));
  else
    way.before.add(std::move(copy));
}

void Broadcast::tap_event(Input input, GstPad *pad, GstEvent *event) {
  if (input == Input::Camera)
    observer_.tags(event);
  GstClockTime start = 0, duration = 0;
  GstGapFlags flags{};
  GstCaps *caps = nullptr;
  std::lock_guard<std::mutex> lock(mutex_);
  Way &way = ways_[static_cast<std::size_t>(input)];
  switch (GST_EVENT_TYPE(event)) {
    case GST_EVENT_CAPS:
      gst_event_parse_caps(event, &caps);
      way.caps.reset(gst_caps_ref(caps));
      if (way.entrance)
        way.entrance->set_caps(caps);
      else if (open_)
        connect(input);
      break;
    case GST_EVENT_GAP:
      gst_event_parse_gap(event, &start, &duration);
      gst_event_parse_gap_flags(event, &flags);
      start = running_time(pad, start);
      if (way.entrance && GST_CLOCK_TIME_IS_VALID(start))
        way.entrance->gap(start, duration, flags);
      break;
    default:
      break;
  }
}

void Broadcast::tap_line(const Spoken &spoken, GstClockTime start) {
  if (!options_.program.captions || !spoken.is_final ||
      spoken.operation == Spoken::Operation::Delete)
    return;
  std::lock_guard<std::mutex> lock(mutex_);
  if (over_)
    return;
  const int64_t length_ms = std::max<int64_t>(spoken.end_ms - spoken.start_ms, 0);
  scene_.caption(start, static_cast<GstClockTime>(length_ms) * GST_MSECOND, spoken.text);
}

// ---- state ---------------------------------------------------------------------------

void Broadcast::watch() {
  if (file_ && has_file())
    file_->ask();
  if (push_)
    push_->watch();
}

gboolean Broadcast::on_message(GstBus *, GstMessage *message, gpointer data) {
  auto self = static_cast<Broadcast *>(data);
  switch (GST_MESSAGE_TYPE(message)) {
    case GST_MESSAGE_ERROR:
      self->error(message);
      break;
    case GST_MESSAGE_EOS:
      if (!self->failed_)  // else of the file, which has failed
        self->retire_pipeline();
      break;
    case GST_MESSAGE_LATENCY:
      gst_bin_recalculate_latency(GST_BIN(self->pipeline_.get()));
      break;
    default:
      break;
  }
  return G_SOURCE_CONTINUE;
}

void Broadcast::error(GstMessage *message) {
  GstObject *of = GST_MESSAGE_SRC(message);
  if (!encoder_->has(of) && stage_->mends(of))
    return;
  GError *raw_error = nullptr;
  gst_message_parse_error(message, &raw_error, nullptr);
  const ErrorPtr failure(raw_error);
  if (push_ && encoder_->writes(of))
    lose_file(failure->message);
  else
    fail(failure->message);
}

void Broadcast::lose_file(const std::string &why) {
  if (std::exchange(failed_, true))
    return;
  log_->write(Log::Level::Warning, "program-failed",
              "the file " + options_.program.file +
                  " ends here, the broadcast and the recording of the meeting do not: " + why);
  if (state_ == State::Ending)
    retire_pipeline();
}

// ---- the end -------------------------------------------------------------------------

void Broadcast::close(unsigned most_ms, std::function<void()> done) {
  most_ms_ = most_ms;
  done_ = std::move(done);
  if (state_ == State::Waiting || state_ == State::Gone)
    gone();
  else if (state_ == State::Running)
    end();
}

void Broadcast::end() {
  if (failed_) {  // without its file the pipeline has no end
    retire_pipeline();
    return;
  }
  state_ = State::Ending;
  stage_->end_at(std::max(sound_->length(), began_ + kShortest));
  deadline_.start(most_ms_, [this] { fail("It was not finished within --stop-timeout."); });
}

void Broadcast::fail(const std::string &why) {
  if (state_ >= State::Retiring)
    return;
  log_->write(Log::Level::Warning, "program-failed",
              "the program of the meeting ends here, its recording does not: " + why);
  failed_ = true;
  retire_pipeline();
}

void Broadcast::retire_pipeline() {
  if (state_ >= State::Retiring)
    return;
  state_ = State::Retiring;
  deadline_.stop();
  end_push();
  watch_.reset();
  sound_->set_listener(nullptr);
  std::array<Way, 2> ways;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    open_ = false;
    over_ = true;
    ways.swap(ways_);
  }
  audio_.reset();
  retire(ElementPtr(GST_ELEMENT(gst_object_ref(pipeline_.get()))), 0, [this] {
    if (stage_ && stage_->missing().empty())
      stage_->stop();
    gone();
  });
}

void Broadcast::end_push() {
  if (!push_)
    return;
  push_summary_ = push_->summary();
  std::unique_ptr<Push> ended;  // outside the lock
  std::lock_guard<std::mutex> lock(push_mutex_);
  ended.swap(push_);
}

void Broadcast::gone() {
  state_ = State::Gone;
  // Nobody waits for the disk: the recording's own file is next.
  if (file_ && has_file() && !failed_)
    file_->finish(false, [](const std::string &) {});
  if (done_)
    std::exchange(done_, nullptr)();
}

}  // namespace rtms::recorder
