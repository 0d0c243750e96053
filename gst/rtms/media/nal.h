// SPDX-License-Identifier: LGPL-2.1-or-later
// Finds NAL units by their start codes (ITU-T H.264, Annex B).
#pragma once

#include <gst/gst.h>
#include <cstring>

namespace rtms {

class NalScanner {
 public:
  static constexpr unsigned kSps = 7;
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

// Reads bits after a header byte; zeros past the end.
class BitReader {
 public:
  // Emulation prevention bytes are left out, or are bits like others.
  enum class Bytes { Unescaped, Raw };
  BitReader(const guint8 *at, const guint8 *end, Bytes bytes = Bytes::Raw)
      : at_(at), end_(end), bytes_(bytes) {}

  bool is_over() const { return at_ >= end_; }
  unsigned bit() {
    if (is_over())
      return 0;
    const unsigned value = *at_ >> (7 - bit_) & 1;
    bit_ = (bit_ + 1) % 8;
    if (bit_ == 0)
      end_byte();
    return value;
  }
  // An unsigned Exp-Golomb code.
  unsigned exp_golomb() {
    unsigned zeros = 0;
    while (zeros < 31 && !is_over() && !bit())
      zeros++;
    unsigned value = 1;
    for (unsigned i = 0; i < zeros; i++)
      value = value << 1 | bit();
    return value - 1;
  }

 private:
  void end_byte() {
    constexpr guint8 kEmulationPrevention = 3;
    zero_bytes_ = *at_++ == 0 ? zero_bytes_ + 1 : 0;
    const bool escape = zero_bytes_ >= 2 && at_ < end_ && *at_ == kEmulationPrevention;
    if (bytes_ == Bytes::Raw || !escape)
      return;
    at_++;
    zero_bytes_ = 0;
  }

  const guint8 *at_, *end_;
  const Bytes bytes_;
  unsigned bit_ = 0, zero_bytes_ = 0;
};

// For a probe on buffers of H.264 with start codes. Removes what h264parse of GStreamer 1.22 fails
// at: bytes before the first start code, because the parser gives up after two megabytes; a start
// code at the end, and the ends of sequences, because the parser misses the NAL unit behind them;
// and the units of scalable, multiview and 3D video, because the parser crashes at an invalid
// subset SPS. Removes each oversized SPS, because decoders allocate too much memory. Returns DROP
// if nothing else is in the buffer.
GstPadProbeReturn clean_h264(GstPadProbeInfo *info);

}  // namespace rtms
