// SPDX-License-Identifier: LGPL-2.1-or-later
/**
 * SECTION:element-rtmssrc
 * @title: rtmssrc
 * @short_description: receives a meeting's live media over RTMS
 *
 * rtmssrc connects to a stream of RTMS (Zoom Realtime Media Streams) and gives each kind of media
 * that the service offers a pad of its own: audio, camera video, screen share, transcript and chat.
 * It is a live source.
 *
 * The stream is named by the webhook with which the service announces it, and which the element can
 * wait for itself (#GstRtmsSrc:webhook-listen); who asks is proved with
 * the app's client id and secret, which are best kept in the environment (`ZM_RTMS_CLIENT`,
 * `ZM_RTMS_SECRET`).
 *
 * ## Example launch lines
 *
 * Record a meeting into a Matroska file; -e finishes the file on Ctrl-C:
 * |[
 * gst-launch-1.0 -e rtmssrc webhook-location=webhook.json name=meeting \
 *   meeting.video ! queue ! h264parse ! video/x-h264,stream-format=avc3 ! mux.video_0 \
 *   meeting.audio ! queue ! mux.audio_0 \
 *   meeting.transcript ! queue ! mux.subtitle_0 \
 *   matroskamux name=mux ! filesink location=meeting.mkv
 * ]|
 *
 * Wait for a meeting and play its sound; the service's webhooks come here through a proxy that ends
 * TLS:
 * |[
 * gst-launch-1.0 rtmssrc webhook-listen=http://127.0.0.1:8080/webhook media-types=audio \
 *   ! audioconvert ! audioresample ! autoaudiosink
 * ]|
 *
 * Play the sound of a meeting that has been announced:
 * |[
 * gst-launch-1.0 rtmssrc webhook-location=webhook.json media-types=audio \
 *   ! audioconvert ! audioresample ! autoaudiosink
 * ]|
 *
 * ## URIs
 *
 * `rtmss://HOST/PATH?stream-id=…&meeting-uuid=…` is the signaling URL `wss://HOST/PATH`, and
 * properties by name; `rtms://` is for `ws://`. Without a host the properties say it all:
 * `rtms://?webhook-location=webhook.json`. Secrets are refused in a URI, and belong into the
 * environment. The signature for the stream goes to the host that the URI names: play those alone
 * that come from whom you trust. Players show one video stream; with `media-types=audio+video` it
 * is the camera.
 *
 * ## Settings
 *
 * Properties are taken over at the state change to PAUSED. What is not valid then, or missing, is
 * one error (RESOURCE/SETTINGS) that names the property, its value and what is valid; the state
 * change fails. A property that is set explicitly beats the webhook.
 *
 * ## Errors and warnings
 *
 * What the service refuses, and a connection that cannot be made or repaired, is an error on the
 * bus; where other media go on, a warning. The text says what happened, why, and what to check. The
 * details (gst_message_parse_error_details()) hold `status-code` (gint) and `status-name` (string)
 * where the service answered with a status, `http-status-code` (guint) where it answered with HTTP.
 * PROGRESS messages with the code `connect` tell of the way to the first connection.
 *
 * ## Buffers
 *
 * The time of capture is in a #GstReferenceTimestampMeta (`timestamp/x-unix`), who is heard or seen
 * in a #GstCustomMeta named `GstRtmsParticipantMeta` (`user-id` guint64, `user-name` and
 * `channel-id` string). Pads send GAP events while they have nothing to say.
 *
 * Since: 0.1
 */

#include "base/environment.h"
#include "gstrtmssrcprivate.h"
#include "properties.h"

GST_DEBUG_CATEGORY_EXTERN(gst_rtms_src_debug);
#define GST_CAT_DEFAULT gst_rtms_src_debug

namespace {

using rtms::ObjectLock;
using rtms::Run;
using rtms::RunLock;
using rtms::Settings;

enum { PROP_TLS_DATABASE = rtms::kFirstFreeProperty, PROP_STATS, PROP_WEBHOOK_URL };

}  // namespace

G_DEFINE_TYPE_WITH_CODE(GstRtmsSrc, gst_rtms_src, GST_TYPE_ELEMENT, rtms::Run::init();
                        G_IMPLEMENT_INTERFACE(GST_TYPE_URI_HANDLER, rtms::init_uri_handler))
