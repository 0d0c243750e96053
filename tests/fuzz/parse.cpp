// SPDX-License-Identifier: LGPL-2.1-or-later
// libFuzzer: any bytes as one message, read in both ways, then all that is done with what it holds.
#include "protocol/parse.h"
#include "protocol/build.h"
#include "protocol/text.h"
#include "scanagrees.h"

#include <cstddef>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static rtms::Parser parser;
  static int64_t stream_start = 1738392033699;
  const std::string_view text(reinterpret_cast<const char *>(data), size);
  if (!rtms::scan_agrees(text))
    std::abort();
  rtms::Message message = parser.parse(text);
  if (const auto *media = std::get_if<rtms::MediaData>(&message)) {
    rtms::transcript_span(*media, stream_start);
    if (media->media == rtms::Media::Transcript)
      rtms::transcript_json(*media, stream_start);
    else if (media->media == rtms::Media::Chat)
      rtms::chat_json(*media);
  } else if (const auto *event = std::get_if<rtms::EventUpdate>(&message)) {
    if (event->type == 1)
      stream_start = event->timestamp;  // what a server says may be anything
  } else if (const auto *ask = std::get_if<rtms::KeepAliveRequest>(&message)) {
    rtms::build_keep_alive_response(ask->timestamp);
  }
  return 0;
}
