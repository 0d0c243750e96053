// SPDX-License-Identifier: LGPL-2.1-or-later
// Buffers are used again: with nothing left of what they were, whatever was done to them.
#include "media/decode.h"
#include "pad/buffers.h"
#include "pad/participantmeta.h"

#include "gst_check.h"

#include <algorithm>
#include <deque>
#include <string>
#include <vector>

using namespace rtms;

namespace {

constexpr size_t kPacket = 640;

MediaData packet(const std::string &base64, uint64_t user = 7, std::string_view name = "Ada") {
  MediaData data;
  data.payload = base64;
  data.user_id = user;
  data.user_name = name;
  return data;
}

std::string base64_of(size_t size, char byte) {
  const std::string bytes(size, byte);
  char *text = g_base64_encode(reinterpret_cast<const guchar *>(bytes.data()), size);
  std::string base64 = text;
  g_free(text);
  return base64;
}

// As the element makes it.
BufferPtr make(PacketPool *pool, const MediaData &data, int64_t captured_ms = 1000) {
  MediaParams params;
  params.audio.codec = Codec::L16;
  params.audio.channels = 1;
  params.audio.rate_hz = 16000;
  BufferPtr buffer = make_buffer(data, params, {}, 0, pool);
  fail_unless(buffer != nullptr);
  add_capture_time(buffer.get(), captured_ms, GST_BUFFER_DURATION(buffer.get()));
  add_participant(buffer.get(), data.speaker());
  return buffer;
}

GstStructure *participant_of(GstBuffer *buffer) {
  GstCustomMeta *meta = gst_buffer_get_custom_meta(buffer, "GstRtmsParticipantMeta");
  return meta ? gst_custom_meta_get_structure(meta) : nullptr;
}

unsigned metas_of(GstBuffer *buffer) {
  unsigned count = 0;
  gpointer state = nullptr;
  while (gst_buffer_iterate_meta(buffer, &state))
    count++;
  return count;
}

void expect_fresh(GstBuffer *buffer, size_t size, char byte, uint64_t user, const char *name,
                  int64_t captured_ms) {
  const std::string want(size, byte);
  std::string got(gst_buffer_get_size(buffer), '\0');
  gst_buffer_extract(buffer, 0, &got[0], got.size());
  fail_unless(got == want, "%zu bytes of %d", got.size(), got.empty() ? 0 : got[0]);
  fail_unless(!GST_BUFFER_PTS_IS_VALID(buffer));
  fail_unless(!GST_BUFFER_DTS_IS_VALID(buffer));
  fail_unless(!GST_BUFFER_OFFSET_IS_VALID(buffer));
  assert_equals_uint64(GST_BUFFER_DURATION(buffer), size / 2 * GST_SECOND / 16000);
  assert_equals_int(GST_BUFFER_FLAGS(buffer) & ~GST_BUFFER_FLAG_TAG_MEMORY, 0);
  GstReferenceTimestampMeta *time = gst_buffer_get_reference_timestamp_meta(buffer, nullptr);
  fail_unless(time != nullptr);
  assert_equals_uint64(time->timestamp, static_cast<guint64>(captured_ms) * GST_MSECOND);
  assert_equals_uint64(time->duration, GST_BUFFER_DURATION(buffer));
  GstStructure *structure = participant_of(buffer);
  // Since GStreamer 1.24 a copy that shares a pooled buffer's memory has a meta that holds the
  // buffer.
  const bool holds = !buffer->pool && gst_buffer_get_parent_buffer_meta(buffer);
  assert_equals_int(metas_of(buffer), (structure ? 2 : 1) + (holds ? 1 : 0));
  fail_unless((structure != nullptr) == (user != 0));
  if (!structure)
    return;
  assert_equals_int(gst_structure_n_fields(structure), 3);
  guint64 id = 0;
  fail_unless(gst_structure_get_uint64(structure, "user-id", &id));
  assert_equals_uint64(id, user);
  assert_equals_string(gst_structure_get_string(structure, "user-name"), name);
  assert_equals_string(gst_structure_get_string(structure, "channel-id"), "");
}

}  // namespace

GST_START_TEST(test_used_again) {
  PacketPool pool;
  const std::string first = base64_of(kPacket, 'a'), second = base64_of(kPacket, 'b');
  BufferPtr buffer = make(&pool, packet(first), 1000);
  expect_fresh(buffer.get(), kPacket, 'a', 7, "Ada", 1000);
  const GstBuffer *address = buffer.get();
  GST_BUFFER_PTS(buffer.get()) = 5;
  GST_BUFFER_OFFSET(buffer.get()) = 6;
  GST_BUFFER_FLAG_SET(buffer.get(), GST_BUFFER_FLAG_DISCONT);
  buffer.reset();
  buffer = make(&pool, packet(second), 1020);
  fail_unless(buffer.get() == address, "a new one was made");
  expect_fresh(buffer.get(), kPacket, 'b', 7, "Ada", 1020);
  BufferPtr other = make(&pool, packet(first), 1040);
  fail_unless(other.get() != address);
  expect_fresh(other.get(), kPacket, 'a', 7, "Ada", 1040);
}
GST_END_TEST;

