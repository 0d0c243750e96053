/**
 * SECTION:element-rtmssrc
 * @title: rtmssrc
 * @short_description: receives a meeting's live media over RTMS
 *
 * rtmssrc connects to a stream of RTMS (Zoom Realtime Media Streams) and gives each kind of media
 * that the service offers a pad of its own: audio, camera video, screen share, transcript and chat.
 * It is a live source.
 *
 * The stream is named by the webhook with which the service announces it; who asks is proved with
 * the app's client id and secret, which are best kept in the environment (`ZM_RTMS_CLIENT`,
 * `ZM_RTMS_SECRET`).
 *
 * ## Example launch lines
 *
 * Record a meeting into a Matroska file; -e finishes the file on Ctrl-C:
 * |[
 * gst-launch-1.0 -e rtmssrc webhook-location=webhook.json name=meeting \
 *   meeting.video ! queue ! h264parse ! matroskamux name=mux ! filesink location=meeting.mkv \
 *   meeting.audio ! queue ! mux. \
 *   meeting.transcript ! queue ! mux.
 * ]|
 *
 * Play the sound of a meeting:
 * |[
 * gst-launch-1.0 rtmssrc webhook-location=webhook.json media-types=audio ! audioconvert !
 * audioresample ! autoaudiosink
 * ]|
 *
 * Since: 0.1
 */

#include "gstrtmssrc.h"

#include "payloads.h"
#include "properties.h"
#include "stream.h"

GST_DEBUG_CATEGORY(gst_rtms_src_debug);
GST_DEBUG_CATEGORY(gst_rtms_session_debug);
#define GST_CAT_DEFAULT gst_rtms_src_debug

namespace {

using rtms::Settings;
using rtms::Stream;

enum { PROP_TLS_DATABASE = rtms::kFirstFreeProperty, PROP_STATS };
enum { SIGNAL_SUBSCRIBE_VIDEO, SIGNAL_CLOSE_STREAM, SIGNAL_REJOIN, LAST_SIGNAL };
guint signals[LAST_SIGNAL];

constexpr const char *kAudioCaps =
    "audio/x-raw, format=(string)S16LE, layout=(string)interleaved, "
    "rate=(int){ 8000, 16000, 32000, 48000 }, channels=(int)[ 1, 2 ]; "
    "audio/x-alaw, rate=(int)[ 8000, 48000 ], channels=(int)[ 1, 2 ]; "
    "audio/G722, rate=(int)[ 8000, 48000 ], channels=(int)[ 1, 2 ]; "
    "audio/x-opus, channel-mapping-family=(int)0; "
    "application/x-rtp, media=(string)audio, encoding-name=(string){ PCMA, G722, OPUS }";
constexpr const char *kVideoCaps =
    "video/x-h264, stream-format=(string)byte-stream, alignment=(string)au; image/jpeg; image/png";
constexpr const char *kTranscriptCaps = "text/x-raw, format=(string)utf8; application/x-json";
constexpr const char *kChatCaps = "application/x-json";

}  // namespace

struct _GstRtmsSrc {
  GstElement parent;
  // The object lock guards the settings; state changes alone change `stream`, under `stream_lock`,
  // so that signals and properties find it whole. `stream_lock` is taken first where both are.
  Settings *settings;
  GMutex stream_lock;
  Stream *stream;
};

G_DEFINE_TYPE_WITH_CODE(GstRtmsSrc, gst_rtms_src, GST_TYPE_ELEMENT,
                        GST_DEBUG_CATEGORY_INIT(gst_rtms_src_debug, "rtmssrc", 0, "RTMS source");
                        GST_DEBUG_CATEGORY_INIT(gst_rtms_session_debug, "rtms-session", 0,
                                                "RTMS connections and handshakes"))
GST_ELEMENT_REGISTER_DEFINE(rtmssrc, "rtmssrc", GST_RANK_NONE, GST_TYPE_RTMS_SRC)

namespace {

class ObjectLock {
 public:
  explicit ObjectLock(gpointer object) : object_(object) { GST_OBJECT_LOCK(object_); }
  ~ObjectLock() { GST_OBJECT_UNLOCK(object_); }
  ObjectLock(const ObjectLock &) = delete;
  ObjectLock &operator=(const ObjectLock &) = delete;

 private:
  gpointer object_;
};

class StreamLock {
 public:
  explicit StreamLock(GstRtmsSrc *src) : mutex_(&src->stream_lock) { g_mutex_lock(mutex_); }
  ~StreamLock() { g_mutex_unlock(mutex_); }
  StreamLock(const StreamLock &) = delete;
  StreamLock &operator=(const StreamLock &) = delete;

 private:
  GMutex *mutex_;
};

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
    StreamLock lock(self);
    if (self->stream)
      self->stream->set_latency(latency * GST_MSECOND);
  }
  gst_element_post_message(GST_ELEMENT(self), gst_message_new_latency(GST_OBJECT(self)));
}