GST_ELEMENT_REGISTER_DEFINE(rtmssrc, "rtmssrc", GST_RANK_PRIMARY, GST_TYPE_RTMS_SRC)

namespace {

// ---- properties ----------------------------------------------------------------------

void set_property(GObject *object, guint id, const GValue *value, GParamSpec *spec) {
  GstRtmsSrc *self = GST_RTMS_SRC(object);
  unsigned latency = 0;
  bool latency_changed = false;
  {
    ObjectLock lock(self);
    latency = self->settings->latency;
    if (id == PROP_TLS_DATABASE)
      self->settings->tls_database =
          std::shared_ptr<GTlsDatabase>(G_TLS_DATABASE(g_value_dup_object(value)), [](auto *db) {
            if (db)
              g_object_unref(db);
          });
    else if (!rtms::set_setting(self->settings, id, value))
      G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
    latency_changed = latency != self->settings->latency;
    latency = self->settings->latency;
  }
  if (!latency_changed)
    return;
  {
    RunLock lock(self);
    if (self->run)
      self->run->set_latency(latency * GST_MSECOND);
  }
  gst_element_post_message(GST_ELEMENT(self), gst_message_new_latency(GST_OBJECT(self)));
}

void get_property(GObject *object, guint id, GValue *value, GParamSpec *spec) {
  GstRtmsSrc *self = GST_RTMS_SRC(object);
  if (id == PROP_STATS) {
    RunLock lock(self);
    rtms::StructurePtr stats = self->run ? self->run->stats() : rtms::empty_stats();
    g_value_take_boxed(value, stats.release());
    return;
  }
  if (id == PROP_WEBHOOK_URL) {
    RunLock lock(self);
    const std::string url = self->run ? self->run->webhook_url() : "";
    g_value_set_string(value, url.empty() ? nullptr : url.c_str());
    return;
  }
  ObjectLock lock(self);
  if (id == PROP_TLS_DATABASE)
    g_value_set_object(value, self->settings->tls_database.get());
  else if (!rtms::get_setting(*self->settings, id, value))
    G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

// ---- state ---------------------------------------------------------------------------

bool start(GstRtmsSrc *self) {
  auto created = Run::create(GST_ELEMENT(self), rtms::copy_settings(self));
  if (auto bad = std::get_if<rtms::BadSetting>(&created)) {
    GST_ELEMENT_ERROR(self, RESOURCE, SETTINGS, ("%s", bad->text.c_str()), (nullptr));
    return false;
  }
  RunLock lock(self);
  self->run = std::get<std::unique_ptr<Run>>(created).release();
  self->run->begin();
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

// All at once: one after another, blocked ones would take their time each. Flushing calls what
// follows the pads, so that no lock is held; only a state change, which this is part of, ends the
// stream.
void stop_pads(GstRtmsSrc *self) {
  Run *run = nullptr;
  {
    RunLock lock(self);
    run = self->run;
  }
  if (run)
    run->stop_pads();
}

// A callback of the application runs on the element's own thread, and changes the state from there.
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
        ("The element cannot be stopped from its own thread, as in a pad-added handler "
         "or a synchronous bus handler: use gst_element_call_async()."),
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
      // The pads are inactive and their tasks have ended: the parent saw to it.
      stop(self);
      break;
    default:
      break;
  }
  return result;
}

// Where EOS comes from: an application, or gst-launch-1.0 -e.
gboolean send_event(GstElement *element, GstEvent *event) {
  GstRtmsSrc *self = GST_RTMS_SRC(element);
  if (GST_EVENT_TYPE(event) != GST_EVENT_EOS)
    return GST_ELEMENT_CLASS(gst_rtms_src_parent_class)->send_event(element, event);
  gst_event_unref(event);
  RunLock lock(self);
  if (self->run)
    self->run->send_eos();
  return self->run != nullptr;
}

// Before there are pads, too: a query that fails would leave the whole pipeline without a latency.
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

void install_properties(GObjectClass *klass) {
  rtms::install_settings(klass);
  constexpr auto read_write = static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
                                                       GST_PARAM_MUTABLE_READY);
  constexpr auto read_only = static_cast<GParamFlags>(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  /**
   * GstRtmsSrc:tls-database:
   *
   * The certificate authorities to trust.
   *
   * Default: those of #GstRtmsSrc:tls-ca-file, else the system's.
   *
   * Since: 0.1
   */
  g_object_class_install_property(
      klass, PROP_TLS_DATABASE,
      g_param_spec_object("tls-database", "TLS database",
                          "Certificate authorities to trust; default: the system's",
                          G_TYPE_TLS_DATABASE, read_write));
  /**
   * GstRtmsSrc:stats:
   *
   * A structure `rtms-stats` with the totals of this run, and in it a structure for each kind of
   * media (`audio`, `video`, `screen`, `transcript`, `chat`) with the same fields and some more.
   * All are there from the beginning, and 0.
   *
   * - `messages`: media messages that came
   * - `bytes`: their payload, decoded
   * - `dropped`: buffers that were not handed on: the pipeline was too slow, the payload was
   *   damaged, or the keyframe before it was missing
   * - `discontinuities`: how often something was lost, by a connection or by a full queue
   * - `reconnects`: connections that were lost and made again
   * - `keep-alives`: keep-alives that were answered
   * - `ignored`: messages that could not be understood, or that nobody knows
   * - `queue-bytes`: what waits for the pipeline now, in bytes
   * - `queue-time`: what waits for the pipeline now, in ns of running time
   * - `last-timestamp`: the newest message's time of capture, in Unix ms
   * - `latency`: by how many ns the last message was later behind its capture than the first one;
   *   negative: earlier
   *
   * Since: 0.1
   */
  g_object_class_install_property(
      klass, PROP_STATS,
      g_param_spec_boxed("stats", "Statistics",
                         "Counters of messages, bytes, drops, reconnects and queue levels, in all "
                         "and for each kind of media",
                         GST_TYPE_STRUCTURE, read_only));
  /**
   * GstRtmsSrc:webhook-url:
   *
   * Where the element listens for webhooks: #GstRtmsSrc:webhook-listen with the port that was
   * chosen, if that was left open. %NULL while it does not listen.
   *
   * Since: 0.1
   */
  g_object_class_install_property(
      klass, PROP_WEBHOOK_URL,
      g_param_spec_string("webhook-url", "Webhook URL",
                          "Where the element listens: webhook-listen with the port it got", nullptr,
                          read_only));
}

}  // namespace

