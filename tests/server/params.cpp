// SPDX-License-Identifier: LGPL-2.1-or-later
// The rules about media parameters.
#include "rules.h"

namespace rtmstest {

namespace {

enum ContentType { kRtp = 1, kRawAudio = 2, kRawVideo = 3, kText = 5 };
enum Codec { kL16 = 1, kG711, kG722, kOpus, kJpg, kPng, kH264 };

bool within(std::optional<int64_t> value, int64_t low, int64_t high) {
  return value && *value >= low && *value <= high;
}

// One row of the audio table; rates are indices (0 8 kHz, 1 16, 2 32, 3 48).
struct AudioRow {
  int64_t content, codec, rate_low, rate_high, channels_high, send_rate_high;
};
constexpr AudioRow kAudioTable[] = {
    {kRtp, kOpus, 3, 3, 2, 20},      {kRtp, kG711, 0, 0, 1, 20},
    {kRtp, kG722, 1, 1, 1, 20},      {kRawAudio, kL16, 0, 3, 2, 1000},
    {kRawAudio, kOpus, 3, 3, 2, 20}, {kRawAudio, kG711, 0, 0, 1, 20},
    {kRawAudio, kG722, 1, 1, 1, 20},
};
// Content type RTP with L16 is what the public samples ask for: it means raw.
constexpr AudioRow kSampleRow = {kRtp, kL16, 0, 3, 2, 1000};

const char *default_params(Media m, JsonObject *asked) {
  const bool h264 = get_int(asked, "codec") == kH264;
  switch (m) {
    case Media::Audio:
      return R"({"content_type":2,"sample_rate":1,"channel":1,"codec":1,"data_opt":1,"send_rate":20})";
    case Media::Video:
      return h264 ? R"({"content_type":3,"codec":7,"resolution":2,"fps":25,"data_opt":3})"
                  : R"({"content_type":3,"codec":5,"resolution":2,"fps":5,"data_opt":3})";
    case Media::Deskshare:
      return h264 ? R"({"content_type":3,"codec":7,"resolution":3,"fps":15})"
                  : R"({"content_type":3,"codec":5,"resolution":3,"fps":1})";
    case Media::Transcript:
      return R"({"content_type":5,"src_language":9,"enable_lid":true})";
    case Media::Chat:
      break;
  }
  return R"({"content_type":5})";
}

// Fields are judged from the general to the special, so the code names the one that breaks the
// combination: an L16 in RTP is a wrong codec, not a wrong content type.
Verdict check_audio(JsonObject *params, bool strict) {
  auto content = get_int(params, "content_type");
  if (!within(content, kRtp, kRawAudio))
    return {kAudioContentType, "content_type"};
  auto codec = get_int(params, "codec");
  const AudioRow *row = nullptr;
  for (const AudioRow &candidate : kAudioTable)
    if (candidate.content == content && candidate.codec == codec)
      row = &candidate;
  if (!strict && content == kSampleRow.content && codec == kSampleRow.codec)
    row = &kSampleRow;
  if (!row)
    return {kAudioCodec, "codec"};
  if (!within(get_int(params, "sample_rate"), row->rate_low, row->rate_high))
    return {kAudioSampleRate, "sample_rate"};
  if (!within(get_int(params, "channel"), 1, row->channels_high))
    return {kAudioChannel, "channel"};
  if (!within(get_int(params, "data_opt"), 1, 2))
    return {kAudioDataOpt, "data_opt"};
  auto send_rate = get_int(params, "send_rate");
  if (!within(send_rate, 20, row->send_rate_high) || *send_rate % 20 != 0)
    return {kAudioSendRate, "send_rate"};
  return {};
}

// `most`: the highest rate of JPEG and PNG; H.264 has a higher one.
bool fps_fits(JsonObject *params, int64_t most) {
  auto fps = get_int(params, "fps");
  return get_int(params, "codec") == kH264 ? within(fps, most + 1, 30) : within(fps, 1, most);
}

Verdict check_video(JsonObject *params, bool) {
  if (get_int(params, "content_type") != kRawVideo)
    return {kVideoContentType, "content_type"};
  if (!within(get_int(params, "codec"), kJpg, kH264))
    return {kVideoCodec, "codec"};
  if (!within(get_int(params, "resolution"), 1, 4))
    return {kVideoResolution, "resolution"};
  if (!within(get_int(params, "data_opt"), 3, 4))
    return {kVideoDataOpt, "data_opt"};
  if (!fps_fits(params, 5))
    return {kVideoFps, "fps"};
  return {};
}

// An older page has video's rule for it: that is taken, too, unless strict.
Verdict check_deskshare(JsonObject *params, bool strict) {
  if (get_int(params, "content_type") != kRawVideo)
    return {kDeskshareContentType, "content_type"};
  if (!within(get_int(params, "codec"), kJpg, kH264))
    return {kDeskshareCodec, "codec"};
  if (!within(get_int(params, "resolution"), 1, 4))
    return {kDeskshareResolution, "resolution"};
  if (!fps_fits(params, 1) && (strict || !fps_fits(params, 5)))
    return {kDeskshareFps, "fps"};
  return {};
}

Verdict check_transcript(JsonObject *params, bool) {
  if (get_int(params, "content_type") != kText)
    return {kTranscriptContentType, "content_type"};
  for (const char *key : {"src_language", "language"})
    if (json_object_has_member(params, key) && !within(get_int(params, key), -1, 36))
      return {kTranscriptSourceLanguage, key};
  if (json_object_has_member(params, "enable_lid") && !get_bool(params, "enable_lid"))
    return {kTranscriptParams, "enable_lid is not a boolean"};
  return {};
}

Verdict check_chat(JsonObject *params, bool) {
  if (get_int(params, "content_type") != kText)
    return {kChatContentType, "content_type"};
  return {};
}

}  // namespace

std::string asked_params(Media m, JsonObject *media_params, const Config &config) {
  JsonObject *asked = get_object(media_params, media_name(m));
  NodePtr defaults = parse_object(config.strict ? "{}" : default_params(m, asked));
  return merged(json_node_get_object(defaults.get()), asked);
}

Verdict check_params(Media m, JsonObject *params, const Config &config) {
  constexpr Verdict (*checks[kMediaCount])(JsonObject *, bool) = {
      check_audio, check_video, check_deskshare, check_transcript, check_chat};
  return checks[static_cast<std::size_t>(m)](params, config.strict);
}

}  // namespace rtmstest
