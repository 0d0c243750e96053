// SPDX-License-Identifier: LGPL-2.1-or-later
// Negotiated parameters → caps.
#pragma once

#include "gstptr.h"
#include "picturesize.h"
#include "protocol/types.h"

namespace rtms {

// `rtp_payload`: the payload type of the packets, once known.
CapsPtr audio_caps(const AudioParams &params, std::optional<int> rtp_payload = {});
// With the size of the video frames, once known.
CapsPtr video_caps(const VideoParams &params, std::optional<PictureSize> size);
CapsPtr transcript_caps(bool json, bool markup);
CapsPtr chat_caps();

}  // namespace rtms
