// SPDX-License-Identifier: LGPL-2.1-or-later
#include "settings.h"

#include "protocol/firsturl.h"
#include "transport/url.h"

#include <algorithm>

namespace rtms {
namespace {

using Problem = std::optional<BadSetting>;

constexpr unsigned kMinMessageSize = 1024;  // below, not even the handshakes fit
constexpr int kLastLanguage = 36;

std::string nick(GType type, int value) {
  return gst_rtms_src_enum_nick(type, value);
}

// ---- media ---------------------------------------------------------------------------

struct AudioChoice {
  ContentType framing;
  Codec codec;
  int rate_hz;  // 0: any
  int max_channels;
  int max_packet_ms;
};

// protocol.md §3: the service validates the whole combination.
constexpr AudioChoice kAudioChoices[] = {
    {ContentType::Rtp, Codec::Opus, 48000, 2, 20},
    {ContentType::Rtp, Codec::G711, 8000, 1, 20},
    {ContentType::Rtp, Codec::G722, 16000, 1, 20},
    {ContentType::RawAudio, Codec::L16, 0, 2, 1000},
    {ContentType::RawAudio, Codec::Opus, 48000, 2, 20},
    {ContentType::RawAudio, Codec::G711, 8000, 1, 20},
    {ContentType::RawAudio, Codec::G722, 16000, 1, 20},
};

std::string describe(const AudioChoice &choice) {
  return "audio-framing=" +
         nick(gst_rtms_src_audio_framing_get_type(), static_cast<int>(choice.framing)) +
         " audio-codec=" + codec_nick(choice.codec) + " audio-rate=" +
         (choice.rate_hz ? std::to_string(choice.rate_hz) : "8000|16000|32000|48000") +
         " audio-channels=" + (choice.max_channels == 1 ? "1" : "1|2") +
         " audio-packet-duration=" + (choice.max_packet_ms == 20 ? "20" : "20, 40, 60, … 1000");
}

bool fits(const AudioChoice &choice, const AudioParams &audio) {
  const bool rate_fits = choice.rate_hz ? choice.rate_hz == audio.rate_hz
                                        : sample_rate_to_index(audio.rate_hz).has_value();
  return choice.framing == audio.content_type && choice.codec == audio.codec && rate_fits &&
         audio.channels >= 1 && audio.channels <= choice.max_channels && audio.send_rate_ms >= 20 &&
         audio.send_rate_ms <= choice.max_packet_ms && audio.send_rate_ms % 20 == 0;
}

Problem check_audio(const AudioParams &audio) {
  std::string valid;
  for (const AudioChoice &choice : kAudioChoices) {
    if (fits(choice, audio))
      return {};
    valid += "\n  " + describe(choice);
  }
  return BadSetting{
      "audio-framing=" +
      nick(gst_rtms_src_audio_framing_get_type(), static_cast<int>(audio.content_type)) +
      " audio-codec=" + codec_nick(audio.codec) + " audio-rate=" + std::to_string(audio.rate_hz) +
      " audio-channels=" + std::to_string(audio.channels) +
      " audio-packet-duration=" + std::to_string(audio.send_rate_ms) +
      " is not a combination that the service has. Valid are:" + valid};
}

Problem check_video(const char *prefix, const VideoParams &video) {
  const bool pictures = video.codec != Codec::H264;
  if (video.fps >= 1 && video.fps <= 30 && pictures == (video.fps <= 5))
    return {};
  return BadSetting{std::string(prefix) + "-fps=" + std::to_string(video.fps) +
                    " does not go with " + prefix + "-codec=" + codec_nick(video.codec) +
                    ": jpeg and png need 1 to 5, h264 needs 6 to 30."};
}

VideoParams video_params(int codec, int resolution, int fps, int streams) {
  VideoParams video;
  video.codec = static_cast<Codec>(codec);
  video.resolution = static_cast<Resolution>(resolution);
  video.fps = fps;
  video.data_opt = static_cast<DataOpt>(streams);
  return video;
}

Problem fill_media(const Settings &settings, SessionConfig *config) {
  config->media = settings.media_types & kMaskAll;
  config->unified = settings.connection_mode == GST_RTMS_SRC_CONNECTION_UNIFIED;
  config->buffer_data = settings.buffer_data;
  AudioParams &audio = config->params.audio;
  audio.content_type = static_cast<ContentType>(settings.audio_framing);
  audio.codec = static_cast<Codec>(settings.audio_codec);
  audio.rate_hz = settings.audio_rate;
  audio.channels = settings.audio_channels;
  audio.data_opt = static_cast<DataOpt>(settings.audio_streams);
  audio.send_rate_ms = settings.audio_packet_duration;
  config->params.video = video_params(settings.video_codec, settings.video_resolution,
                                      settings.video_fps, settings.video_streams);
  config->params.screen =
      video_params(settings.screen_codec, settings.screen_resolution, settings.screen_fps,
                   static_cast<int>(DataOpt::VideoActiveSpeaker));
  config->params.transcript = {settings.transcript_language, settings.transcript_detect_language};

  if (!config->media)
    return BadSetting{
        "media-types is empty. Valid are audio, video, screen, transcript and chat, "
        "joined by +."};
  if (config->media & media_bit(Media::Audio))
    if (auto problem = check_audio(audio))
      return problem;
  if (config->media & media_bit(Media::Video))
    if (auto problem = check_video("video", config->params.video))
      return problem;
  if (config->media & media_bit(Media::Screen))
    if (auto problem = check_video("screen", config->params.screen))
      return problem;
  if (settings.transcript_language < -1 || settings.transcript_language > kLastLanguage)
    return BadSetting{"transcript-language=" + std::to_string(settings.transcript_language) +
                      " is not valid. Valid are -1 (none) and 0 to 36, 9 is English."};
  return {};
}

// ---- which stream, and who asks ------------------------------------------------------

std::variant<Webhook, BadSetting> read_webhook(const Settings &settings) {
  std::string text = settings.webhook;
  std::string source = "webhook";
  if (text.empty() && settings.webhook_location.empty())
    return Webhook{};
  if (text.empty()) {
    source = "webhook-location=" + settings.webhook_location;
    char *contents = nullptr;
    gsize size = 0;
    GError *raw_error = nullptr;
    if (!g_file_get_contents(settings.webhook_location.c_str(), &contents, &size, &raw_error)) {
      ErrorPtr error(raw_error);
      return BadSetting{source + " cannot be read: " + error->message + "."};
    }
    text.assign(contents, size);
    g_free(contents);
    // What some editors and shells write before a text.
    constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
    if (text.compare(0, kByteOrderMark.size(), kByteOrderMark) == 0)
      text.erase(0, kByteOrderMark.size());
  }
  const std::string shape = " It must be the JSON text of the service's *.rtms_started webhook.";
  WebhookResult result = parse_webhook(text);
  if (auto error = std::get_if<ParseError>(&result))
    return BadSetting{source + " is " + error->what + "." + shape};
  Webhook hook = std::get<Webhook>(std::move(result));
  if (!hook.event.empty() && webhook_event(hook.event) != WebhookEvent::Started)
    return BadSetting{source + " holds the event \"" + hook.event + "\"." + shape};
  return hook;
}

// The id properties: at most one may be set; it beats the webhook's.
Problem choose_id(const Settings &settings, Webhook *hook) {
  struct IdProperty {
    const char *name;
    const std::string &value;
    Product product;
  };
  const IdProperty ids[] = {
      {"meeting-uuid", settings.meeting_uuid, Product::Meeting},
      {"session-id", settings.session_id, Product::VideoSdk},
      {"engagement-id", settings.engagement_id, Product::ContactCenter},
      {"call-id", settings.call_id, Product::Phone},
  };
  std::string set;
  for (const IdProperty &id : ids) {
    if (id.value.empty())
      continue;
    if (!set.empty())
      return BadSetting{set + " and " + id.name +
                        " are both set. Set exactly one of meeting-uuid, session-id, "
                        "engagement-id and call-id, by product."};
    set = id.name;
    const bool webinar = hook->product == Product::Webinar && id.product == Product::Meeting;
    hook->product = webinar ? Product::Webinar : id.product;
    hook->id = id.value;
  }
  if (hook->id.empty())
    return BadSetting{
        "None of meeting-uuid, session-id, engagement-id and call-id is set, and no "
        "webhook names one. Set webhook, webhook-location, or the id of the product."};
  return {};
}

// These go into HTTP headers and JSON strings: nothing that could end a line.
bool is_printable(std::string_view value) {
  const bool clean = std::none_of(value.begin(), value.end(),
                                  [](unsigned char c) { return c < 0x20 || c == 0x7f; });
  return clean && g_utf8_validate(value.data(), static_cast<gssize>(value.size()), nullptr);
}

Problem check_printable(const char *name, std::string_view value) {
  if (is_printable(value))
    return {};
  return BadSetting{std::string(name) +
                    " holds control characters or invalid UTF-8. Copy it from "
                    "the webhook as it is."};
}

Secret client_secret(const Settings &settings) {
  return settings.client_secret.empty()
             ? Secret(environment({"ZM_RTMS_SECRET", "ZOOM_CLIENT_SECRET"}))
             : settings.client_secret;
}

Problem choose_signature(const Settings &settings, const Webhook &hook, Identity *who) {
  if (!settings.signature.empty()) {
    who->signature = settings.signature.view();
    return check_printable("signature", who->signature);
  }
  const Secret secret = client_secret(settings);
  if (!secret.empty() && !who->client_id.empty()) {
    who->signature = handshake_signature(secret, who->client_id, who->id, who->stream_id);
    return {};
  }
  if (!hook.signature.empty()) {
    who->signature = hook.signature;
    return check_printable("The webhook's signature", who->signature);
  }
  if (who->client_id.empty())
    return BadSetting{
        "client-id is not set. Set it, or ZM_RTMS_CLIENT in the environment, to the "
        "client id (SDK key) of the app; or set signature."};
  return BadSetting{
      "client-secret is not set. Set ZM_RTMS_SECRET in the environment (or the "
      "property) to the client secret (SDK secret) of the app; or set signature."};
}

Problem fill_identity(const Settings &settings, SessionConfig *config) {
  auto read = read_webhook(settings);
  if (auto bad = std::get_if<BadSetting>(&read))
    return *bad;
  Webhook hook = std::get<Webhook>(std::move(read));
  if (auto problem = choose_id(settings, &hook))
    return problem;

  Identity &who = config->who;
  who.product = hook.product;
  who.id = hook.id;
  who.stream_id = settings.stream_id.empty() ? hook.stream_id : settings.stream_id;
  who.client_id = settings.client_id;
  if (who.stream_id.empty())
    return BadSetting{
        "stream-id is not set, and no webhook names one. Set webhook, "
        "webhook-location, or stream-id to the webhook's rtms_stream_id."};
  for (auto &[name, value] : {std::pair{"stream-id", who.stream_id},
                              {"meeting-uuid, session-id, engagement-id or call-id", who.id},
                              {"client-id", who.client_id}})
    if (auto problem = check_printable(name, value))
      return problem;

  // server_urls of the webhook may be a list.
  config->signaling_url =
      settings.signaling_url.empty() ? hook.signaling_url : first_url(settings.signaling_url);
  if (config->signaling_url.empty())
    return BadSetting{
        "signaling-url is not set, and no webhook names one. Set webhook, "
        "webhook-location, or signaling-url to the webhook's server_urls."};
  if (auto problem = url_problem(config->signaling_url, settings.allow_insecure))
    return BadSetting{"signaling-url=" + printable_url(config->signaling_url) + " " + *problem +
                      "."};
  return choose_signature(settings, hook, &who);
}

Problem check_connection(const Settings &settings) {
  for (auto &[name, value] : {std::pair{"timeout", settings.timeout},
                              {"keep-alive-timeout", settings.keep_alive_timeout},
                              {"retry-delay", settings.retry_delay}})
    if (value == 0)
      return BadSetting{std::string(name) + "=0 is not valid. Valid are 1 ms and more."};
  if (settings.max_message_size < kMinMessageSize)
    return BadSetting{"max-message-size=" + std::to_string(settings.max_message_size) +
                      " is not valid. Valid are " + std::to_string(kMinMessageSize) +
                      " bytes and more."};
  if (!settings.proxy.empty() && !g_uri_is_valid(settings.proxy.c_str(), G_URI_FLAGS_NONE, nullptr))
    return BadSetting{"proxy=" + printable_url(settings.proxy) +
                      " is not a URI. Valid are URIs as http://host:port or socks5://host:port."};
  if (!is_printable(settings.user_agent))
    return BadSetting{
        "user-agent holds control characters or invalid UTF-8. Valid is one line of text, as "
        "name/1.0."};
  if (settings.retry_delay > settings.retry_delay_max)
    return BadSetting{"retry-delay=" + std::to_string(settings.retry_delay) +
                      " is larger than retry-delay-max=" +
                      std::to_string(settings.retry_delay_max) + ". Valid are 1 to that, in ms."};
  return {};
}

}  // namespace

const char *environment(std::initializer_list<const char *> names) {
  for (const char *name : names)
    if (const char *value = g_getenv(name); value && *value)
      return value;
  return "";
}

std::variant<TlsDatabase, BadSetting> tls_database(const Settings &settings) {
  if (settings.tls_database || settings.tls_ca_file.empty())
    return settings.tls_database;
  StringPtr path(g_canonicalize_filename(settings.tls_ca_file.c_str(), nullptr));
  GError *raw_error = nullptr;
  GTlsDatabase *database = g_tls_file_database_new(path.get(), &raw_error);
  if (database)
    return TlsDatabase(database, g_object_unref);
  ErrorPtr error(raw_error);
  return BadSetting{"tls-ca-file=" + settings.tls_ca_file + " cannot be used: " + error->message +
                    ". It must be a file of certificates in PEM form."};
}

std::optional<BadSetting> general_problem(const Settings &settings) {
  SessionConfig config;
  if (auto problem = fill_media(settings, &config))
    return problem;
  return check_connection(settings);
}

bool has_credentials(const Settings &settings) {
  return !settings.signature.empty() ||
         (!settings.client_id.empty() && !client_secret(settings).empty());
}

std::variant<SessionConfig, BadSetting> session_config(const Settings &settings) {
  SessionConfig config;
  // What is wrong comes before what is missing.
  if (auto problem = fill_media(settings, &config))
    return *problem;
  if (auto problem = check_connection(settings))
    return *problem;
  if (auto problem = fill_identity(settings, &config))
    return *problem;
  config.allow_insecure = settings.allow_insecure;
  config.timeout_ms = settings.timeout;
  config.keep_alive_timeout_ms = settings.keep_alive_timeout;
  config.signaling_retry = {settings.signaling_reconnect_window, settings.retry_delay,
                            settings.retry_delay_max};
  config.media_retry = {settings.media_reconnect_window, settings.retry_delay,
                        settings.retry_delay_max};
  return config;
}

std::variant<SessionConfig, BadSetting> rejoin_config(Settings settings, std::string webhook,
                                                      const std::string &stream_id) {
  // What was set for the stream as it was announced first does not hold any more.
  settings.webhook = std::move(webhook);
  settings.webhook_location.clear();
  settings.signaling_url.clear();
  settings.stream_id.clear();
  auto result = session_config(settings);
  auto config = std::get_if<SessionConfig>(&result);
  if (config && config->who.stream_id != stream_id)
    return BadSetting{"The webhook is for stream " + config->who.stream_id + ", not for " +
                      stream_id + ": it takes another rtmssrc."};
  return result;
}

}  // namespace rtms
