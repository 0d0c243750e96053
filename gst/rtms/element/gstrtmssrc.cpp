// SPDX-License-Identifier: LGPL-2.1-or-later
/**
 * SECTION:element-rtmssrc
 * @title: rtmssrc
 * @short_description: receives a meeting's live media over RTMS
 *
 * rtmssrc connects to a stream of RTMS (Zoom Realtime Media Streams) and has a source pad for each
 * kind of media that the service offers: audio, camera video, screen share, transcript and chat. It
 * is a live source.
 *
 * A webhook of the service announces the stream. You pass it to the element
 * (#GstRtmsSrc:webhook, #GstRtmsSrc:webhook-location), or the element receives the webhook itself
 * (#GstRtmsSrc:webhook-listen). The element authenticates with the client id and the client secret
 * of your Zoom app. Keep both in the environment, as `ZM_RTMS_CLIENT` and `ZM_RTMS_SECRET`.
 *
 * ## Example launch lines
 *
 * Record a meeting to a Matroska file; with -e, Ctrl-C finalizes the file:
 * |[
 * gst-launch-1.0 -e rtmssrc webhook-location=webhook.json name=meeting fill=black \
 *     text-wait=6000 empty-pads=true \
 *   meeting.video ! queue ! h264parse ! video/x-h264,stream-format=avc3 ! mux.video_0 \
 *   meeting.audio ! queue ! mux.audio_0 \
 *   meeting.transcript ! queue ! mux.subtitle_0 \
 *   matroskamux name=mux ! filesink location=meeting.mkv
 * ]|
 *
 * Wait for a meeting and play its audio; a reverse proxy terminates TLS and passes the service's
 * webhooks on:
 * |[
 * gst-launch-1.0 rtmssrc webhook-listen=http://127.0.0.1:8080/webhook media-types=audio \
 *   ! audioconvert ! audioresample ! autoaudiosink
 * ]|
 *
 * Play the audio of a meeting that the service has announced:
 * |[
 * gst-launch-1.0 rtmssrc webhook-location=webhook.json media-types=audio \
 *   ! audioconvert ! audioresample ! autoaudiosink
 * ]|
 *
 * ## URIs
 *
 * `rtmss://HOST/PATH?stream-id=…&meeting-uuid=…` stands for the signaling URL `wss://HOST/PATH` and
 * sets properties of the stream and its media by name; `rtms://` stands for `ws://`. A URI without
 * a host sets properties only: `rtms://?media-types=audio`. A URI that holds a secret or names a
 * file is refused: pass secrets in the environment. With the client secret of the environment, the
 * element signs for the hosts in #GstRtmsSrc:uri-hosts only. Players show one video stream; with
 * `media-types=audio+video` the players show the camera.
 *
 * ## Settings
 *
 * The element reads its properties at the state change to PAUSED. A value that is missing or not
 * valid fails the state change with one error (RESOURCE/SETTINGS), which names the property, its
 * value and the valid values. Numbers outside the range of their property are no exception: the
 * element accepts them when you set them and refuses them at the state change. A property that you
 * set takes precedence over the webhook.
 *
 * ## Pads that appear later
 *
 * A pad appears when the handshake of its media connection has succeeded. The element emits
 * *no-more-pads* when the handshakes of all media connections have been answered, or when a
 * stream that has a pad ends before that; decodebin and playbin play nothing before it. With
 * #GstRtmsSrc:audio-streams=per-participant and for Contact Center, pads appear as long as the
 * stream lasts, and the element never emits *no-more-pads*: connect to *pad-added* there, and do
 * not use decodebin or playbin.
 *
 * Pads are added and removed on the thread of the connections, whose own main context is the
 * thread-default one during the signals: attach the sources of your handlers, such as a bus watch,
 * to a context of yours. The change to READY removes the remaining pads on the thread that changes
 * the state. On the thread of the connections, and in a push (in a pad probe, or in a sink behind a
 * pad), that change is refused with the error CORE/STATE_CHANGE: use gst_element_call_async().
 *
 * ## Events
 *
 * An EOS event that you send to the element (`gst-launch-1.0 -e`) is pushed on every pad after the
 * queued data; then the element closes its connections. Before the first pad there is nothing that
 * an EOS could be pushed on: the element posts an error, so that no application waits for it. TAG,
 * CUSTOM_DOWNSTREAM and CUSTOM_BOTH events that you send to the element are pushed on every pad, in
 * order with the buffers.
 *
 * ## Errors and warnings
 *
 * The element posts an error when the service refuses a request, or when a connection cannot be
 * established or restored; while other kinds of media continue, it posts a warning instead. The
 * text says what happened, why, and what to check. The details
 * (gst_message_parse_error_details()) hold `status-code` (gint) and `status-name` (string) where
 * the service answered with a status, and `http-status-code` (guint) where the server answered
 * with HTTP. PROGRESS messages with the code `connect` report the progress of the first
 * connections: START, CONTINUE, then COMPLETE, ERROR or, where a state change or EOS interrupts
 * the connecting, CANCELED.
 *
 * ## Buffers
 *
 * Each buffer of the service's media has a #GstReferenceTimestampMeta (`timestamp/x-unix`) with the
 * time of capture, and, where the participant who speaks or is shown is known, a #GstCustomMeta
 * named `GstRtmsParticipantMeta` (`user-id` guint64, `user-name` and `channel-id` string). The
 * black frames of #GstRtmsSrc:fill have neither. Pads without data push GAP events.
 *
 * Since: 0.1
 */

