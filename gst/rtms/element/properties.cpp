// SPDX-License-Identifier: LGPL-2.1-or-later
#include "properties.h"

#include "protocol/webhook.h"

#include <vector>

namespace rtms {
namespace {

using Member = std::variant<std::string Settings::*, Secret Settings::*, bool Settings::*,
                            int Settings::*, unsigned Settings::*, uint64_t Settings::*>;

// By property id - 1. Filled once, in class_init.
std::vector<Member> &members() {
  static std::vector<Member> table;
  return table;
}

constexpr auto kReadWrite =
    static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY);
constexpr auto kWriteOnly =
    static_cast<GParamFlags>(G_PARAM_WRITABLE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY);

// What is out of range is refused with the other settings at the state change to PAUSED, where the
// error can say what is valid: hence the wide ranges.
class Installer {
 public:
  explicit Installer(GObjectClass *klass) : klass_(klass) {}

  void string(const char *name, const char *nick, const char *blurb,
              std::string Settings::*member) {
    add(member, g_param_spec_string(name, nick, blurb, nullptr, kReadWrite));
  }
  void secret(const char *name, const char *nick, const char *blurb, Secret Settings::*member) {
    add(member, g_param_spec_string(name, nick, blurb, nullptr, kWriteOnly));
  }
  void boolean(const char *name, const char *nick, const char *blurb, bool Settings::*member) {
    add(member, g_param_spec_boolean(name, nick, blurb, defaults_.*member, kReadWrite));
  }
  void integer(const char *name, const char *nick, const char *blurb, int Settings::*member) {
    add(member,
        g_param_spec_int(name, nick, blurb, G_MININT, G_MAXINT, defaults_.*member, kReadWrite));
  }
  void choice(const char *name, const char *nick, const char *blurb, GType type,
              int Settings::*member) {
    add(member, g_param_spec_enum(name, nick, blurb, type, defaults_.*member, kReadWrite));
  }
  void flags(const char *name, const char *nick, const char *blurb, GType type,
             unsigned Settings::*member) {
    add(member, g_param_spec_flags(name, nick, blurb, type, defaults_.*member, kReadWrite));
  }
  void uint(const char *name, const char *nick, const char *blurb, unsigned Settings::*member,
            GParamFlags flags = kReadWrite) {
    add(member, g_param_spec_uint(name, nick, blurb, 0, G_MAXUINT, defaults_.*member, flags));
  }
  void uint64(const char *name, const char *nick, const char *blurb, uint64_t Settings::*member) {
    add(member,
        g_param_spec_uint64(name, nick, blurb, 0, G_MAXUINT64, defaults_.*member, kReadWrite));
  }

 private:
  void add(Member member, GParamSpec *spec) {
    members().push_back(member);
    g_object_class_install_property(klass_, static_cast<guint>(members().size()), spec);
  }

