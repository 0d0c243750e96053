// Negotiated parameters → caps.
#pragma once

#include "../protocol/types.h"
#include "gstptr.h"

namespace rtms {

CapsPtr audio_caps(const AudioParams &params);
CapsPtr video_caps(const VideoParams &params);
CapsPtr transcript_caps(bool json);
CapsPtr chat_caps();

}  // namespace rtms