#include "base/environment.h"
#include "gstrtmssrcprivate.h"
#include "installer.h"
#include "properties.h"

GST_DEBUG_CATEGORY_EXTERN(gst_rtms_src_debug);
#define GST_CAT_DEFAULT gst_rtms_src_debug

namespace {

using rtms::ObjectLock;
using rtms::Run;
using rtms::RunLock;
using rtms::Settings;
using rtms::TlsDatabase;

}  // namespace

G_DEFINE_TYPE_WITH_CODE(GstRtmsSrc, gst_rtms_src, GST_TYPE_ELEMENT, rtms::Run::init();
                        G_IMPLEMENT_INTERFACE(GST_TYPE_URI_HANDLER, rtms::init_uri_handler))
GST_ELEMENT_REGISTER_DEFINE(rtmssrc, "rtmssrc", GST_RANK_PRIMARY, GST_TYPE_RTMS_SRC)

namespace {

// ---- properties ----------------------------------------------------------------------

TlsDatabase dup_database(const GValue *value) {
  auto database = static_cast<GTlsDatabase *>(g_value_dup_object(value));
  return database ? TlsDatabase(database, g_object_unref) : nullptr;
}

// Rounded up: 0 would be no limit.
int64_t us_of(uint64_t ns) {
  return static_cast<int64_t>(ns / 1000 + (ns % 1000 != 0));
}

// The one setting that a running element applies at once.
void latency_changed(GstRtmsSrc *self, unsigned latency_ms) {
  {
    RunLock lock(self);
    if (!self->run)
      return;
    if (rtms::kLatencies.holds(latency_ms))
      self->run->set_latency(latency_ms * GST_MSECOND);
  }
  if (rtms::kLatencies.holds(latency_ms))
    gst_element_post_message(GST_ELEMENT(self), gst_message_new_latency(GST_OBJECT(self)));
  else
    GST_ELEMENT_WARNING(self, RESOURCE, SETTINGS,
                        ("latency=%u is not valid. Valid are %u to %u ms. The element keeps its "
                         "previous latency.",
                         latency_ms, rtms::kLatencies.least, rtms::kLatencies.most),
                        (nullptr));
}

void set_property(GObject *object, guint id, const GValue *value, GParamSpec *spec) {
  GstRtmsSrc *self = GST_RTMS_SRC(object);
  unsigned before_ms = 0, after_ms = 0;
  {
    ObjectLock lock(self);
    before_ms = self->settings->latency;
    if (id == rtms::kTlsDatabaseProperty)
      self->settings->tls_database = dup_database(value);
    else if (id == rtms::kConnectUntilProperty)
      self->settings->connect_until->set(us_of(g_value_get_uint64(value)));
    else if (!rtms::set_setting(self->settings, id, value))
      G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
    after_ms = self->settings->latency;
  }
  if (before_ms != after_ms)
    latency_changed(self, after_ms);
}

void get_property(GObject *object, guint id, GValue *value, GParamSpec *spec) {
  GstRtmsSrc *self = GST_RTMS_SRC(object);
  if (id == rtms::kStatsProperty) {
    RunLock lock(self);
    rtms::StructurePtr stats = self->run ? self->run->stats() : rtms::empty_stats();
    g_value_take_boxed(value, stats.release());
    return;
  }
  if (id == rtms::kWebhookUrlProperty) {
    RunLock lock(self);
    const std::string url = self->run ? self->run->webhook_url() : "";
    g_value_set_string(value, url.empty() ? nullptr : url.c_str());
    return;
  }
  ObjectLock lock(self);
  if (id == rtms::kTlsDatabaseProperty)
    g_value_set_object(value, self->settings->tls_database.get());
  else if (id == rtms::kConnectUntilProperty)
    g_value_set_uint64(value,
                       static_cast<guint64>(self->settings->connect_until->until_us()) * 1000);
  else if (!rtms::get_setting(*self->settings, id, value))
    G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

// ---- state ---------------------------------------------------------------------------

bool start(GstRtmsSrc *self) {
  auto created = Run::create(GST_ELEMENT(self), rtms::copy_settings(self));
  if (auto bad = std::get_if<rtms::BadSetting>(&created)) {
    if (bad->is_of_system)
      GST_ELEMENT_ERROR(self, RESOURCE, FAILED, ("%s", bad->text.c_str()), (nullptr));
    else
      GST_ELEMENT_ERROR(self, RESOURCE, SETTINGS, ("%s", bad->text.c_str()), (nullptr));
    return false;
  }
  Run *run = std::get<std::unique_ptr<Run>>(created).release();
  {
    RunLock lock(self);
    self->run = run;
  }
  run->begin();  // posts a message whose handlers may use the element
  return true;
}

void stop(GstRtmsSrc *self) {
  Run *run = nullptr;
  {
    RunLock lock(self);
    std::swap(run, self->run);
  }
  delete run;
}

void set_playing(GstRtmsSrc *self, bool playing) {
  RunLock lock(self);
  if (self->run)
    self->run->set_playing(playing);
}

// Stops all pads at once: one after another, each blocked pad would take its own time. Flushing
// calls downstream elements, so no lock is held; only a state change, such as the current one, ends
// `run`.
void stop_pads(GstRtmsSrc *self) {
  Run *run = nullptr;
  {
    RunLock lock(self);
    run = self->run;
  }
  if (run)
    run->stop_pads();
}

// A callback on the element's own thread changes the state.
bool is_own_thread(GstRtmsSrc *self) {
  RunLock lock(self);
  return self->run && self->run->is_own_thread();
}

GstStateChangeReturn change_state(GstElement *element, GstStateChange transition) {
  GstRtmsSrc *self = GST_RTMS_SRC(element);
  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED && !start(self))
    return GST_STATE_CHANGE_FAILURE;
  if (transition == GST_STATE_CHANGE_PLAYING_TO_PAUSED)
    set_playing(self, false);
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY && is_own_thread(self)) {
    GST_ELEMENT_ERROR(
        self, CORE, STATE_CHANGE,
        ("The element cannot be stopped from its own threads, which call pad-added handlers, "
         "synchronous bus handlers, and the pad probes and sinks behind its pads: use "
         "gst_element_call_async() there."),
        (nullptr));
    return GST_STATE_CHANGE_FAILURE;
  }

  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY)
    stop_pads(self);

  GstStateChangeReturn result =
      GST_ELEMENT_CLASS(gst_rtms_src_parent_class)->change_state(element, transition);

  switch (transition) {
    case GST_STATE_CHANGE_READY_TO_PAUSED:
      if (result == GST_STATE_CHANGE_FAILURE)
        stop(self);
      else
        result = GST_STATE_CHANGE_NO_PREROLL;
      break;
    case GST_STATE_CHANGE_PAUSED_TO_PLAYING:
      set_playing(self, true);
      break;
    case GST_STATE_CHANGE_PLAYING_TO_PAUSED:
      if (result != GST_STATE_CHANGE_FAILURE)
        result = GST_STATE_CHANGE_NO_PREROLL;
      break;
    case GST_STATE_CHANGE_PAUSED_TO_READY:
      // The parent's state change has deactivated the pads and ended their tasks.
      stop(self);
      break;
    default:
      break;
  }
  return result;
}