// Somebody else speaks, has a name at last, or is not known.
GST_START_TEST(test_speakers) {
  PacketPool pool;
  const std::string text = base64_of(kPacket, 'a');
  const struct {
    uint64_t user;
    const char *name;
  } cases[] = {{7, "Ada"}, {8, "Ada"}, {8, ""}, {8, "Grace"}, {0, ""}, {9, "Mary"}};
  for (const auto &one : cases) {
    BufferPtr buffer = make(&pool, packet(text, one.user, one.name));
    expect_fresh(buffer.get(), kPacket, 'a', one.user, one.name, 1000);
  }
}
GST_END_TEST;

// What elements may do with a buffer that is theirs.
GST_START_TEST(test_tampered) {
  PacketPool pool;
  const std::string text = base64_of(kPacket, 'a');
  const std::vector<void (*)(GstBuffer *)> tampers = {
      [](GstBuffer *buffer) {
        gst_structure_set(participant_of(buffer), "user-name", G_TYPE_STRING, "Eve", nullptr);
      },
      [](GstBuffer *buffer) {
        gst_structure_set(participant_of(buffer), "more", G_TYPE_INT, 1, nullptr);
      },
      [](GstBuffer *buffer) {
        gst_structure_set(participant_of(buffer), "user-id", G_TYPE_INT, 7, nullptr);
      },
      [](GstBuffer *buffer) { gst_structure_remove_all_fields(participant_of(buffer)); },
      [](GstBuffer *buffer) {
        gst_buffer_remove_meta(buffer, reinterpret_cast<GstMeta *>(gst_buffer_get_custom_meta(
                                           buffer, "GstRtmsParticipantMeta")));
      },
      [](GstBuffer *buffer) {
        gst_buffer_remove_meta(
            buffer,
            reinterpret_cast<GstMeta *>(gst_buffer_get_reference_timestamp_meta(buffer, nullptr)));
      },
      [](GstBuffer *buffer) {
        GstCaps *caps = gst_caps_new_empty_simple("timestamp/x-ntp");
        gst_buffer_add_reference_timestamp_meta(buffer, caps, 1, 2);
        gst_caps_unref(caps);
      },
      [](GstBuffer *buffer) { gst_buffer_resize(buffer, 100, 200); },
      [](GstBuffer *buffer) { gst_buffer_set_size(buffer, 0); },
      [](GstBuffer *buffer) { gst_buffer_memset(buffer, 0, 'x', kPacket); },
      [](GstBuffer *buffer) { gst_buffer_remove_all_memory(buffer); },
      [](GstBuffer *buffer) {
        gst_buffer_append_memory(buffer, gst_allocator_alloc(nullptr, 10, nullptr));
      },
      [](GstBuffer *buffer) {
        gst_buffer_replace_all_memory(buffer, gst_allocator_alloc(nullptr, kPacket, nullptr));
      },
  };
  for (auto tamper : tampers) {
    BufferPtr buffer = make(&pool, packet(text));
    tamper(buffer.get());
    buffer.reset();
    buffer = make(&pool, packet(text));
    expect_fresh(buffer.get(), kPacket, 'a', 7, "Ada", 1000);
  }
}
GST_END_TEST;

// Who holds the memory, or a copy of the buffer, keeps what it holds.
GST_START_TEST(test_held) {
  PacketPool pool;
  const std::string first = base64_of(kPacket, 'a'), second = base64_of(kPacket, 'b');
  BufferPtr buffer = make(&pool, packet(first));
  BufferPtr copy(gst_buffer_copy(buffer.get()));
  GstMemory *memory = gst_buffer_get_memory(buffer.get(), 0);
  buffer.reset();
  buffer = make(&pool, packet(second, 8, "Grace"));
  expect_fresh(buffer.get(), kPacket, 'b', 8, "Grace", 1000);
  expect_fresh(copy.get(), kPacket, 'a', 7, "Ada", 1000);
  GstMapInfo map;
  fail_unless(gst_memory_map(memory, &map, GST_MAP_READ));
  fail_unless(std::string(reinterpret_cast<char *>(map.data), map.size) ==
              std::string(kPacket, 'a'));
  gst_memory_unmap(memory, &map);
  gst_memory_unref(memory);
}
GST_END_TEST;

GST_START_TEST(test_sizes) {
  PacketPool pool;
  std::vector<BufferPtr> under_way;
  for (size_t size : {2, 640, 62, 1280, 1278, 8192, 8194, 100000, 640, 2}) {
    const std::string text = base64_of(size, 's');
    for (int i = 0; i < 2; i++) {
      BufferPtr buffer = make(&pool, packet(text));
      expect_fresh(buffer.get(), size, 's', 7, "Ada", 1000);
      if (i)
        under_way.push_back(std::move(buffer));
    }
  }
}
GST_END_TEST;

