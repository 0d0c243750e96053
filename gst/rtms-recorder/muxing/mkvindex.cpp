// SPDX-License-Identifier: LGPL-2.1-or-later
#include "mkvindex.h"

#include "ebml.h"

#include <algorithm>

namespace rtms::recorder {
namespace {

using ebml::append;
using ebml::Bytes;
using ebml::element;
using ebml::kBlockGroup;
using ebml::kSimpleBlock;
using ebml::number_at;
using ebml::number_element;

constexpr uint8_t kSegment[] = {0x18, 0x53, 0x80, 0x67}, kCluster[] = {0x1f, 0x43, 0xb6, 0x75},
                  kCues[] = {0x1c, 0x53, 0xbb, 0x6b};
constexpr uint8_t kKeyFlag = 0x80;
constexpr uint8_t kVideo = 1, kAudio = 2, kSubtitle = 0x11;
// The header of a block: track, two bytes of time, flags.
constexpr size_t kBlockHeader = 4;
// An element with four bytes of ID and eight of size, such as the segment's header.
constexpr size_t kLongHeader = 12;
// An entry of the SeekHead: ID, size, SeekID of the Cues, header of SeekPosition; the position
// follows. matroskamux makes a Void of an entry without a target.
constexpr uint8_t kSeek[] = {0x4d, 0xbb, 1,    0,    0,    0,    0,    0,    0,    0x12,
                             0x53, 0xab, 0x84, 0x1c, 0x53, 0xbb, 0x6b, 0x53, 0xac, 0x88};
constexpr size_t kSeekStart = 10;  // begin of the content, equal in both cases
// TrackNumber and TrackType of a TrackEntry.
constexpr uint8_t kTrackNumber[] = {0xd7, 0x81}, kTrackType[] = {0x83, 0x81};

template <size_t N>
bool begins_with(const uint8_t *data, size_t size, const uint8_t (&what)[N]) {
  return size >= N && std::equal(what, what + N, data);
}

void go_to(GstPad *sink, uint64_t position) {
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_BYTES);
  segment.start = segment.time = position;
  gst_pad_send_event(sink, gst_event_new_segment(&segment));
}

// Writes as a muxer that returns to an earlier position of the file.
void send(GstPad *sink, uint64_t position, const Bytes &bytes) {
  go_to(sink, position);
  GstBuffer *buffer = gst_buffer_new_allocate(nullptr, bytes.size(), nullptr);
  gst_buffer_fill(buffer, 0, bytes.data(), bytes.size());
  GST_BUFFER_OFFSET(buffer) = position;
  gst_pad_chain(sink, buffer);
}

}  // namespace

void MkvIndex::attach(GstPad *muxed, std::shared_ptr<LateLines> late) {
  gst_pad_add_probe(
      muxed,
      static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM),
      on_data, new MkvIndex(std::move(late)),
      [](gpointer self) { delete static_cast<MkvIndex *>(self); });
}

GstPadProbeReturn MkvIndex::on_data(GstPad *pad, GstPadProbeInfo *info, gpointer data) {
  auto self = static_cast<MkvIndex *>(data);
  if (self->done_)
    return GST_PAD_PROBE_OK;
  if (GST_PAD_PROBE_INFO_TYPE(info) & GST_PAD_PROBE_TYPE_BUFFER && self->is_behind_all())
    self->write_late(pad);
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
    write_late(pad);
    write_cues(pad);
  }
}

// matroskamux pushes the header of each element in a buffer of its own, before the payload.
BufferPtr MkvIndex::buffer(BufferPtr buffer) {
  uint8_t start[48] = {};
  const size_t size = gst_buffer_get_size(buffer.get());
  const size_t known = gst_buffer_extract(buffer.get(), 0, start, sizeof(start));
  const bool behind_all = is_behind_all();
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
  if (size < kLongHeader + 2 || data[kLongHeader] != ebml::kTimestamp)
    return;
  const size_t length = std::min<size_t>(data[kLongHeader + 1] & 0x0f, size - kLongHeader - 2);
  uint64_t time = 0;
  for (size_t i = 0; i < length; i++)
    time = time << 8 | data[kLongHeader + 2 + i];
  cluster_time_ = time;
  cluster_position_ = position_ - segment_;
}

// `start` begins with ID and size. An unknown structure is not changed.
BufferPtr MkvIndex::block(BufferPtr buffer, const uint8_t *start, size_t size) {
  const auto length = number_at(start + 1, size - 1);
  if (!length)
    return buffer;
  const size_t header = 1 + length->length;
  block_end_ = position_ + header + length->value;
  if (start[0] == kBlockGroup)
    return group(std::move(buffer), start + header, size - header);
  Track *track = track_of(start + header, size - header);
  if (!track || (track->type == kVideo && !(start[header + 3] & kKeyFlag)))
    return buffer;
  add_cue(track, time_of(start + header));
  const uint8_t with_key = start[header + 3] | kKeyFlag;
  BufferPtr writable(gst_buffer_make_writable(buffer.release()));
  gst_buffer_fill(writable.get(), header + 3, &with_key, 1);
  return writable;
}

// A reserved block is a Void until a line replaces it: another ID, the same size.
BufferPtr MkvIndex::group(BufferPtr buffer, const uint8_t *content, size_t size) {
  while (size > 1 && content[0] != ebml::kBlock) {
    const auto length = number_at(content + 1, size - 1);
    if (!length || length->value + 1 + length->length > size)
      return buffer;
    content += 1 + length->length + length->value;
    size -= 1 + length->length + length->value;
  }
  const auto length = size > 1 ? number_at(content + 1, size - 1) : std::nullopt;
  if (!late_ || !length || length->value < kBlockHeader + LateLines::kReserved)
    return buffer;
  content += 1 + length->length;
  const Track *track = track_of(content, size - 1 - length->length);
  if (!track || track->type != kSubtitle)
    return buffer;
  late_->reserved(
      {position_, block_end_ - position_, time_of(content), cluster_time_, track->number});
  BufferPtr writable(gst_buffer_make_writable(buffer.release()));
  gst_buffer_fill(writable.get(), 0, &ebml::kVoid, 1);
  return writable;
}

MkvIndex::Track *MkvIndex::track_of(const uint8_t *block, size_t size) {
  const auto number = number_at(block, size);
  const auto track = std::find_if(tracks_.begin(), tracks_.end(), [&](const Track &one) {
    return number && number->length == 1 && size >= kBlockHeader && one.number == number->value;
  });
  return track == tracks_.end() ? nullptr : &*track;
}

uint64_t MkvIndex::time_of(const uint8_t *block) const {
  return cluster_time_ + static_cast<uint64_t>(static_cast<int16_t>(block[1] << 8 | block[2]));
}

void MkvIndex::write_late(GstPad *pad) {
  const auto patches = late_ ? late_->take() : std::vector<LateLines::Patch>();
  PadPtr sink(gst_pad_get_peer(pad));
  if (patches.empty() || !sink)
    return;
  for (const LateLines::Patch &patch : patches)
    send(sink.get(), patch.position, patch.bytes);
  go_to(sink.get(), position_);
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

// Returns a Void of the same size, which the muxer relies on.
BufferPtr MkvIndex::without_cues(BufferPtr buffer) {
  Bytes nothing = {ebml::kVoid};
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
    append(&where, number_element(kPosition, cue.position));
    Bytes point = number_element(kTime, cue.time);
    append(&point, element(kPositions, where));
    append(&points, element(kPoint, point));
  }
  Bytes all(std::begin(kCues), std::end(kCues));
  append(&all, uint64_t{1} << 56 | points.size(), 8);
  append(&all, points);
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