// Events of the application, such as EOS of gst-launch-1.0 -e.
gboolean send_event(GstElement *element, GstEvent *event) {
  GstRtmsSrc *self = GST_RTMS_SRC(element);
  switch (GST_EVENT_TYPE(event)) {
    case GST_EVENT_EOS:
    case GST_EVENT_TAG:
    case GST_EVENT_CUSTOM_DOWNSTREAM:
    case GST_EVENT_CUSTOM_BOTH:
      break;
    default:
      return GST_ELEMENT_CLASS(gst_rtms_src_parent_class)->send_event(element, event);
  }
  rtms::EventPtr owned(event);
  RunLock lock(self);
  if (!self->run)
    return FALSE;
  if (GST_EVENT_TYPE(event) == GST_EVENT_EOS)
    self->run->send_eos(gst_event_get_seqnum(event));
  else
    self->run->send_event(std::move(owned));
  return TRUE;
}

// Answered even without pads: a failing query would leave the whole pipeline without a latency.
gboolean query(GstElement *element, GstQuery *query) {
  GstRtmsSrc *self = GST_RTMS_SRC(element);
  if (GST_QUERY_TYPE(query) != GST_QUERY_LATENCY)
    return GST_ELEMENT_CLASS(gst_rtms_src_parent_class)->query(element, query);
  RunLock lock(self);
  if (!self->run)
    return FALSE;
  self->run->answer_latency(query);
  return TRUE;
}