  GObjectClass *klass_;
  const Settings defaults_;
};

void install_webhook(Installer *install) {
  /**
   * GstRtmsSrc:webhook-listen:
   *
   * The URL to listen at for the service's webhooks: `http://127.0.0.1:8080/webhook`. From the
   * state change to PAUSED on, the element answers there, and waits without a time limit for a
   * stream to be announced; the first one that #GstRtmsSrc:webhook-meeting lets in is connected.
   * Later webhooks of that stream are followed: `*.rtms_started` as by #GstRtmsSrc::rejoin,
   * `*.rtms_interrupted` reconnects at once what is lost, `*.rtms_stopped` is the end. Other
   * streams are answered and ignored: each takes an element of its own.
   *
   * The host is `localhost`, an IP address of this machine, or `0.0.0.0` or `[::]` for all of them;
   * port 0 is a free one, which the message `rtms-listening` and #GstRtmsSrc:webhook-url tell. The
   * service comes over https only: let a reverse proxy end TLS and pass its requests on, body and
   * headers unchanged, or use `https://` with #GstRtmsSrc:webhook-tls-certificate. http is
   * permitted at each address: requests prove with their signature who sent them.
   *
   * Excludes #GstRtmsSrc:webhook, #GstRtmsSrc:webhook-location, #GstRtmsSrc:signaling-url,
   * #GstRtmsSrc:stream-id and the ids. A URL that cannot be used, or a port that is taken, is
   * refused at the state change (RESOURCE/SETTINGS).
   *
   * Default: none.
   *
   * Since: 0.1
   */
  install->string("webhook-listen", "Webhook listen",
                  "URL to listen at for the service's webhooks, as http://127.0.0.1:8080/webhook; "
                  "the first stream that is announced there is connected",
                  &Settings::webhook_listen);
  /**
   * GstRtmsSrc:webhook-meeting:
   *
   * The one meeting to wait for with #GstRtmsSrc:webhook-listen: its number (`meeting_id` of the
   * webhook, which is known beforehand), or its UUID, session, engagement or call id.
   *
   * Default: any.
   *
   * Since: 0.1
   */
  install->string("webhook-meeting", "Webhook meeting",
                  "With webhook-listen, the one meeting to wait for: its number or UUID (session, "
                  "engagement, call id); default: any",
                  &Settings::webhook_meeting);
  /**
   * GstRtmsSrc:webhook-secret-token:
   *
   * The app's secret token, with which the service signs its webhooks. It cannot be read back and
   * is never logged; prefer the environment to a command line.
   *
   * Default: `$ZM_RTMS_WEBHOOK_SECRET`, else `$ZOOM_SECRET_TOKEN`, at the state change to PAUSED.
   *
   * Since: 0.1
   */
  install->secret("webhook-secret-token", "Webhook secret token",
                  "Secret token of the app, which signs its webhooks; default: "
                  "$ZM_RTMS_WEBHOOK_SECRET, else $ZOOM_SECRET_TOKEN",
                  &Settings::webhook_secret_token);
  /**
   * GstRtmsSrc:webhook-tls-certificate:
   *
   * A PEM file with the certificate, and those between it and its authority, that an `https://`
   * #GstRtmsSrc:webhook-listen shows. It is read at the state change to PAUSED.
   *
   * Default: none; an `https://` URL needs it. Errors: a file that cannot be used is
   * RESOURCE/SETTINGS at the state change.
   *
   * Since: 0.1
   */
  install->string("webhook-tls-certificate", "Webhook TLS certificate",
                  "Path of a PEM file with the certificate chain for an https:// webhook-listen",
                  &Settings::webhook_tls_certificate);
  /**
   * GstRtmsSrc:webhook-tls-key:
   *
   * A PEM file with the certificate's private key, without a password.
   *
   * Default: in the file of #GstRtmsSrc:webhook-tls-certificate.
   *
   * Since: 0.1
   */
  install->string("webhook-tls-key", "Webhook TLS key",
                  "Path of a PEM file with the certificate's private key; default: the "
                  "certificate's file",
                  &Settings::webhook_tls_key);
}

void install_stream(Installer *install) {
  /**
   * GstRtmsSrc:webhook:
   *
   * The service's `*.rtms_started` webhook as JSON text: whole, its payload's fields alone, or its
   * inner object alone. It fills #GstRtmsSrc:signaling-url, #GstRtmsSrc:stream-id, the id of the
   * product and the signature; a property that is set explicitly beats it. When read, a signature
   * in it is replaced by "…".
   *
   * Default: none. Beats #GstRtmsSrc:webhook-location.
   *
   * Since: 0.1
   */
  install->string("webhook", "Webhook",
                  "The *.rtms_started webhook as JSON text; fills signaling-url, stream-id, the "
                  "product's id and the signature",
                  &Settings::webhook);
  /**
   * GstRtmsSrc:webhook-location:
   *
   * A file that holds what #GstRtmsSrc:webhook takes. It is read at the state change to PAUSED.
   *
   * Default: none. Errors: a file that cannot be read, or holds no such webhook, is
   * RESOURCE/SETTINGS at the state change.
   *
   * Since: 0.1
   */
  install->string("webhook-location", "Webhook location",
                  "Path of a file that holds the *.rtms_started webhook as JSON text",
                  &Settings::webhook_location);
  install_webhook(install);
  /**
   * GstRtmsSrc:signaling-url:
   *
   * Where the signaling connection goes: `server_urls` of the webhook. A `wss://` URL; `ws://` only
   * to this machine, or with #GstRtmsSrc:allow-insecure. Of a list with commas the first is taken.
   *
   * Default: what the webhook says. Errors: a URL that cannot be used is RESOURCE/SETTINGS at the
   * state change.
   *
   * Since: 0.1
   */
  install->string("signaling-url", "Signaling URL",
                  "wss:// URL of the signaling server (server_urls of the webhook)",
                  &Settings::signaling_url);
  /**
   * GstRtmsSrc:stream-id:
   *
   * `rtms_stream_id` of the webhook. A stream can be connected once: a second element in the same
   * process that asks for it gets an error.
   *
   * Default: what the webhook says. Errors: RESOURCE/BUSY for the second element.
   *
   * Since: 0.1
   */
  install->string("stream-id", "Stream id", "Id of the stream (rtms_stream_id of the webhook)",
                  &Settings::stream_id);
  /**
   * GstRtmsSrc:meeting-uuid:
   *
   * The id of a meeting or webinar. Set exactly one of this, #GstRtmsSrc:session-id,
   * #GstRtmsSrc:engagement-id and #GstRtmsSrc:call-id, unless a webhook does.
   *
   * Default: what the webhook says. Errors: two of the four, or none, is RESOURCE/SETTINGS at the
   * state change.
   *
   * Since: 0.1
   */
  install->string("meeting-uuid", "Meeting UUID",
                  "Id of a meeting or webinar (meeting_uuid of the webhook)",
                  &Settings::meeting_uuid);
  /**
   * GstRtmsSrc:session-id:
   *
   * The id of a Video SDK session.
   *
   * Default: what the webhook says. As #GstRtmsSrc:meeting-uuid.
   *
   * Since: 0.1
   */
  install->string("session-id", "Session id",
                  "Id of a Video SDK session (session_id of the webhook)", &Settings::session_id);
  /**
   * GstRtmsSrc:engagement-id:
   *
   * The id of a Contact Center voice engagement.
   *
   * Default: what the webhook says. As #GstRtmsSrc:meeting-uuid.
   *
   * Since: 0.1
   */
  install->string("engagement-id", "Engagement id",
                  "Id of a Contact Center engagement (engagement_id of the webhook)",
                  &Settings::engagement_id);
  /**
   * GstRtmsSrc:call-id:
   *
   * The id of a phone call.
   *
   * Default: what the webhook says. As #GstRtmsSrc:meeting-uuid.
   *
   * Since: 0.1
   */
  install->string("call-id", "Call id", "Id of a phone call (call_id of the webhook)",
                  &Settings::call_id);
  /**
   * GstRtmsSrc:client-id:
   *
   * The app's client id, or SDK key.
   *
   * Default: `$ZM_RTMS_CLIENT`, else `$ZOOM_CLIENT_ID`, when the element is made.
   *
   * Since: 0.1
   */
  install->string("client-id", "Client id",
                  "Client id (SDK key) of the app; default: $ZM_RTMS_CLIENT, else $ZOOM_CLIENT_ID",
                  &Settings::client_id);
  /**
   * GstRtmsSrc:client-secret:
   *
   * The app's client secret, or SDK secret. It cannot be read back and is never logged; prefer the
   * environment to a command line, which other users of the machine can see and which GStreamer's
   * own parser logs.
   *
   * Default: `$ZM_RTMS_SECRET`, else `$ZOOM_CLIENT_SECRET`, at the state change to PAUSED.
   *
   * Since: 0.1
   */
  install->secret("client-secret", "Client secret",
                  "Client secret (SDK secret) of the app; default: $ZM_RTMS_SECRET, else "
                  "$ZOOM_CLIENT_SECRET, which is where it is safer than on a command line",
                  &Settings::client_secret);
  /**
   * GstRtmsSrc:signature:
   *
   * A ready-made signature, lower-case hex, in place of #GstRtmsSrc:client-id and
   * #GstRtmsSrc:client-secret.
   *
   * Default: made of id and secret; else the webhook's.
   *
   * Since: 0.1
   */
  install->secret("signature", "Signature",
                  "Ready-made signature (lower-case hex) in place of client-id and client-secret",
                  &Settings::signature);
}

void install_media(Installer *install) {
  /**
   * GstRtmsSrc:media-types:
   *
   * The kinds of media to ask for. Those that the service does not offer are told in a warning; the
   * others go on. None at all is refused.
   *
   * Since: 0.1
   */
  install->flags("media-types", "Media types",
                 "Kinds of media to ask for: audio, video, screen, transcript, chat, joined by +",
                 gst_rtms_src_media_types_get_type(), &Settings::media_types);
  /**
   * GstRtmsSrc:connection-mode:
   *
   * Whether each kind of media gets a connection of its own. Where the service offers no connection
   * for all media, `unified` falls back to `split` with a warning.
   *
   * Since: 0.1
   */
  install->choice("connection-mode", "Connection mode",
                  "One connection for each kind of media, or one for all",
                  gst_rtms_src_connection_mode_get_type(), &Settings::connection_mode);
  /**
   * GstRtmsSrc:buffer-data:
   *
   * Asks for up to 60 s of audio from before the connection. Recordings want it; it makes the start
   * of the audio older than that of the video.
   *
   * Since: 0.1
   */
  install->boolean("buffer-data", "Buffer data",
                   "Ask for up to 60 s of audio from before the connection",
                   &Settings::buffer_data);
  /**
   * GstRtmsSrc:transcript-language:
   *
   * The language that is spoken: the service's number, -1 for none, 0 Arabic … 9 English … 36
   * Vietnamese.
   *
   * Valid: -1 to 36.
   *
   * Since: 0.1
   */
  install->integer("transcript-language", "Transcript language",
                   "Language that is spoken, by the service's number: -1 (none), 0 to 36; 9 is "
                   "English, 13 French, 14 German, 20 Japanese, 28 Spanish",
                   &Settings::transcript_language);
  /**
   * GstRtmsSrc:transcript-detect-language:
   *
   * Whether the service detects the language that is spoken.
   *
   * Since: 0.1
   */
  install->boolean("transcript-detect-language", "Detect language",
                   "Whether the service detects the language that is spoken",
                   &Settings::transcript_detect_language);
  /**
   * GstRtmsSrc:transcript-format:
   *
   * The form of the buffers on the pad `transcript`.
   *
   * Since: 0.1
   */
  install->choice("transcript-format", "Transcript format",
                  "Form of the buffers on the pad transcript: plain text, or a JSON object each",
                  gst_rtms_src_transcript_format_get_type(), &Settings::transcript_format);
  /**
   * GstRtmsSrc:transcript-speaker:
   *
   * Whether a line of plain text begins with its speaker: "John Smith: Hello.". JSON has the
   * speaker in `user_name`, always.
   *
   * Since: 0.1
   */
  install->boolean("transcript-speaker", "Transcript speaker",
                   "Whether a line of plain text begins with its speaker",
                   &Settings::transcript_speaker);
}

void install_audio(Installer *install) {
  /**
   * GstRtmsSrc:audio-codec:
   *
   * The codec to ask for. The service validates codec, rate, channels, framing and packet duration
   * together: `l16` goes with every rate, 1 or 2 channels and 20 to 1000 ms; `opus` with 48000 Hz,
   * 1 or 2 channels and 20 ms; `g711` with 8000 Hz, `g722` with 16000 Hz, both with 1 channel and
   * 20 ms.
   *
   * Since: 0.1
   */
  install->choice("audio-codec", "Audio codec",
                  "Codec to ask for; opus needs 48000 Hz, g711 8000 Hz mono, g722 16000 Hz mono",
                  gst_rtms_src_audio_codec_get_type(), &Settings::audio_codec);
  /**
   * GstRtmsSrc:audio-rate:
   *
   * The sample rate to ask for, in Hz.
   *
   * Valid: 8000, 16000, 32000 or 48000 Hz with `l16`; 48000 with `opus`; 8000 with `g711`; 16000
   * with `g722`.
   *
   * Since: 0.1
   */
  install->integer("audio-rate", "Audio rate",
                   "Sample rate to ask for in Hz: 8000, 16000, 32000 or 48000",
                   &Settings::audio_rate);
  /**
   * GstRtmsSrc:audio-channels:
   *
   * The number of channels to ask for.
   *
   * Valid: 1 or 2 with `l16` and `opus`; 1 with `g711` and `g722`.
   *
   * Since: 0.1
   */
  install->integer("audio-channels", "Audio channels", "Number of channels to ask for: 1 or 2",
                   &Settings::audio_channels);
  /**
   * GstRtmsSrc:audio-streams:
   *
   * One mix of all participants on the pad `audio`, or a pad `audio_%u` for each speaker.
   *
   * Since: 0.1
   */
  install->choice("audio-streams", "Audio streams",
                  "One mix of all participants, or one stream (pad audio_%u) for each",
                  gst_rtms_src_audio_streams_get_type(), &Settings::audio_streams);
  /**
   * GstRtmsSrc:audio-framing:
   *
   * The codec's own packets, or RTP packets (`application/x-rtp`); not for `l16`.
   *
   * Since: 0.1
   */
  install->choice("audio-framing", "Audio framing",
                  "The codec's own packets, or RTP packets (not with l16)",
                  gst_rtms_src_audio_framing_get_type(), &Settings::audio_framing);
  /**
   * GstRtmsSrc:audio-packet-duration:
   *
   * How much audio the service puts into a message, in ms.
   *
   * Valid: 20 to 1000 ms in steps of 20 with `l16`; 20 else.
   *
   * Since: 0.1
   */
  install->integer("audio-packet-duration", "Audio packet duration",
                   "Audio in one message in ms: 20; with l16 20 to 1000 in steps of 20",
                   &Settings::audio_packet_duration);
}

void install_video(Installer *install) {
  /**
   * GstRtmsSrc:video-codec:
   *
   * The codec of the cameras' video. `jpeg` and `png` need #GstRtmsSrc:video-fps of 5 or less,
   * `h264` more.
   *
   * Since: 0.1
   */
  install->choice("video-codec", "Video codec",
                  "Codec of the camera video to ask for; jpeg and png need video-fps of 5 or less",
                  gst_rtms_src_video_codec_get_type(), &Settings::video_codec);
  /**
   * GstRtmsSrc:video-resolution:
   *
   * The largest size of the cameras' video.
   *
   * Since: 0.1
   */
  install->choice("video-resolution", "Video resolution", "Size of the camera video to ask for",
                  gst_rtms_src_video_resolution_get_type(), &Settings::video_resolution);
  /**
   * GstRtmsSrc:video-fps:
   *
   * The highest frame rate of the cameras' video.
   *
   * Valid: 6 to 30 frames per second with `h264`; 1 to 5 with `jpeg` and `png`.
   *
   * Since: 0.1
   */
  install->integer("video-fps", "Video frame rate",
                   "Frames per second of the camera video: 6 to 30 with h264, 1 to 5 with jpeg and "
                   "png",
                   &Settings::video_fps);
  /**
   * GstRtmsSrc:video-streams:
   *
   * Whose video comes on the pad `video`: the active speaker's, or that of the participant chosen
   * with #GstRtmsSrc::subscribe-video.
   *
   * Since: 0.1
   */
  install->choice("video-streams", "Video streams",
                  "The active speaker's video, or that of one participant (action subscribe-video)",
                  gst_rtms_src_video_streams_get_type(), &Settings::video_streams);
  /**
   * GstRtmsSrc:screen-codec:
   *
   * The codec of the screen share, as #GstRtmsSrc:video-codec.
   *
   * Since: 0.1
   */
  install->choice("screen-codec", "Screen codec",
                  "Codec of the screen share to ask for; jpeg and png need screen-fps of 5 or less",
                  gst_rtms_src_video_codec_get_type(), &Settings::screen_codec);
  /**
   * GstRtmsSrc:screen-resolution:
   *
   * The largest size of the screen share.
   *
   * Since: 0.1
   */
  install->choice("screen-resolution", "Screen resolution", "Size of the screen share to ask for",
                  gst_rtms_src_video_resolution_get_type(), &Settings::screen_resolution);
  /**
   * GstRtmsSrc:screen-fps:
   *
   * The highest frame rate of the screen share.
   *
   * Valid: 6 to 30 frames per second with `h264`; 1 to 5 with `jpeg` and `png`.
   *
   * Since: 0.1
   */
  install->integer("screen-fps", "Screen frame rate",
                   "Frames per second of the screen share: 6 to 30 with h264, 1 to 5 with jpeg and "
                   "png",
                   &Settings::screen_fps);
}

void install_timing(Installer *install) {
  /**
   * GstRtmsSrc:latency:
   *
   * What the LATENCY query reports as minimum, in ms: how much later than the earliest a message
   * may come and still be played in time.
   *
   * Valid: 0 ms and more.
   *
   * Since: 0.1
   */
  install->uint("latency", "Latency",
                "Latency of the source in ms: how late a message may be and still play in time",
                &Settings::latency,
                static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
                                         GST_PARAM_MUTABLE_PLAYING));
  /**
   * GstRtmsSrc:text-wait:
   *
   * How far the GAP events of the pads `transcript` and `chat` stay behind those of the others, in
   * ms. A line of the transcript is complete seconds after it began, and a buffer never starts
   * before the end of a GAP: without waiting it moves there, with its whole duration. A recording
   * that wants subtitles in their true place waits 6000; what follows the pads then waits as long,
   * too.
   *
   * Valid: 0 to 60000 ms.
   *
   * Since: 0.1
   */
  install->uint(
      "text-wait", "Wait for texts",
      "How far the GAPs of transcript and chat stay behind the others', in ms (0 to 60000): "
      "6000 gives subtitles their true place in a recording",
      &Settings::text_wait);
  /**
   * GstRtmsSrc:replay-wait:
   *
   * For how long a pad whose connection was lost sends no GAP event, in ms, because the service
   * replays what it buffers meanwhile; 0: as long as the connection is away and for 2 s after that,
   * at most 65000. It ends when what comes is new again. With 1 the pad goes on at once, as a live
   * pipeline wants it: what is replayed then moves to the end of the last GAP.
   *
   * Valid: 0 to 65000 ms.
   *
   * Since: 0.1
   */
  install->uint(
      "replay-wait", "Wait for a replay",
      "How long a pad whose connection was lost sends no GAP, in ms (0 to 65000; 0 = as long "
      "as the connection is away)",
      &Settings::replay_wait);
  /**
   * GstRtmsSrc:fill:
   *
   * What the pads `video` and `screen` carry while the service sends no H.264 frames: nothing but
   * GAPs, or black frames. With `black` a pad begins with a black keyframe of the negotiated
   * resolution where no frame has arrived yet, and carries four black frames a second while the camera is off,
   * the share is over, or no frame has arrived for 3 s; video goes on at the next keyframe. So a
   * muxer knows the parameter sets from the beginning, and a recording that is made without an
   * encoder shows black instead of a face that stands still. Set it for recordings: the
   * `matroskamux` of GStreamer 1.26 writes a file that cannot be decoded where a GAP comes before
   * the first frame. JPEG and PNG are not filled.
   *
   * Since: 0.1
   */
  install->choice("fill", "Fill",
                  "What the video pads carry while no H.264 frames arrive: GAPs, or black frames",
                  gst_rtms_src_fill_get_type(), &Settings::fill);
  /**
   * GstRtmsSrc:max-queue-bytes:
   *
   * How much may wait on each pad for a slow pipeline, in bytes; 0: no bound. When it is full,
   * whole decodable units are dropped: audio the oldest first, video up to the next keyframe, text
   * the oldest.
   *
   * Valid: 0 bytes and more.
   *
   * Since: 0.1
   */
  install->uint("max-queue-bytes", "Max. queue size",
                "Bytes that may wait on each pad for a slow pipeline (0 = no bound)",
                &Settings::max_queue_bytes);
  /**
   * GstRtmsSrc:max-queue-time:
   *
   * The same in ns of running time; 0: no bound. Text is not dropped for its time.
   *
   * Valid: 0 ns and more.
   *
   * Since: 0.1
   */
  install->uint64("max-queue-time", "Max. queue time",
                  "Time in ns that may wait on each pad for a slow pipeline (0 = no bound)",
                  &Settings::max_queue_time);
  /**
   * GstRtmsSrc:timeout:
   *
   * The time limit in ms for a connection and its handshake.
   *
   * Valid: 1 ms and more.
   *
   * Since: 0.1
   */
  install->uint("timeout", "Timeout", "Time limit in ms for one connection and its handshake",
                &Settings::timeout);
  /**
   * GstRtmsSrc:keep-alive-timeout:
   *
   * A connection on which nothing comes for so many ms, not even a keep-alive, is dead.
   *
   * Valid: 1 ms and more.
   *
   * Since: 0.1
   */
  install->uint("keep-alive-timeout", "Keep-alive timeout",
                "Time in ms without any message after which a connection is dead",
                &Settings::keep_alive_timeout);
  /**
   * GstRtmsSrc:signaling-reconnect-window:
   *
   * For how many ms after a loss of the signaling connection to try again; 0: never.
   *
   * Valid: 0 ms and more.
   *
   * Since: 0.1
   */
  install->uint("signaling-reconnect-window", "Signaling reconnect window",
                "Time in ms after a loss of the signaling connection to try again in (0 = never)",
                &Settings::signaling_reconnect_window);
  /**
   * GstRtmsSrc:media-reconnect-window:
   *
   * For how many ms after a loss of a media connection to try again; 0: never.
   *
   * Valid: 0 ms and more.
   *
   * Since: 0.1
   */
  install->uint("media-reconnect-window", "Media reconnect window",
                "Time in ms after a loss of a media connection to try again in (0 = never)",
                &Settings::media_reconnect_window);
  /**
   * GstRtmsSrc:retry-delay:
   *
   * The delay in ms before the second try; it doubles with each further one. The first try is
   * quicker.
   *
   * Valid: 1 ms to #GstRtmsSrc:retry-delay-max.
   *
   * Since: 0.1
   */
  install->uint("retry-delay", "Retry delay",
                "Delay in ms before the second try to reconnect; doubles with each further one",
                &Settings::retry_delay);
  /**
   * GstRtmsSrc:retry-delay-max:
   *
   * The longest delay between two tries in ms.
   *
   * Valid: #GstRtmsSrc:retry-delay and more, in ms.
   *
   * Since: 0.1
   */
  install->uint("retry-delay-max", "Max. retry delay", "Longest delay between two tries in ms",
                &Settings::retry_delay_max);
}

