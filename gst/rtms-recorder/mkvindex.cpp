// SPDX-License-Identifier: LGPL-2.1-or-later
#include "mkvindex.h"

#include <algorithm>
#include <cstring>
#include <optional>

namespace rtms::recorder {
namespace {

using Bytes = std::vector<uint8_t>;

constexpr uint8_t kSegment[] = {0x18, 0x53, 0x80, 0x67}, kCluster[] = {0x1f, 0x43, 0xb6, 0x75},
                  kCues[] = {0x1c, 0x53, 0xbb, 0x6b};
constexpr uint8_t kSimpleBlock = 0xa3, kBlockGroup = 0xa0, kTimestamp = 0xe7, kKeyFlag = 0x80;
constexpr uint8_t kVideo = 1, kAudio = 2;
// An element of four bytes of ID and eight of size; the segment's header is one.
constexpr size_t kLongHeader = 12;
// An entry of the SeekHead: ID, size, SeekID with the Cues', SeekPosition's header; the position
// follows. Where nothing is there, matroskamux makes a Void of it.
constexpr uint8_t kSeek[] = {0x4d, 0xbb, 1,    0,    0,    0,    0,    0,    0,    0x12,
                             0x53, 0xab, 0x84, 0x1c, 0x53, 0xbb, 0x6b, 0x53, 0xac, 0x88};
constexpr size_t kSeekStart = 10;  // of the content, which is there in both cases
// Of a TrackEntry: TrackNumber, then TrackType.
constexpr uint8_t kTrackNumber[] = {0xd7, 0x81}, kTrackType[] = {0x83, 0x81};

template <size_t N>
bool begins_with(const uint8_t *data, size_t size, const uint8_t (&what)[N]) {
  return size >= N && std::equal(what, what + N, data);
}

struct Number {
  uint64_t value;
  size_t length;
};
// An EBML number; none where it is unknown or cut off.
std::optional<Number> number_at(const uint8_t *data, size_t size) {
  if (size == 0 || data[0] == 0)
    return std::nullopt;
  const size_t length = static_cast<size_t>(__builtin_clz(data[0])) - 24 + 1;
  if (size < length)
    return std::nullopt;
  uint64_t value = data[0] & ((0x80u >> (length - 1)) - 1);
  for (size_t i = 1; i < length; i++)
    value = value << 8 | data[i];
  if (value == (uint64_t{1} << (7 * length)) - 1)
    return std::nullopt;
  return Number{value, length};
}

void append(Bytes *to, uint64_t value, size_t bytes) {
  for (size_t i = bytes; i-- > 0;)
    to->push_back(static_cast<uint8_t>(value >> (8 * i)));
}

// All of the Cues' elements have an ID of one byte and, with such numbers, a size of one byte.
Bytes element(uint8_t id, const Bytes &content) {
  Bytes all = {id, static_cast<uint8_t>(0x80 | content.size())};
  all.insert(all.end(), content.begin(), content.end());
  return all;
}

Bytes number_element(uint8_t id, uint64_t value) {
  Bytes content;
  append(&content, value, sizeof(value));
  return element(id, content);
}

// As a muxer does it, which returns to an earlier place of the file. Its own pad is at its end.
void send(GstPad *sink, uint64_t position, const Bytes &bytes) {
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_BYTES);
  segment.start = segment.time = position;
  gst_pad_send_event(sink, gst_event_new_segment(&segment));
  GstBuffer *buffer = gst_buffer_new_allocate(nullptr, bytes.size(), nullptr);
  gst_buffer_fill(buffer, 0, bytes.data(), bytes.size());
  GST_BUFFER_OFFSET(buffer) = position;
  gst_pad_chain(sink, buffer);
}

}  // namespace

void MkvIndex::attach(GstPad *muxed) {
  gst_pad_add_probe(
      muxed,
      static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM),
      on_data, new MkvIndex, [](gpointer self) { delete static_cast<MkvIndex *>(self); });
}

GstPadProbeReturn MkvIndex::on_data(GstPad *pad, GstPadProbeInfo *info, gpointer data) {
  auto self = static_cast<MkvIndex *>(data);
  if (self->done_)
    return GST_PAD_PROBE_OK;
  if (GST_PAD_PROBE_INFO_TYPE(info) & GST_PAD_PROBE_TYPE_BUFFER)
    info->data = self->buffer(BufferPtr(GST_PAD_PROBE_INFO_BUFFER(info))).release();
  else
    self->event(pad, GST_PAD_PROBE_INFO_EVENT(info));
  return GST_PAD_PROBE_OK;
}

void MkvIndex::event(GstPad *pad, GstEvent *event) {
  if (GST_EVENT_TYPE(event) == GST_EVENT_SEGMENT) {
    const GstSegment *segment = nullptr;
    gst_event_parse_segment(event, &segment);
    if (segment->format == GST_FORMAT_BYTES)
      position_ = segment->start;
  } else if (GST_EVENT_TYPE(event) == GST_EVENT_EOS) {
    done_ = true;
    write_cues(pad);
  }
}

// matroskamux pushes each element's header by itself, and the payload behind it.
BufferPtr MkvIndex::buffer(BufferPtr buffer) {
  uint8_t start[24] = {};
  const size_t size = gst_buffer_get_size(buffer.get());
  const size_t known = gst_buffer_extract(buffer.get(), 0, start, sizeof(start));
  const bool behind_all = position_ >= end_ && position_ >= block_end_;
  const uint64_t next = position_ + size;
  if (begins_with(start, known, kSegment))
    header(buffer.get());
  else if (behind_all && begins_with(start, known, kCluster))
    cluster(start, known);
  else if (behind_all && begins_with(start, known, kCues))
    buffer = without_cues(std::move(buffer));
  else if (behind_all && (start[0] == kSimpleBlock || start[0] == kBlockGroup))
    buffer = block(std::move(buffer), start, known);
  position_ = next;
  end_ = std::max(end_, position_);
  return buffer;
}