void finalize(GObject *object) {
  GstRtmsSrc *self = GST_RTMS_SRC(object);
  delete self->settings;
  rtms::free_uri_state(self->uri);
  g_mutex_clear(&self->run_lock);
  G_OBJECT_CLASS(gst_rtms_src_parent_class)->finalize(object);
}

}  // namespace

static void gst_rtms_src_class_init(GstRtmsSrcClass *klass) {
  auto object_class = G_OBJECT_CLASS(klass);
  object_class->set_property = set_property;
  object_class->get_property = get_property;
  object_class->finalize = finalize;
  rtms::install_properties(object_class);
  rtms::install_signals(G_TYPE_FROM_CLASS(klass));

  auto element_class = GST_ELEMENT_CLASS(klass);
  element_class->change_state = GST_DEBUG_FUNCPTR(change_state);
  element_class->send_event = GST_DEBUG_FUNCPTR(send_event);
  element_class->query = GST_DEBUG_FUNCPTR(query);
  gst_element_class_set_static_metadata(element_class, "RTMS source", "Source/Network",
                                        "Receives the live audio, video, screen share, transcript "
                                        "and chat of a meeting over RTMS (Zoom "
                                        "Realtime Media Streams)",
                                        PACKAGE_AUTHOR);
  rtms::add_pad_templates(element_class);

  for (GType type :
       {gst_rtms_src_media_types_get_type(), gst_rtms_src_connection_mode_get_type(),
        gst_rtms_src_audio_codec_get_type(), gst_rtms_src_audio_streams_get_type(),
        gst_rtms_src_audio_framing_get_type(), gst_rtms_src_video_codec_get_type(),
        gst_rtms_src_video_resolution_get_type(), gst_rtms_src_video_streams_get_type(),
        gst_rtms_src_transcript_format_get_type(), gst_rtms_src_fill_get_type(), Run::pad_type()})
    gst_type_mark_as_plugin_api(type, static_cast<GstPluginAPIFlags>(0));
}

static void gst_rtms_src_init(GstRtmsSrc *self) {
  g_mutex_init(&self->run_lock);
  self->settings = new Settings(rtms::default_settings());
  self->uri = rtms::new_uri_state();
  self->settings->client_id = rtms::environment({"ZM_RTMS_CLIENT", "ZOOM_CLIENT_ID"});
  GST_OBJECT_FLAG_SET(self, GST_ELEMENT_FLAG_SOURCE);
}