void get_property(GObject *object, guint id, GValue *value, GParamSpec *spec) {
  GstRtmsSrc *self = GST_RTMS_SRC(object);
  if (id == PROP_STATS) {
    StreamLock lock(self);
    rtms::StructurePtr stats =
        self->stream ? self->stream->stats() : rtms::stats_structure(rtms::Stats());
    g_value_take_boxed(value, stats.release());
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
  Settings settings;
  {
    ObjectLock lock(self);
    settings = *self->settings;
  }
  auto checked = rtms::session_config(settings);
  auto trusted = rtms::tls_database(settings);
  auto bad = std::get_if<rtms::BadSetting>(&checked);
  if (!bad)
    bad = std::get_if<rtms::BadSetting>(&trusted);
  if (bad) {
    GST_ELEMENT_ERROR(self, RESOURCE, SETTINGS, ("%s", bad->text.c_str()), (nullptr));
    return false;
  }
  settings.tls_database = std::get<rtms::TlsDatabase>(trusted);
  StreamLock lock(self);
  self->stream =
      new Stream(GST_ELEMENT(self), settings, std::get<rtms::SessionConfig>(std::move(checked)));
  return true;
}

void stop(GstRtmsSrc *self) {
  Stream *stream = nullptr;
  {
    StreamLock lock(self);
    std::swap(stream, self->stream);
  }
  delete stream;
}

void set_playing(GstRtmsSrc *self, bool playing) {
  StreamLock lock(self);
  if (self->stream)
    self->stream->set_playing(playing);
}

// A callback of the application runs on the element's own thread, and changes the state from there.
bool is_own_thread(GstRtmsSrc *self) {
  StreamLock lock(self);
  return self->stream && self->stream->is_own_thread();
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
  StreamLock lock(self);
  if (self->stream)
    self->stream->send_eos();
  return self->stream != nullptr;
}

// Before there are pads, too: a query that fails would leave the whole pipeline without a latency.
gboolean query(GstElement *element, GstQuery *query) {
  GstRtmsSrc *self = GST_RTMS_SRC(element);
  if (GST_QUERY_TYPE(query) != GST_QUERY_LATENCY)
    return GST_ELEMENT_CLASS(gst_rtms_src_parent_class)->query(element, query);
  StreamLock lock(self);
  if (!self->stream)
    return FALSE;
  self->stream->answer_latency(query);
  return TRUE;
}

// ---- actions -------------------------------------------------------------------------

void subscribe_video(GstRtmsSrc *self, guint64 user_id, gboolean subscribe) {
  StreamLock lock(self);
  if (self->stream)
    self->stream->subscribe_video(user_id, subscribe);
}

void close_stream(GstRtmsSrc *self) {
  StreamLock lock(self);
  if (self->stream)
    self->stream->close_stream();
}

// Why nothing came of it, or nothing.
std::optional<std::string> try_rejoin(GstRtmsSrc *self, const char *webhook) {
  const Settings settings = [self] {
    ObjectLock lock(self);
    return *self->settings;
  }();
  StreamLock lock(self);
  if (!self->stream)
    return "There is no stream to rejoin: the element is stopped.";
  auto result = rtms::rejoin_config(settings, webhook ? webhook : "", self->stream->stream_id());
  if (auto bad = std::get_if<rtms::BadSetting>(&result))
    return bad->text;
  self->stream->rejoin(std::get<rtms::SessionConfig>(result));
  return std::nullopt;
}

void rejoin(GstRtmsSrc *self, const char *webhook) {
  if (auto problem = try_rejoin(self, webhook))
    GST_ELEMENT_WARNING(self, RESOURCE, SETTINGS, ("Rejoining failed: %s", problem->c_str()),
                        (nullptr));
}

void finalize(GObject *object) {
  GstRtmsSrc *self = GST_RTMS_SRC(object);
  delete self->settings;
  g_mutex_clear(&self->stream_lock);
  G_OBJECT_CLASS(gst_rtms_src_parent_class)->finalize(object);
}

void add_template(GstElementClass *klass, const char *name, const char *caps_text) {
  rtms::CapsPtr caps(gst_caps_from_string(caps_text));
  gst_element_class_add_pad_template(
      klass, gst_pad_template_new_with_gtype(name, GST_PAD_SRC, GST_PAD_SOMETIMES, caps.get(),
                                             GST_TYPE_RTMS_SRC_PAD));
}

void install_properties(GObjectClass *klass) {
  rtms::install_settings(klass);
  constexpr auto read_write = static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
                                                       GST_PARAM_MUTABLE_READY);
  constexpr auto read_only = static_cast<GParamFlags>(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  /**
   * GstRtmsSrc:tls-database:
   *
   * The certificate authorities to trust. Default: the system's.
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
   * A structure `rtms-stats` with the totals `messages`, `bytes` (of payload), `dropped` (buffers),
   * `discontinuities`, `reconnects`, `keep-alives` (answered) and `ignored` (messages), all
   * guint64, and a structure for each kind of media with the same fields and `queue-bytes`,
   * `queue-time` (ns), `last-timestamp` (Unix ms) and `latency` (ns that arrival lags behind
   * capture, against the first message's; gint64).
   *
   * Since: 0.1
   */
  g_object_class_install_property(
      klass, PROP_STATS,
      g_param_spec_boxed("stats", "Statistics",
                         "Counters of messages, bytes, drops, reconnects and queue levels, in all "
                         "and for each kind of media",
                         GST_TYPE_STRUCTURE, read_only));
}

void install_signals(GType type) {
  /**
   * GstRtmsSrc::subscribe-video:
   * @rtmssrc: the element
   * @user_id: the participant
   * @subscribe: whether to start or to end
   *
   * Asks for one participant's video on the pad `video`; with #GstRtmsSrc:video-streams=individual
   * only. A newer subscription replaces the older. A refusal comes as a warning on the bus.
   *
   * Since: 0.1
   */
  signals[SIGNAL_SUBSCRIBE_VIDEO] = g_signal_new_class_handler(
      "subscribe-video", type, static_cast<GSignalFlags>(G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION),
      G_CALLBACK(subscribe_video), nullptr, nullptr, nullptr, G_TYPE_NONE, 2, G_TYPE_UINT64,
      G_TYPE_BOOLEAN);
  /**
   * GstRtmsSrc::close-stream:
   * @rtmssrc: the element
   *
   * Asks the service to end the stream. EOS follows when it has.
   *
   * Since: 0.1
   */
  signals[SIGNAL_CLOSE_STREAM] = g_signal_new_class_handler(
      "close-stream", type, static_cast<GSignalFlags>(G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION),
      G_CALLBACK(close_stream), nullptr, nullptr, nullptr, G_TYPE_NONE, 0);
  /**
   * GstRtmsSrc::rejoin:
   * @rtmssrc: the element
   * @webhook: the new `*.rtms_started` webhook, as JSON text
   *
   * For when the service fails and announces the same stream again, at other URLs: all connections
   * are closed and made anew over there. Pads and timeline go on; what comes next is DISCONT. A
   * webhook that cannot be used, or is for another stream, is a warning on the bus
   * (RESOURCE/SETTINGS) and changes nothing.
   *
   * Since: 0.1
   */
  signals[SIGNAL_REJOIN] = g_signal_new_class_handler(
      "rejoin", type, static_cast<GSignalFlags>(G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION),
      G_CALLBACK(rejoin), nullptr, nullptr, nullptr, G_TYPE_NONE, 1, G_TYPE_STRING);
}

const char *environment_client_id() {
  const char *id = g_getenv("ZM_RTMS_CLIENT");
  return id && *id ? id : g_getenv("ZOOM_CLIENT_ID");
}

}  // namespace