void install_network(Installer *install) {
  /**
   * GstRtmsSrc:max-message-size:
   *
   * The largest message to accept, in bytes. A larger one ends the connection.
   *
   * Valid: 1024 bytes and more.
   *
   * Since: 0.1
   */
  install->uint("max-message-size", "Max. message size",
                "Largest message to accept in bytes; a larger one ends the connection",
                &Settings::max_message_size);
  /**
   * GstRtmsSrc:tls-ca-file:
   *
   * A file with the certificates of the authorities to trust in place of the system's, in PEM form.
   * #GstRtmsSrc:tls-database beats it; this one can be set on a command line.
   *
   * Default: none. Errors: a file that cannot be used is RESOURCE/SETTINGS at the state change.
   *
   * Since: 0.1
   */
  install->string("tls-ca-file", "TLS CA file",
                  "Path of a PEM file with the certificate authorities to trust in place of the "
                  "system's; tls-database beats it",
                  &Settings::tls_ca_file);
  /**
   * GstRtmsSrc:tls-validation-flags:
   *
   * The checks that a server's certificate must pass.
   *
   * Default: `validate-all`.
   *
   * Since: 0.1
   */
  install->flags("tls-validation-flags", "TLS validation flags",
                 "Checks that a server's certificate must pass", G_TYPE_TLS_CERTIFICATE_FLAGS,
                 &Settings::tls_validation_flags);
  /**
   * GstRtmsSrc:allow-insecure:
   *
   * Permits `ws://` to other hosts than this machine. Everything can be read and changed on the way
   * then.
   *
   * Since: 0.1
   */
  install->boolean("allow-insecure", "Allow insecure",
                   "Permit unencrypted connections (ws://) to other hosts than this machine",
                   &Settings::allow_insecure);
  /**
   * GstRtmsSrc:proxy:
   *
   * The URI of a proxy: `http://host:port`, `socks5://host:port`.
   *
   * Default: as the system is set up. Errors: what is not a URI is RESOURCE/SETTINGS at the state
   * change.
   *
   * Since: 0.1
   */
  install->string("proxy", "Proxy",
                  "URI of a proxy as http://host:port or socks5://host:port; default: the system's",
                  &Settings::proxy);
  /**
   * GstRtmsSrc:user-agent:
   *
   * The User-Agent header of the HTTP requests.
   *
   * Default: `gst-rtms/` and the version.
   *
   * Since: 0.1
   */
  install->string("user-agent", "User agent",
                  "User-Agent header of the HTTP requests; default: gst-rtms and its version",
                  &Settings::user_agent);
  /**
   * GstRtmsSrc:context:
   *
   * Elements of one process that have the same context share one thread for their connections,
   * as the elements of GStreamer's threadshare plugin do. A processor core reads hundreds of
   * meetings. An element cannot be stopped from a handler that any element of its context calls on
   * that thread (a synchronous bus handler, `pad-added`).
   *
   * Default: none, a thread of its own.
   *
   * Since: 0.1
   */
  install->string("context", "Context",
                  "Name of the thread for connections, shared by elements with the same name; "
                  "none: one of its own",
                  &Settings::context);
}

