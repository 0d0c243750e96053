// SPDX-License-Identifier: LGPL-2.1-or-later
// A decoder of video that a test makes up.
#pragma once

#include <gst/gst.h>

namespace rtmscheck {

struct MadeDecoder {
  guint rank = GST_RANK_PRIMARY;
  const char *takes = nullptr, *makes = nullptr;  // caps
  GstPadChainFunction chain = nullptr;
  GstPadEventFunction event = nullptr;  // null: the usual one
};

// Registers it, once in a process, for all that look for a decoder.
void register_decoder(const MadeDecoder &decoder);

}  // namespace rtmscheck