static void gst_rtms_src_class_init(GstRtmsSrcClass *klass) {
  auto object_class = G_OBJECT_CLASS(klass);
  object_class->set_property = set_property;
  object_class->get_property = get_property;
  object_class->finalize = finalize;
  rtms::register_participant_meta();
  install_properties(object_class);
  install_signals(G_TYPE_FROM_CLASS(klass));

  auto element_class = GST_ELEMENT_CLASS(klass);
  element_class->change_state = change_state;
  element_class->send_event = send_event;
  element_class->query = query;
  gst_element_class_set_static_metadata(
      element_class, "RTMS source", "Source/Network",
      "Receives a meeting's live audio, video, screen share, transcript and chat over RTMS (Zoom "
      "Realtime Media Streams)",
      PACKAGE_AUTHOR);
  add_template(element_class, "audio", kAudioCaps);
  add_template(element_class, "audio_%u", kAudioCaps);
  add_template(element_class, "video", kVideoCaps);
  add_template(element_class, "video_%u", kVideoCaps);
  add_template(element_class, "screen", kVideoCaps);
  add_template(element_class, "transcript", kTranscriptCaps);
  add_template(element_class, "chat", kChatCaps);

  for (GType type :
       {gst_rtms_src_media_types_get_type(), gst_rtms_src_connection_mode_get_type(),
        gst_rtms_src_audio_codec_get_type(), gst_rtms_src_audio_streams_get_type(),
        gst_rtms_src_audio_framing_get_type(), gst_rtms_src_video_codec_get_type(),
        gst_rtms_src_video_resolution_get_type(), gst_rtms_src_video_streams_get_type(),
        gst_rtms_src_transcript_format_get_type(), GST_TYPE_RTMS_SRC_PAD})
    gst_type_mark_as_plugin_api(type, static_cast<GstPluginAPIFlags>(0));
}

static void gst_rtms_src_init(GstRtmsSrc *self) {
  g_mutex_init(&self->stream_lock);
  self->settings = new Settings;
  const char *client_id = environment_client_id();
  self->settings->client_id = client_id ? client_id : "";
  self->settings->user_agent = "gst-rtms/" PACKAGE_VERSION;
  GST_OBJECT_FLAG_SET(self, GST_ELEMENT_FLAG_SOURCE);
}
