// SPDX-License-Identifier: LGPL-2.1-or-later
#include "mp4boxes.h"

#include <unistd.h>
#include <algorithm>
#include <cstring>
#include <fstream>
#include <string_view>
#include <vector>

namespace rtms::recorder {
namespace {

constexpr size_t kHeader = 8;  // size and type of a box

// A box in its parent, or in the file; null if missing.
struct Box {
  uint8_t *content = nullptr;
  size_t size = 0;
};

std::string_view type_of(const uint8_t *box) {
  return {reinterpret_cast<const char *>(box) + 4, 4};
}

// Calls `function` for each box of the type.
template <typename Function>
void each_box(Box parent, std::string_view type, Function function) {
  while (parent.size >= kHeader) {
    const size_t size = GST_READ_UINT32_BE(parent.content);
    if (size < kHeader || size > parent.size)
      return;
    if (type_of(parent.content) == type)
      function(Box{parent.content + kHeader, size - kHeader});
    parent.content += size;
    parent.size -= size;
  }
}

Box box_in(Box parent, std::string_view type, size_t fewest) {
  Box found;
  each_box(parent, type, [&](Box box) {
    if (!found.content && box.size >= fewest)
      found = box;
  });
  return found;
}

void add_at(uint8_t *at, bool is_long, uint64_t what) {
  if (is_long)
    GST_WRITE_UINT64_BE(at, GST_READ_UINT64_BE(at) + what);
  else if (GST_READ_UINT32_BE(at) + what <= G_MAXUINT32)  // else of a fragment at the limit
    GST_WRITE_UINT32_BE(at, static_cast<uint32_t>(GST_READ_UINT32_BE(at) + what));
}

// Returns what is missing in the time written for a track's first fragment.
uint64_t missing(GstClockTime start, uint32_t timescale, uint64_t written) {
  const uint64_t wanted = gst_util_uint64_scale_round(start, timescale, GST_SECOND);
  return wanted > written ? wanted - written : 0;
}

bool read_at(int fd, uint64_t at, uint8_t *data, size_t size) {
  return pread(fd, data, size, static_cast<off_t>(at)) == static_cast<ssize_t>(size);
}

// Returns the content of the file's header; empty if it has none.
std::vector<uint8_t> header_of(int fd) {
  constexpr uint64_t kLongest = 64 << 20;
  uint8_t start[2 * kHeader];
  for (uint64_t at = 0; read_at(fd, at, start, kHeader);) {
    const bool is_long = GST_READ_UINT32_BE(start) == 1;
    if (is_long && !read_at(fd, at, start, sizeof start))
      break;
    const uint64_t size =
        is_long ? GST_READ_UINT64_BE(start + kHeader) : uint64_t{GST_READ_UINT32_BE(start)};
    if (size < kHeader)
      break;
    if (type_of(start) == "moov" && !is_long && size <= kLongest) {
      std::vector<uint8_t> content(size - kHeader);
      return read_at(fd, at + kHeader, content.data(), content.size()) ? content
                                                                       : std::vector<uint8_t>();
    }
    at += size;
  }
  return {};
}

struct TrackProbe {
  std::shared_ptr<Mp4Boxes> owner;
  void *track;
};

}  // namespace

std::shared_ptr<Mp4Boxes> Mp4Boxes::attach(GstPad *muxed) {
  auto self = std::make_shared<Mp4Boxes>();
  gst_pad_add_probe(muxed, GST_PAD_PROBE_TYPE_BUFFER, on_written,
                    new std::shared_ptr<Mp4Boxes>(self),
                    [](gpointer data) { delete static_cast<std::shared_ptr<Mp4Boxes> *>(data); });
  return self;
}

void Mp4Boxes::add_track(const std::shared_ptr<Mp4Boxes> &self, GstPad *entry) {
  self->tracks_.emplace_back();
  gst_pad_add_probe(entry, GST_PAD_PROBE_TYPE_BUFFER, on_first,
                    new TrackProbe{self, &self->tracks_.back()},
                    [](gpointer data) { delete static_cast<TrackProbe *>(data); });
}

GstPadProbeReturn Mp4Boxes::on_first(GstPad *pad, GstPadProbeInfo *info, gpointer data) {
  auto track = static_cast<Track *>(static_cast<TrackProbe *>(data)->track);
  const GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER(info);
  track->start = running_time(pad, GST_BUFFER_DTS_OR_PTS(buffer));
  return GST_PAD_PROBE_REMOVE;
}

GstPadProbeReturn Mp4Boxes::on_written(GstPad *, GstPadProbeInfo *info, gpointer data) {
  auto self = static_cast<std::shared_ptr<Mp4Boxes> *>(data)->get();
  GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER(info);
  // Media data is skipped: mp4mux pushes each box in a buffer of its own.
  uint8_t start[kHeader] = {};
  gst_buffer_extract(buffer, 0, start, sizeof(start));
  const std::string_view type = type_of(start);
  if (GST_READ_UINT32_BE(start) != gst_buffer_get_size(buffer) ||
      (type != "moov" && type != "moof" && type != "mfra"))
    return GST_PAD_PROBE_OK;
  buffer = gst_buffer_make_writable(buffer);
  info->data = buffer;
  GstMapInfo map;
  if (gst_buffer_map(buffer, &map, GST_MAP_READWRITE)) {
    self->mend(map.data, map.size);
    gst_buffer_unmap(buffer, &map);
  }
  return GST_PAD_PROBE_OK;
}

void Mp4Boxes::mend(uint8_t *data, size_t size) {
  if (type_of(data) == "moof") {
    fragment(data + kHeader, size - kHeader);
  } else if (type_of(data) == "mfra") {
    index(data + kHeader, size - kHeader);
  } else {
    movie(data + kHeader, size - kHeader);
    mend_opus(data, size);
  }
}

Mp4Boxes::Track *Mp4Boxes::track(uint32_t id) {
  return id >= 1 && id <= tracks_.size() ? &tracks_[id - 1] : nullptr;
}

void Mp4Boxes::movie(const uint8_t *data, size_t size) {
  each_box({const_cast<uint8_t *>(data), size}, "trak", [this](Box trak) {
    const Box header = box_in(trak, "tkhd", 24);
    const Box media = box_in(box_in(trak, "mdia", 0), "mdhd", 24);
    if (!header.content || !media.content)
      return;
    // Version 1 has two times of 64 bits before the number.
    const uint32_t id = GST_READ_UINT32_BE(header.content + (header.content[0] ? 20 : 12));
    if (Track *known = track(id))
      known->timescale = GST_READ_UINT32_BE(media.content + (media.content[0] ? 20 : 12));
  });
}

void Mp4Boxes::fragment(uint8_t *data, size_t size) {
  each_box({data, size}, "traf", [this](Box traf) {
    const Box header = box_in(traf, "tfhd", 8), time = box_in(traf, "tfdt", 8);
    Track *known = header.content ? track(GST_READ_UINT32_BE(header.content + 4)) : nullptr;
    const bool is_long = time.content && time.content[0];
    if (!known || !time.content || (is_long && time.size < 12))
      return;
    const uint64_t written = is_long ? GST_READ_UINT64_BE(time.content + 4)
                                     : uint64_t{GST_READ_UINT32_BE(time.content + 4)};
    if (!known->begun && GST_CLOCK_TIME_IS_VALID(known->start))
      known->offset = missing(known->start, known->timescale, written);
    known->begun = true;
    add_at(time.content + 4, is_long, known->offset);
  });
}

// An entry has a time, the position of the fragment, and three numbers of variable length.
void Mp4Boxes::index(uint8_t *data, size_t size) {
  constexpr size_t kEntries = 16;
  each_box({data, size}, "tfra", [this](Box tfra) {
    Track *known = tfra.size >= kEntries ? track(GST_READ_UINT32_BE(tfra.content + 4)) : nullptr;
    if (!known)
      return;
    const bool is_long = tfra.content[0];
    const uint32_t lengths = GST_READ_UINT32_BE(tfra.content + 8);
    const size_t entry =
        (is_long ? 16 : 8) + (lengths & 3) + (lengths >> 2 & 3) + (lengths >> 4 & 3) + 3;
    for (size_t at = kEntries; at + entry <= tfra.size; at += entry)
      add_at(tfra.content + at, is_long, known->offset);
  });
}

bool Mp4Boxes::has_fragments(const std::string &file) {
  std::ifstream in(file, std::ios::binary);
  uint8_t header[kHeader];
  while (in.read(reinterpret_cast<char *>(header), sizeof header)) {
    if (type_of(header) == "moof")
      return true;
    uint64_t size = GST_READ_UINT32_BE(header), read = kHeader;
    if (size == 1 && in.read(reinterpret_cast<char *>(header), sizeof header)) {
      size = GST_READ_UINT64_BE(header);
      read += kHeader;
    }
    if (size < read)
      return false;
    in.seekg(static_cast<std::streamoff>(size - read), std::ios::cur);
  }
  return false;
}

std::string Mp4Boxes::problem_of(int fd) {
  std::vector<uint8_t> header = header_of(fd);
  if (header.empty())
    return "has no header";
  unsigned tracks = 0, described = 0;
  each_box({header.data(), header.size()}, "trak", [&](Box trak) {
    const Box samples = box_in(box_in(box_in(trak, "mdia", 0), "minf", 0), "stbl", 0);
    const Box description = box_in(samples, "stsd", 8);  // flags, and a number of entries
    tracks++;
    described += description.content && GST_READ_UINT32_BE(description.content + 4) > 0;
  });
  return tracks > 0 && described == tracks ? "" : "has a track without a description";
}

// A dOps box: size, type, version, channels, PreSkip, InputSampleRate, OutputGain, mapping.
unsigned Mp4Boxes::mend_opus(uint8_t *data, size_t size) {
  constexpr std::string_view kOpus = "dOps";
  constexpr size_t kPreSkip = 6, kRate = 8, kGain = 12, kEnd = 15;  // offsets after the size
  unsigned mended = 0;
  uint8_t *const end = data + size;
  uint8_t *at = data;
  while ((at = std::search(at, end, kOpus.begin(), kOpus.end())) != end) {
    uint8_t *const box = at;
    at += kOpus.size();
    // The highest of the rate's four bytes is 0 in the correct order, and not 0 in the wrong one.
    if (static_cast<size_t>(end - box) < kEnd || box[kRate] == 0)
      continue;
    std::reverse(box + kPreSkip, box + kRate);
    std::reverse(box + kRate, box + kGain);
    std::reverse(box + kGain, box + kGain + 2);
    mended++;
  }
  return mended;
}

}  // namespace rtms::recorder
