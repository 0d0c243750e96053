// SPDX-License-Identifier: LGPL-2.1-or-later
#include "run.h"

#include "announcement.h"
#include "base/loopthread.h"
#include "base/worker.h"
#include "debug.h"
#include "identity.h"
#include "listen.h"
#include "messages.h"
#include "pad/gstrtmssrcpad.h"
#include "pad/padpush.h"
#include "pad/participantmeta.h"
#include "sessionconfig.h"
#include "stream.h"

#include <condition_variable>
#include <mutex>

#define GST_CAT_DEFAULT gst_rtms_src_debug

namespace rtms {

// The stream is known, or a webhook will announce it.
struct Run::Start {
  std::optional<SessionConfig> known;
  std::unique_ptr<WebhookListener> listener;
  std::shared_ptr<LoopThread> thread;
};

namespace {

void warn_of_credentials(GstElement *element, const Settings &settings) {
  if (!has_credentials(settings))
    GST_ELEMENT_WARNING(
        element, RESOURCE, SETTINGS,
        ("client-id or client-secret is not set: the element can connect to a stream only if the "
         "webhook holds a signature. Set ZM_RTMS_CLIENT and ZM_RTMS_SECRET in the environment, or "
         "the properties."),
        (nullptr));
}

}  // namespace

void Run::init() {
  init_debug_categories();
  register_participant_meta();
}

GType Run::pad_type() {
  return GST_TYPE_RTMS_SRC_PAD;
}

Run::Result Run::create(GstElement *element, Settings settings) {
  auto trusted = tls_database(settings);
  if (auto bad = std::get_if<BadSetting>(&trusted))
    return *bad;
  settings.tls_database = std::get<TlsDatabase>(trusted);
  Start start;
  if (settings.webhook_listen.empty()) {
    auto checked = session_config(settings);
    if (auto bad = std::get_if<BadSetting>(&checked))
      return *bad;
    start.known = std::get<SessionConfig>(std::move(checked));
  } else {
    auto listening = open_listener(settings);
    if (auto bad = std::get_if<BadSetting>(&listening))
      return *bad;
    start.listener = std::get<std::unique_ptr<WebhookListener>>(std::move(listening));
    warn_of_credentials(element, settings);
  }
  start.thread = LoopThread::get(settings.context);
  if (!start.thread)
    return BadSetting{kNoThread, true};
  return std::unique_ptr<Run>(new Run(element, settings, std::move(start)));
}

Run::Run(GstElement *element, const Settings &settings, Start start)
    : element_(element),
      thread_(std::move(start.thread)),
      webhook_log_(std::make_unique<CategoryLog>(CategoryLog::Room::Webhook, element)),
      stats_(std::make_unique<Stats>()),
      stream_(std::make_unique<Stream>(element, settings, stats_.get(), thread_.get())),
      announcement_(std::make_unique<Announcement>(element, settings, stream_.get(),
                                                   std::move(start.listener),
                                                   start.known ? &*start.known : nullptr)),
      start_(std::make_unique<Start>(std::move(start))) {}

void Run::begin() {
  // Posted during the state change: gst-launch-1.0 then waits for the meeting in PAUSED, so that
  // recordings begin with the meeting.
  if (const std::string url = webhook_url(); !start_->known) {
    GST_INFO_OBJECT(element_, "listening at %s", url.c_str());
    post_listening(element_, url);
    stream_->progress().step("Waiting for a stream to be announced at " + url);
  }
  thread_->post([this, start = std::shared_ptr<Start>(std::move(start_))] {
    if (start->known)
      stream_->connect(std::move(*start->known));
    else
      announcement_->listen(webhook_log_.get());
  });
}

Run::~Run() {
  std::mutex mutex;
  std::condition_variable changed;
  bool down = false;
  thread_->post([&] {
    announcement_->close();
    stream_->shut_down([&] {
      std::lock_guard<std::mutex> lock(mutex);
      down = true;
      changed.notify_all();
    });
  });
  {
    std::unique_lock<std::mutex> lock(mutex);
    changed.wait(lock, [&] { return down; });
  }
  // The pads' tasks may still use the thread, which other elements may share.
  stream_->outputs().pads().close();
  thread_->flush();
  thread_.reset();
}

void Run::set_playing(bool playing) {
  StreamTime &time = stream_->outputs().time();
  time.set_playing(playing);
  if (playing)
    thread_->post([this, in = time.until_start()] { stream_->release(in); });
}

void Run::stop_pads() {
  stream_->outputs().pads().stop();
}

void Run::set_latency(GstClockTime latency) {
  stream_->outputs().time().latency()->min = latency;
}

void Run::answer_latency(GstQuery *query) const {
  stream_->outputs().time().latency()->answer(query);
}

void Run::send_eos(guint32 seqnum) {
  thread_->post([this, seqnum] {
    const auto end = [this, seqnum] { stream_->end("EOS was asked for", seqnum); };
    // Nobody else has what the service has sent already.
    if (Session *session = stream_->session(); session && !stream_->is_over())
      session->take_rest(end);
    else
      end();
  });
}

void Run::send_event(EventPtr event) {
  thread_->post([this, event = std::shared_ptr<GstEvent>(std::move(event))] {
    const bool sticky = GST_EVENT_IS_STICKY(event.get());
    stream_->outputs().pads().for_each([&event, sticky](Output &output) {
      // Nobody takes it from the queue of a pad that is not linked.
      if (sticky || gst_rtms_src_pad_is_linked(output.pad()))
        gst_rtms_src_pad_enqueue_event(output.pad(), EventPtr(gst_event_ref(event.get())));
    });
  });
}

void Run::subscribe_video(uint64_t user_id, bool subscribe) {
  thread_->post([this, user_id, subscribe] {
    if (Session *session = stream_->session())
      session->subscribe_video(user_id, subscribe);
  });
}

void Run::close_stream() {
  thread_->post([this] {
    if (Session *session = stream_->session())
      session->close_stream();
  });
}

std::optional<BadSetting> Run::rejoin(const Settings &settings, const std::string &webhook) {
  auto read = read_announcement(webhook, "webhook");
  if (auto bad = std::get_if<BadSetting>(&read))
    return *bad;
  thread_->post([this, settings, hook = std::get<Webhook>(std::move(read))] {
    if (auto bad = announcement_->rejoin(settings, hook))
      post_rejoin_warning(element_, bad->text);
  });
  return std::nullopt;
}

std::optional<BadSetting> Run::notify(const std::string &webhook) {
  auto parsed = parse_webhook(webhook);
  auto hook = std::get_if<Webhook>(&parsed);
  const WebhookEvent event = hook ? webhook_event(hook->event) : WebhookEvent::Other;
  if (event == WebhookEvent::Other || hook->stream_id.empty())
    return BadSetting{
        "The text is not a webhook about a stream. Valid are *.rtms_started, *.rtms_interrupted "
        "and *.rtms_stopped with an rtms_stream_id."};
  thread_->post([this, event, hook = std::move(*hook)] { announcement_->notice(event, hook); });
  return std::nullopt;
}

const std::string &Run::webhook_url() const {
  return announcement_->url();
}

StructurePtr Run::stats() {
  stream_->outputs().pads().update_levels();
  return stats_structure(*stats_);
}

bool Run::is_own_thread() const {
  return thread_->is_current() || is_pushing(element_);
}

StructurePtr empty_stats() {
  return stats_structure(Stats());
}

}  // namespace rtms