// ---- GValue ↔ member -----------------------------------------------------------------

struct Setter {
  Settings *settings;
  const GValue *value;

  void operator()(std::string Settings::*member) const { settings->*member = text(); }
  void operator()(Secret Settings::*member) const { settings->*member = Secret(text()); }
  void operator()(bool Settings::*member) const { settings->*member = g_value_get_boolean(value); }
  void operator()(int Settings::*member) const {
    settings->*member =
        G_VALUE_HOLDS_ENUM(value) ? g_value_get_enum(value) : g_value_get_int(value);
  }
  void operator()(unsigned Settings::*member) const {
    settings->*member =
        G_VALUE_HOLDS_FLAGS(value) ? g_value_get_flags(value) : g_value_get_uint(value);
  }
  void operator()(uint64_t Settings::*member) const {
    settings->*member = g_value_get_uint64(value);
  }

  const char *text() const {
    const char *string = g_value_get_string(value);
    return string ? string : "";
  }
};

struct Getter {
  const Settings &settings;
  GValue *value;

  void operator()(std::string Settings::*member) const {
    const std::string &text = settings.*member;
    if (member == &Settings::webhook)
      g_value_set_string(value, text.empty() ? nullptr : redact_webhook(text).c_str());
    else
      g_value_set_string(value, text.empty() ? nullptr : text.c_str());
  }
  void operator()(Secret Settings::*) const {}  // write-only
  void operator()(bool Settings::*member) const { g_value_set_boolean(value, settings.*member); }
  void operator()(int Settings::*member) const {
    if (G_VALUE_HOLDS_ENUM(value))
      g_value_set_enum(value, settings.*member);
    else
      g_value_set_int(value, settings.*member);
  }
  void operator()(unsigned Settings::*member) const {
    if (G_VALUE_HOLDS_FLAGS(value))
      g_value_set_flags(value, settings.*member);
    else
      g_value_set_uint(value, settings.*member);
  }
  void operator()(uint64_t Settings::*member) const { g_value_set_uint64(value, settings.*member); }
};

}  // namespace

void install_settings(GObjectClass *klass) {
  Installer install(klass);
  install_stream(&install);
  install_media(&install);
  install_audio(&install);
  install_video(&install);
  install_timing(&install);
  install_network(&install);
}

bool set_setting(Settings *settings, guint id, const GValue *value) {
  if (id == 0 || id > members().size())
    return false;
  std::visit(Setter{settings, value}, members()[id - 1]);
  return true;
}

bool get_setting(const Settings &settings, guint id, GValue *value) {
  if (id == 0 || id > members().size())
    return false;
  std::visit(Getter{settings, value}, members()[id - 1]);
  return true;
}

}  // namespace rtms
