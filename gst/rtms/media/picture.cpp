// SPDX-License-Identifier: LGPL-2.1-or-later
#include "picture.h"

#include "nal.h"

#include <string_view>

namespace rtms {
namespace {

// ITU-T H.264, tables 7-1 and 7-6, annex D.
constexpr unsigned kIdrSlice = 5, kSei = 6, kSps = NalScanner::kSps, kPps = 8, kRecoveryPoint = 6;
constexpr unsigned kISlice = 2, kSiSlice = 4, kSliceTypes = 5;
constexpr int kStartCode = 3;  // bytes

bool is_intra(const guint8 *header, const guint8 *end) {
  BitReader bits(header + 1, end);
  bits.exp_golomb();  // first_mb_in_slice
  const unsigned type = bits.exp_golomb() % kSliceTypes;
  return type == kISlice || type == kSiSlice;
}

// Reads the type or size of an SEI message; a byte of 255 continues the number.
unsigned sei_number(const guint8 **at, const guint8 *end) {
  unsigned number = 0;
  while (*at < end && **at == 0xff) {
    number += 0xff;
    (*at)++;
  }
  return *at < end ? number + *(*at)++ : number;
}

bool holds_recovery_point(const guint8 *header, const guint8 *end) {
  constexpr guint8 kTrailingBits = 0x80;
  for (const guint8 *at = header + 1; at < end && *at != kTrailingBits;) {
    const unsigned type = sei_number(&at, end), size = sei_number(&at, end);
    if (type == kRecoveryPoint)
      return true;
    if (size > static_cast<gsize>(end - at))
      return false;
    at += size;
  }
  return false;
}

bool begins_with(const ReadMap &map, std::string_view bytes) {
  return std::string_view(reinterpret_cast<const char *>(map.data()), map.size())
             .substr(0, bytes.size()) == bytes;
}

}  // namespace

std::optional<Codec> plain_codec(GstBuffer *buffer) {
  using namespace std::string_view_literals;
  const ReadMap map(buffer);
  if (begins_with(map, "\xff\xd8\xff"sv))
    return Codec::Jpeg;
  if (begins_with(map, "\x89PNG"sv))
    return Codec::Png;
  if (begins_with(map, "\0\0\1"sv) || begins_with(map, "\0\0\0\1"sv))
    return Codec::H264;
  return std::nullopt;
}

Picture picture_kind(Codec codec, GstBuffer *buffer) {
  if (codec != Codec::H264)
    return Picture::Key;
  const ReadMap map(buffer);
  const guint8 *end = map.data() + map.size();
  NalScanner units(map.data(), map.size());
  bool recovers = false;
  // The first slice decides: either all slices of an access unit are IDR, or none. Encoders without
  // further IDRs mark with a recovery point where a decoder can begin.
  for (const guint8 *header = units.next(), *next = nullptr; header; header = next) {
    const unsigned type = NalScanner::type(header);
    if (!NalScanner::is_slice(type))
      next = units.next();
    if (type == kSei && !recovers)
      recovers = holds_recovery_point(header, next ? next - kStartCode : end);
    if (NalScanner::is_slice(type))
      return type == kIdrSlice || (recovers && is_intra(header, end)) ? Picture::Key
                                                                      : Picture::Delta;
  }
  return Picture::Unknown;
}

std::string parameter_sets(GstBuffer *buffer) {
  const ReadMap map(buffer);
  NalScanner units(map.data(), map.size());
  std::string sets;
  for (const guint8 *header = units.next(), *next = nullptr; header; header = next) {
    next = units.next();
    const unsigned type = NalScanner::type(header);
    if (NalScanner::is_slice(type))
      break;
    if (type != kSps && type != kPps)
      continue;
    // Without the zeros of the next start code: a unit ends with another byte.
    const guint8 *end = next ? next - kStartCode : map.data() + map.size();
    while (end > header && end[-1] == 0)
      end--;
    sets.append("\0\0\0\1", 4).append(header, end);
  }
  return sets;
}

}  // namespace rtms
