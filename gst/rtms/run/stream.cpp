// SPDX-License-Identifier: LGPL-2.1-or-later
#include "stream.h"

#include "base/loopthread.h"
#include "messages.h"

#include <algorithm>

#define GST_CAT_DEFAULT gst_rtms_src_debug

namespace rtms {
namespace {

// By how much reading may be late, in ms.
unsigned round_time(const Settings &settings) {
  constexpr unsigned kLeast_ms = 5;
  return settings.batch_time
             ? std::clamp(settings.batch_time / 2, kLeast_ms, Transport::kMostRound_ms)
             : 0;
}

OutputsConfig outputs_config(GstElement *element, const Settings &settings) {
  OutputsConfig outputs;
  const guint received = g_signal_lookup("audio-received", G_OBJECT_TYPE(element));
  if (received && g_signal_has_handler_pending(element, received, 0, TRUE))
    outputs.audio_received = received;
  outputs.limits = {settings.max_queue_bytes, settings.max_queue_time};
  outputs.latency = settings.latency * GST_MSECOND;
  outputs.buffer_data = settings.buffer_data && (settings.media_types & media_bit(Media::Audio));
  outputs.transcript_json = settings.transcript_format == GST_RTMS_SRC_TRANSCRIPT_JSON;
  outputs.transcript_markup = settings.transcript_format == GST_RTMS_SRC_TRANSCRIPT_MARKUP;
  outputs.transcript_speaker = settings.transcript_speaker;
  outputs.text_wait = settings.text_wait * GST_MSECOND;
  outputs.batch_ms = settings.batch_time;
  outputs.round_ms = round_time(settings);
  outputs.share_thread = settings.share_thread;
  outputs.stall_wait_ms = settings.stall_wait;
  outputs.replay_wait_ms = settings.replay_wait;
  outputs.empty_pads = settings.empty_pads;
  outputs.fill_black = settings.fill == GST_RTMS_SRC_FILL_BLACK;
  return outputs;
}

void close_later(LoopThread *thread, const std::unique_ptr<Session> *session) {
  thread->post([session] {
    if (*session)
      (*session)->stop(nullptr);
  });
}

// A Contact Center call has its own event numbers.
bool somebody_left(Product product, int64_t type) {
  const bool center = product == Product::ContactCenter;
  return type == static_cast<int64_t>(EventType::ParticipantLeave) ||
         (center && (type == static_cast<int64_t>(ContactCenterEvent::ConsumerEnd) ||
                     type == static_cast<int64_t>(ContactCenterEvent::UserEnd) ||
                     type == static_cast<int64_t>(ContactCenterEvent::TransferEnd) ||
                     type == static_cast<int64_t>(ContactCenterEvent::ConferenceEnd)));
}

bool somebody_came(Product product, int64_t type) {
  const bool center = product == Product::ContactCenter;
  return type == static_cast<int64_t>(EventType::ParticipantJoin) ||
         (center && (type == static_cast<int64_t>(ContactCenterEvent::ConsumerAnswered) ||
                     type == static_cast<int64_t>(ContactCenterEvent::UserAnswered)));
}

// In a Contact Center call the number has another meaning.
bool is_camera_off(Product product, int64_t type) {
  return product != Product::ContactCenter &&
         type == static_cast<int64_t>(EventType::ParticipantVideoOff);
}

}  // namespace

Stream::Stream(GstElement *element, const Settings &settings, Stats *stats, LoopThread *thread)
    : element_(element),
      settings_(settings),
      thread_(thread),
      session_log_(CategoryLog::Room::Session, element),
      stats_(stats),
      outputs_(element, outputs_config(element, settings), stats, &roster_,
               {[this](std::function<void()> fn) { thread_->post(std::move(fn)); },
                [this](GstFlowReturn flow) {
                  thread_->post([this, flow] {
                    if (!over_ && flow != GST_FLOW_EOS)
                      GST_ELEMENT_FLOW_ERROR(element_, flow);
                    end("no pad has a peer that accepts data");
                  });
                },
                [this] {
                  if (before_poll_)
                    before_poll_->ask();
                },
                [this] { return thread_->read_until_us(); }}),
      progress_(element) {}

void Stream::connect(SessionConfig config) {
  WebSocketOptions options;
  options.tls_database = settings_.tls_database;
  options.tls_validation_flags = static_cast<GTlsCertificateFlags>(settings_.tls_validation_flags);
  options.proxy = settings_.proxy;
  options.user_agent = settings_.user_agent;
  options.max_message_size = settings_.max_message_size;
  options.round_ms = round_time(settings_);
  options.permit = config.permit;
  product_ = config.who.product;
  outputs_.set_stream(product_, config.who.stream_id, config.media, config.params);
  before_poll_ = std::make_unique<BeforePoll>([this] { outputs_.wake(); });
  transports_ = std::make_unique<WebSocketFactory>(std::move(options), thread_->operations());
  session_ = std::make_unique<Session>(std::move(config), transports_.get(), &session_log_, this);
  if (released_)
    session_->release();
  progress_.step("Connecting to the stream");
  session_->start();
}

void Stream::release(GstClockTime in) {
  if (in > 0) {
    release_.start(static_cast<unsigned>(in / GST_MSECOND + 1), [this] {
      if (outputs_.time().playing())
        release(0);
    });
    return;
  }
  released_ = true;
  if (session_)
    session_->release();
}

void Stream::shut_down(std::function<void()> done) {
  over_ = true;
  release_.stop();
  progress_.cancel("Connecting was interrupted");
  const auto finish = [this, done = std::move(done)] {
    session_.reset();
    transports_.reset();
    outputs_.forget();
    before_poll_.reset();
    done();
  };
  if (!session_)
    return finish();
  // Posted, because the caller may be inside the session.
  session_->stop([this, finish] { thread_->post(finish); });
}

void Stream::end(const char *why, guint32 seqnum) {
  if (over_)
    return;
  over_ = true;
  close_later(thread_, &session_);
  GST_INFO_OBJECT(element_, "end of stream: %s", why);
  const bool has_pads = outputs_.end_all(seqnum), was_asked_for = seqnum != GST_SEQNUM_INVALID;
  SessionError error;
  error.kind = SessionError::Kind::Ended;
  error.text = std::string("The stream ended before any data arrived: ") + why + ".";
  if (has_pads || was_asked_for)
    progress_.cancel(std::string("Connecting was interrupted: ") + why);
  else
    progress_.fail(error.text);
  if (!has_pads)
    post_error(element_, error);
}

// Posted before an error: the application may answer the error with a shutdown, which must be
// handled after this.
void Stream::session_connection(ConnectionState state, MediaMask media, unsigned attempt) {
  post_connection(element_, state, media, attempt);
  if (state != ConnectionState::Streaming)
    return;
  outputs_.restored(media);
  for (Media m : kAllMedia)
    if (media & streamed_ & media_bit(m))
      ++stats_->of(m).reconnects;
  if (!media && signaled_)
    ++stats_->signaling.reconnects;
  signaled_ |= !media;
  streamed_ |= media;
}

void Stream::session_first_retry(const SessionError &why, unsigned attempt) {
  if (!over_)
    progress_.step("Trying again (try " + std::to_string(attempt + 1) + "): " + why.text);
}

void Stream::session_negotiated(Media media, const MediaParams &params) {
  if (over_)
    return;
  outputs_.negotiated(media, params);
}

void Stream::session_all_negotiated() {
  if (over_)
    return;
  progress_.complete("Connected");
  outputs_.all_negotiated();
}

void Stream::session_media(const MediaData &data) {
  if (over_)
    return;
  outputs_.push(data);
}

void Stream::session_event(const EventUpdate &event) {
  if (event.type == static_cast<int64_t>(EventType::FirstPacketTimestamp) && event.timestamp > 0)
    outputs_.time().timeline().first_packet(event.timestamp);
  EventUpdate named = event;
  roster_.update(&named);
  post_event(element_, product_, named);
  if (somebody_came(product_, event.type))
    for (const Participant &participant : event.participants)
      outputs_.participants().came(participant);
  if (somebody_left(product_, event.type))
    for (const Participant &participant : event.participants)
      outputs_.participants().left(participant, event.timestamp);
  if (is_camera_off(product_, event.type))
    for (const Participant &participant : event.participants)
      outputs_.camera_off(participant.user_id, event.timestamp);
  if (event.type == static_cast<int64_t>(EventType::SharingStop))
    outputs_.share_off(event.timestamp);
}

void Stream::session_stream_state(const StreamStateUpdate &update) {
  post_stream_state(element_, update);
}

void Stream::session_session_state(const SessionStateUpdate &update) {
  post_session_state(element_, update);
}

void Stream::session_media_lost(MediaMask media) {
  outputs_.lost(media);
}

void Stream::session_keep_alive(MediaMask media) {
  outputs_.time().alive(media);
  for (Media m : kAllMedia)
    if (media & media_bit(m)) {
      ++stats_->of(m).keep_alives;
      return;
    }
  ++stats_->signaling.keep_alives;
}

void Stream::session_ignored(const std::string &what) {
  GST_DEBUG_OBJECT(element_, "ignored: %s", what.c_str());
  ++stats_->signaling.ignored;
}

void Stream::session_warning(const SessionError &warning) {
  post_warning(element_, warning);
}

void Stream::session_media_ended(MediaMask media, const SessionError &why) {
  post_warning(element_, why);
  if (!over_)
    outputs_.end(media);
}

void Stream::session_failed(const SessionError &error) {
  if (over_)
    return;
  over_ = true;
  close_later(thread_, &session_);
  progress_.fail(error.text);
  post_error(element_, error);
  outputs_.end_all();
}

void Stream::session_ended() {
  end("the service has ended the stream");
}

}  // namespace rtms