// A minute of sound at once: what was needed for it is not kept for ever.
GST_START_TEST(test_burst) {
  constexpr unsigned kBurst = 3000, kMostKept = (2 << 20) / (kPacket + 1024);
  PacketPool pool;
  const std::string text = base64_of(kPacket, 'a');
  unsigned gone = 0;
  std::vector<BufferPtr> burst;
  for (unsigned i = 0; i < kBurst; i++) {
    burst.push_back(make(&pool, packet(text)));
    gst_mini_object_weak_ref(
        GST_MINI_OBJECT(gst_buffer_peek_memory(burst.back().get(), 0)),
        [](gpointer count, GstMiniObject *) { ++*static_cast<unsigned *>(count); }, &gone);
  }
  burst.clear();
  assert_equals_int(gone, kBurst - kMostKept);
}
GST_END_TEST;

// The pad is gone, and its buffers are still somewhere.
GST_START_TEST(test_outlives_its_pool) {
  const std::string text = base64_of(kPacket, 'a');
  BufferPtr buffer;
  {
    PacketPool pool;
    make(&pool, packet(text)).reset();
    buffer = make(&pool, packet(text));
  }
  expect_fresh(buffer.get(), kPacket, 'a', 7, "Ada", 1000);
}
GST_END_TEST;

GST_START_TEST(test_without) {
  const std::string text = base64_of(kPacket, 'a');
  BufferPtr buffer = make(nullptr, packet(text));
  expect_fresh(buffer.get(), kPacket, 'a', 7, "Ada", 1000);
}
GST_END_TEST;

// Large ones are used again, and hold at most half as much as they take. The others are made.
GST_START_TEST(test_pictures) {
  constexpr unsigned kUnderWay = 40;
  const struct {
    size_t size;
    unsigned kept;
  } pictures[] = {{1000, 0},   {65535, 0},   {65536, 31},  {200000, 9}, {65536, 0},
                  {150000, 9}, {1048576, 1}, {1048577, 0}, {524287, 0}, {524288, 1}};
  std::deque<unsigned> all_gone;  // outlives the pool
  PacketPool pool(kPictureSizes);
  for (const auto &picture : pictures) {
    const std::string text = base64_of(picture.size, 'p');
    std::vector<BufferPtr> under_way;
    std::vector<GstMemory *> memories;
    unsigned &gone = all_gone.emplace_back();
    for (size_t i = 0; i < kUnderWay; i++) {
      under_way.push_back(decode_base64(text, &pool));
      GstBuffer *buffer = under_way.back().get();
      fail_unless((buffer->pool != nullptr) == (picture.kept > 0), "%zu bytes", picture.size);
      assert_equals_int(gst_buffer_get_size(buffer), picture.size);
      fail_unless(gst_buffer_memcmp(buffer, picture.size - 1, "p", 1) == 0);
      GstMemory *memory = gst_buffer_peek_memory(buffer, 0);
      fail_unless(memory->maxsize <= 2 * picture.size + 64 || !picture.kept);
      gst_mini_object_weak_ref(
          GST_MINI_OBJECT(memory),
          [](gpointer count, GstMiniObject *) { ++*static_cast<unsigned *>(count); }, &gone);
      memories.push_back(memory);
    }
    under_way.clear();
    fail_unless(gone == kUnderWay - picture.kept, "%zu bytes: %u gone", picture.size, gone);
    if (!picture.kept)
      continue;
    const BufferPtr again = decode_base64(text, &pool);
    GstMemory *memory = gst_buffer_peek_memory(again.get(), 0);
    fail_unless(std::find(memories.begin(), memories.end(), memory) != memories.end());
  }
}
GST_END_TEST;

// What a picture was told to be, the next one is not.
GST_START_TEST(test_flags) {
  const std::string text = base64_of(100000, 'p');
  PacketPool pool(kPictureSizes);
  MediaData picture = packet(text);
  picture.media = Media::Video;
  BufferPtr buffer = make_buffer(picture, {}, {}, 0, &pool);
  const GstBuffer *address = buffer.get();
  // What holds no picture is none to begin with.
  fail_unless(GST_BUFFER_FLAG_IS_SET(buffer.get(), GST_BUFFER_FLAG_DELTA_UNIT));
  GST_BUFFER_FLAG_SET(buffer.get(), GST_BUFFER_FLAG_DISCONT);
  buffer.reset();
  buffer = make_buffer(picture, {}, {}, 0, &pool);
  fail_unless(buffer.get() == address);
  fail_unless(!GST_BUFFER_FLAG_IS_SET(buffer.get(), GST_BUFFER_FLAG_DISCONT));
}
GST_END_TEST;

static Suite *packets_suite() {
  register_participant_meta();
  Suite *suite = suite_create("packets");
  TCase *tc = tcase_create("packets");
  suite_add_tcase(suite, tc);
  tcase_add_test(tc, test_used_again);
  tcase_add_test(tc, test_speakers);
  tcase_add_test(tc, test_tampered);
  tcase_add_test(tc, test_held);
  tcase_add_test(tc, test_sizes);
  tcase_add_test(tc, test_burst);
  tcase_add_test(tc, test_outlives_its_pool);
  tcase_add_test(tc, test_without);
  tcase_add_test(tc, test_pictures);
  tcase_add_test(tc, test_flags);
  return suite;
}

GST_CHECK_MAIN(packets)
