// SPDX-License-Identifier: LGPL-2.1-or-later
// Finds NAL units by their start codes (ITU-T H.264, Annex B).
#pragma once

#include <gst/gst.h>
#include <cstring>

namespace rtms {

class NalScanner {
 public:
  NalScanner(const guint8 *data, gsize size) : at_(data), end_(data + size) {}

  // Returns the header byte of the next unit; null after the last.
  const guint8 *next() {
    // A start code ends with 01.
    while (end_ - at_ >= 4) {
      auto one =
          static_cast<const guint8 *>(memchr(at_ + 2, 1, static_cast<size_t>(end_ - at_ - 3)));
      if (!one)
        return nullptr;
      at_ = one - 1;
      if (one[-1] == 0 && one[-2] == 0)
        return one + 1;
    }
    return nullptr;
  }

  static unsigned type(const guint8 *header) { return *header & 31; }
  static bool is_slice(unsigned type) { return type >= 1 && type <= 5; }

 private:
  const guint8 *at_, *end_;
};

// For a probe on buffers of H.264 with start codes: keeps from h264parse of GStreamer 1.22 what
// ends it. Removes what is before the first start code, at two megabytes of which it gives up; a
// start code at the end, and the ends of sequences, behind which it misses a NAL unit; and the
// units of scalable, multiview and 3D video, which other decoders ignore: it crashes at an invalid
// subset SPS. Returns DROP if nothing else is in the buffer.
GstPadProbeReturn clean_h264(GstPadProbeInfo *info);

}  // namespace rtms
