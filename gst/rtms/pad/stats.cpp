// SPDX-License-Identifier: LGPL-2.1-or-later
#include "stats.h"

namespace rtms {
namespace {

struct Field {
  const char *name;
  Figure<uint64_t> MediaStats::*member;
};

// In the totals and for each kind of media.
constexpr Field kCounters[] = {
    {"messages", &MediaStats::messages},     {"bytes", &MediaStats::bytes},
    {"dropped", &MediaStats::dropped},       {"discontinuities", &MediaStats::discontinuities},
    {"reconnects", &MediaStats::reconnects}, {"keep-alives", &MediaStats::keep_alives},
    {"ignored", &MediaStats::ignored},
};

void set_uint64(GstStructure *structure, const char *name, uint64_t value) {
  gst_structure_set(structure, name, G_TYPE_UINT64, value, nullptr);
}

StructurePtr media_structure(const char *name, const MediaStats &stats) {
  StructurePtr structure(gst_structure_new_empty(name));
  for (const Field &field : kCounters)
    set_uint64(structure.get(), field.name, stats.*field.member);
  set_uint64(structure.get(), "queue-bytes", stats.queue_bytes);
  set_uint64(structure.get(), "queue-time", stats.queue_time_ns);
  set_uint64(structure.get(), "last-timestamp", stats.last_timestamp_ms);
  gst_structure_set(structure.get(), "latency", G_TYPE_INT64,
                    static_cast<int64_t>(stats.latency_ns), nullptr);
  return structure;
}

}  // namespace

StructurePtr stats_structure(const Stats &stats) {
  StructurePtr all(gst_structure_new_empty("rtms-stats"));
  for (const Field &field : kCounters) {
    uint64_t total = stats.signaling.*field.member;
    for (const MediaStats &media : stats.media)
      total += media.*field.member;
    set_uint64(all.get(), field.name, total);
  }
  for (Media m : kAllMedia) {
    StructurePtr media = media_structure(media_nick(m), stats.media[static_cast<unsigned>(m)]);
    gst_structure_set(all.get(), media_nick(m), GST_TYPE_STRUCTURE, media.get(), nullptr);
  }
  return all;
}

}  // namespace rtms
