// SPDX-License-Identifier: LGPL-2.1-or-later
// What the document demands of a client's messages. Pure: JSON in, verdict out.
#pragma once

#include <string>
#include <vector>

#include "json.h"

namespace rtmstest {

enum Status : int {
  kOk = 0,
  kInvalidMessageType = 1,
  kInvalidStreamId = 2,
  kInvalidSignature = 3,
  kInvalidPayload = 4,
  kInvalidEvents = 5,
  kInvalidEventType = 6,
  kInvalidMediaType = 7,
  kDuplicateSignal = 8,
  kAudioNotSupported = 9,  // 10..13: the other media, in their order
  kMediaTypeInvalidValue = 14,
  kAllConnectionExists = 15,
  kDuplicateMedia = 16,
  kInvalidMediaParams = 17,
  kAudioParams = 18,
  kAudioContentType = 19,
  kAudioSampleRate = 20,
  kAudioChannel = 21,
  kAudioCodec = 22,
  kAudioDataOpt = 23,
  kAudioSendRate = 24,
  kVideoParams = 25,
  kVideoContentType = 26,
  kVideoCodec = 27,
  kVideoResolution = 28,
  kVideoDataOpt = 29,
  kVideoFps = 30,
  kDeskshareParams = 31,
  kDeskshareContentType = 32,
  kDeskshareCodec = 33,
  kDeskshareResolution = 34,
  kDeskshareFps = 35,
  kTranscriptParams = 36,
  kTranscriptContentType = 37,
  kChatParams = 38,
  kChatContentType = 39,
  kInvalidSessionId = 40,
  kInvalidReady = 41,
  kInvalidSubscribe = 42,
  kTranscriptSourceLanguage = 43,
  kDuplicateVideoSubscription = 44,
  kInternal = 45,
};
const char *status_name(int status);

struct Verdict {
  int status = kOk;
  std::string why;
};

// Who may speak to the server.
struct Identity {
  Product product;
  std::string id, stream_id, client_id, signature;
  std::string webinar_uuid;  // where it is another one than the id
};

inline constexpr int64_t kAllMask = 32;
const char *media_name(Media m);       // as in the URLs' and the parameters' keys
std::string socket_name(Where where);  // "signaling" or "media/…"
int64_t media_bit(Media m);
std::vector<Media> media_of_mask(int64_t mask);  // empty: not a valid mask
const char *product_key(Product product);        // name of the id

Verdict check_type(JsonObject *request, int msg_type);
Verdict check_signaling(JsonObject *request, const Identity &identity, const Config &config);
// `endpoint`: the medium of the URL, none for "all".
Verdict check_media(JsonObject *request, const Identity &identity, Where endpoint,
                    const Config &config);
// The media that a mask means: 32 is all of them, or all that are offered where that is allowed.
std::vector<Media> wanted_media(int64_t mask, const Config &config);
// The parameters that were asked for, as JSON; what is absent has its default.
std::string asked_params(Media m, JsonObject *media_params, const Config &config);
Verdict check_params(Media m, JsonObject *params, const Config &config);
Verdict check_subscription(JsonObject *request, const Config &config);
// An event that is sent unasked.
bool unasked_event(int64_t type);
// Names of the media whose parameters were sent though they are not in the mask.
std::vector<std::string> surplus_params(JsonObject *request);

}  // namespace rtmstest