static void gst_rtms_src_class_init(GstRtmsSrcClass *klass) {
  auto object_class = G_OBJECT_CLASS(klass);
  object_class->set_property = set_property;
  object_class->get_property = get_property;
  object_class->finalize = finalize;
  install_properties(object_class);
  rtms::install_actions(G_TYPE_FROM_CLASS(klass));

  auto element_class = GST_ELEMENT_CLASS(klass);
  element_class->change_state = change_state;
  element_class->send_event = send_event;
  element_class->query = query;
  gst_element_class_set_static_metadata(
      element_class, "RTMS source", "Source/Network",
      "Receives a meeting's live audio, video, screen share, transcript and chat over RTMS (Zoom "
      "Realtime Media Streams)",
      PACKAGE_AUTHOR);
  rtms::add_pad_templates(element_class);

  for (GType type :
       {gst_rtms_src_media_types_get_type(), gst_rtms_src_connection_mode_get_type(),
        gst_rtms_src_audio_codec_get_type(), gst_rtms_src_audio_streams_get_type(),
        gst_rtms_src_audio_framing_get_type(), gst_rtms_src_video_codec_get_type(),
        gst_rtms_src_video_resolution_get_type(), gst_rtms_src_video_streams_get_type(),
        gst_rtms_src_transcript_format_get_type(), Run::pad_type()})
    gst_type_mark_as_plugin_api(type, static_cast<GstPluginAPIFlags>(0));
}

static void gst_rtms_src_init(GstRtmsSrc *self) {
  g_mutex_init(&self->run_lock);
  self->settings = new Settings;
  self->uri = rtms::new_uri_state();
  self->settings->client_id = rtms::environment({"ZM_RTMS_CLIENT", "ZOOM_CLIENT_ID"});
  self->settings->user_agent = "gst-rtms/" PACKAGE_VERSION;
  GST_OBJECT_FLAG_SET(self, GST_ELEMENT_FLAG_SOURCE);
}