void MkvIndex::header(GstBuffer *buffer) {
  GstMapInfo map;
  if (segment_ || !gst_buffer_map(buffer, &map, GST_MAP_READ))
    return;
  segment_ = position_ + kLongHeader;
  const uint8_t *end = map.data + map.size;
  const auto seek = std::search(map.data, map.data + map.size, kSeek + kSeekStart, std::end(kSeek));
  if (seek != end && static_cast<size_t>(seek - map.data) >= kSeekStart)
    seek_entry_ = position_ + static_cast<uint64_t>(seek - map.data) - kSeekStart;
  const uint8_t *at = map.data;
  while ((at = std::search(at, end, std::begin(kTrackNumber), std::end(kTrackNumber))) != end) {
    at += sizeof(kTrackNumber);
    if (end - at >= 4 && begins_with(at + 1, 3, kTrackType))
      tracks_.push_back({at[0], at[3]});
  }
  gst_buffer_unmap(buffer, &map);
}

void MkvIndex::cluster(const uint8_t *data, size_t size) {
  if (size < kLongHeader + 2 || data[kLongHeader] != kTimestamp)
    return;
  const size_t length = std::min<size_t>(data[kLongHeader + 1] & 0x0f, size - kLongHeader - 2);
  uint64_t time = 0;
  for (size_t i = 0; i < length; i++)
    time = time << 8 | data[kLongHeader + 2 + i];
  cluster_time_ = time;
  cluster_position_ = position_ - segment_;
}

// Of a block: ID, size, track, two bytes of time, flags.
BufferPtr MkvIndex::block(BufferPtr buffer, const uint8_t *start, size_t size) {
  const auto length = number_at(start + 1, size - 1);
  if (!length)
    return buffer;
  block_end_ = position_ + 1 + length->length + length->value;
  const size_t content = 1 + length->length;
  const auto number = number_at(start + content, size - content);
  const size_t flags = content + (number ? number->length : 0) + 2;
  if (start[0] != kSimpleBlock || !number || flags >= size)
    return buffer;
  // What is not known stays as it is.
  const auto track = std::find_if(tracks_.begin(), tracks_.end(),
                                  [&](const Track &one) { return one.number == number->value; });
  if (track == tracks_.end() || (track->type == kVideo && !(start[flags] & kKeyFlag)))
    return buffer;
  const auto offset = static_cast<int16_t>(GST_READ_UINT16_BE(start + flags - 2));
  add_cue(&*track, cluster_time_ + static_cast<uint64_t>(offset));
  const uint8_t with_key = start[flags] | kKeyFlag;
  BufferPtr writable(gst_buffer_make_writable(buffer.release()));
  gst_buffer_fill(writable.get(), flags, &with_key, 1);
  return writable;
}

void MkvIndex::add_cue(Track *track, uint64_t time) {
  constexpr uint64_t kVideo_ms = 1000, kAudio_ms = 2000;
  if (track->type != kVideo && track->type != kAudio)
    return;
  if (track->has_cue && time < track->last_cue + (track->type == kVideo ? kVideo_ms : kAudio_ms))
    return;
  track->has_cue = true;
  track->last_cue = time;
  cues_.push_back({time, cluster_position_, track->number});
}

// Nothing, of the same size: the muxer counts on it.
BufferPtr MkvIndex::without_cues(BufferPtr buffer) {
  constexpr uint8_t kVoid = 0xec;
  Bytes nothing = {kVoid};
  append(&nothing, uint64_t{1} << 56 | (gst_buffer_get_size(buffer.get()) - 9), 8);
  BufferPtr writable(gst_buffer_make_writable(buffer.release()));
  gst_buffer_fill(writable.get(), 0, nothing.data(), nothing.size());
  return writable;
}

Bytes MkvIndex::cues() const {
  constexpr uint8_t kPoint = 0xbb, kTime = 0xb3, kPositions = 0xb7, kTrack = 0xf7, kPosition = 0xf1;
  Bytes points;
  for (const Cue &cue : cues_) {
    Bytes where = element(kTrack, {cue.track});
    const Bytes position = number_element(kPosition, cue.position);
    where.insert(where.end(), position.begin(), position.end());
    Bytes point = number_element(kTime, cue.time);
    const Bytes positions = element(kPositions, where);
    point.insert(point.end(), positions.begin(), positions.end());
    const Bytes whole = element(kPoint, point);
    points.insert(points.end(), whole.begin(), whole.end());
  }
  Bytes all(std::begin(kCues), std::end(kCues));
  append(&all, uint64_t{1} << 56 | points.size(), 8);
  all.insert(all.end(), points.begin(), points.end());
  return all;
}

void MkvIndex::write_cues(GstPad *pad) {
  PadPtr sink(gst_pad_get_peer(pad));
  if (!sink || !seek_entry_ || cues_.empty())
    return;
  std::stable_sort(cues_.begin(), cues_.end(),
                   [](const Cue &one, const Cue &other) { return one.time < other.time; });
  const Bytes all = cues();
  send(sink.get(), end_, all);
  Bytes entry(std::begin(kSeek), std::end(kSeek));
  append(&entry, end_ - segment_, 8);
  send(sink.get(), seek_entry_, entry);
  Bytes length;
  append(&length, uint64_t{1} << 56 | (end_ + all.size() - segment_), 8);
  send(sink.get(), segment_ - length.size(), length);
}

}  // namespace rtms::recorder
