// SPDX-License-Identifier: LGPL-2.1-or-later
// WebSocket frames, byte by byte from RFC 6455.
#include "transport/frames.h"

#include "gst_check.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

using namespace rtms;
using Kind = FrameEvent::Kind;

namespace {

constexpr size_t kLimit = 1 << 20;

struct Event {
  Kind kind;
  std::string data;
  int code;
};

// Feeds the bytes in pieces of at most that size, and collects all that comes of them.
std::vector<Event> read_in(FrameReader *reader, const std::string &bytes, size_t piece) {
  std::vector<Event> events;
  for (size_t at = 0; at < bytes.size();) {
    const FrameReader::Room room = reader->room();
    ck_assert_uint_ge(room.size, 1);
    const size_t size = std::min({piece, room.size, bytes.size() - at});
    memcpy(room.data, bytes.data() + at, size);
    reader->filled(size);
    at += size;
    for (;;) {
      const FrameEvent event = reader->next();
      if (event.kind == Kind::More)
        break;
      events.push_back({event.kind, std::string(event.data), event.code});
      if (event.kind == Kind::Broken || event.kind == Kind::TooLarge || event.kind == Kind::Close)
        return events;
    }
  }
  return events;
}

std::vector<Event> read_all(const std::string &bytes, size_t limit = kLimit) {
  FrameReader reader(limit);
  return read_in(&reader, bytes, bytes.size());
}

std::string bytes(std::initializer_list<int> numbers) {
  return std::string(numbers.begin(), numbers.end());
}

// Unmasked, as a server sends it; the length in as few bytes as can be.
std::string frame(int first, const std::string &payload) {
  std::string text(1, static_cast<char>(first));
  const size_t size = payload.size();
  const unsigned more = size < 126 ? 0 : size <= 0xffff ? 2 : 8;
  text += static_cast<char>(more == 0 ? size : more == 2 ? 126 : 127);
  for (unsigned i = more; i-- > 0;)
    text += static_cast<char>(size >> (8 * i));
  return text + payload;
}

void expect_message(const std::vector<Event> &events, const std::string &data) {
  ck_assert_uint_eq(events.size(), 1);
  ck_assert(events[0].kind == Kind::Data);
  ck_assert(events[0].data == data);
}

void expect_broken(const std::string &wire) {
  const std::vector<Event> events = read_all(wire);
  ck_assert_uint_eq(events.size(), 1);
  ck_assert(events[0].kind == Kind::Broken);
  ck_assert_int_eq(events[0].code, 1002);
  ck_assert(!events[0].data.empty());
}

}  // namespace

// The examples of section 5.7.
GST_START_TEST(test_examples) {
  expect_message(read_all(bytes({0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f})), "Hello");
  expect_message(read_all(bytes({0x01, 0x03, 0x48, 0x65, 0x6c}) + bytes({0x80, 0x02, 0x6c, 0x6f})),
                 "Hello");
  const std::vector<Event> ping = read_all(bytes({0x89, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f}));
  ck_assert_uint_eq(ping.size(), 1);
  ck_assert(ping[0].kind == Kind::Ping);
  ck_assert(ping[0].data == "Hello");
  // The same as a client sends it, with the example's mask.
  ck_assert(client_frame(Opcode::Text, "Hello", 0x37fa213d) ==
            bytes({0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58}));
  ck_assert(client_frame(Opcode::Pong, "Hello", 0x37fa213d) ==
            bytes({0x8a, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58}));
  const std::string binary(256, 'b'), large(65536, 'c');
  expect_message(read_all(bytes({0x82, 0x7e, 0x01, 0x00}) + binary), binary);
  expect_message(read_all(bytes({0x82, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0}) + large), large);
}
GST_END_TEST;

// Each length at which the header changes, each way of arriving.
GST_START_TEST(test_lengths) {
  for (size_t size : {0, 1, 125, 126, 127, 65535, 65536, 65537, 300000}) {
    const std::string payload(size, 'x'), wire = frame(0x82, payload);
    for (size_t piece : {size_t{1}, size_t{2}, size_t{7}, size_t{4096}, wire.size()}) {
      FrameReader reader(kLimit);
      expect_message(read_in(&reader, wire, piece), payload);
    }
  }
}
GST_END_TEST;

// A length may be written longer than it needs be.
GST_START_TEST(test_long_lengths) {
  expect_message(read_all(bytes({0x81, 0x7e, 0x00, 0x02}) + "hi"), "hi");
  expect_message(read_all(bytes({0x81, 0x7f, 0, 0, 0, 0, 0, 0, 0, 2}) + "hi"), "hi");
}
GST_END_TEST;

GST_START_TEST(test_client_lengths) {
  const std::string small(125, 'a'), middle(126, 'b'), most(65535, 'c'), large(65536, 'd');
  ck_assert(client_frame(Opcode::Text, small, 0).substr(0, 6) == bytes({0x81, 0xfd, 0, 0, 0, 0}));
  ck_assert(client_frame(Opcode::Text, middle, 0).substr(0, 8) ==
            bytes({0x81, 0xfe, 0, 126, 0, 0, 0, 0}));
  ck_assert(client_frame(Opcode::Text, most, 0).substr(0, 4) == bytes({0x81, 0xfe, 0xff, 0xff}));
  ck_assert(client_frame(Opcode::Binary, large, 0).substr(0, 10) ==
            bytes({0x82, 0xff, 0, 0, 0, 0, 0, 1, 0, 0}));
}
GST_END_TEST;

// Messages in a row, of all sizes, through one reader: nothing is lost or mixed up.
GST_START_TEST(test_stream) {
  const size_t sizes[] = {1, 640, 20000, 7, 200000, 0, 65536, 1000000, 3, 125, 126};
  std::string wire;
  std::vector<std::string> sent;
  for (int round = 0; round < 20; round++) {
    for (size_t size : sizes) {
      sent.emplace_back(size, static_cast<char>('a' + sent.size() % 26));
      wire += frame(0x81, sent.back());
    }
  }
  for (size_t piece : {size_t{1000}, size_t{16384}, size_t{99999}, wire.size()}) {
    FrameReader reader(kLimit);
    const std::vector<Event> events = read_in(&reader, wire, piece);
    ck_assert_uint_eq(events.size(), sent.size());
    for (size_t i = 0; i < sent.size(); i++)
      ck_assert(events[i].kind == Kind::Data && events[i].data == sent[i]);
  }
}
GST_END_TEST;

// Autobahn's group 5: fragments, with control frames between them.
GST_START_TEST(test_fragments) {
  const std::string wire = frame(0x01, "one ") + frame(0x89, "ping") + frame(0x00, "") +
                           frame(0x00, "two ") + frame(0x8a, "") + frame(0x80, "three") +
                           frame(0x82, "next") + frame(0x02, "") + frame(0x80, "");
  for (size_t piece : {size_t{1}, size_t{3}, wire.size()}) {
    FrameReader reader(kLimit);
    const std::vector<Event> events = read_in(&reader, wire, piece);
    ck_assert_uint_eq(events.size(), 5);
    ck_assert(events[0].kind == Kind::Ping && events[0].data == "ping");
    ck_assert(events[1].kind == Kind::Pong);
    ck_assert(events[2].kind == Kind::Data && events[2].data == "one two three");
    ck_assert(events[3].kind == Kind::Data && events[3].data == "next");
    ck_assert(events[4].kind == Kind::Data && events[4].data.empty());
  }
}
GST_END_TEST;

// As many fragments as one likes: neither the stack nor the time grows with them.
GST_START_TEST(test_many_fragments) {
  std::string wire = frame(0x01, "a");
  for (int i = 0; i < 500000; i++)
    wire += frame(0x00, i % 100 ? "" : "b");
  wire += frame(0x80, "c");
  const std::vector<Event> events = read_all(wire);
  expect_message(events, "a" + std::string(5000, 'b') + "c");
}
GST_END_TEST;

// What a server must not send.
GST_START_TEST(test_broken) {
  for (int reserved : {0xc1, 0xa1, 0x91, 0xf1, 0xc9})
    expect_broken(frame(reserved, "x"));
  for (int opcode : {3, 4, 5, 6, 7, 11, 12, 13, 14, 15})
    expect_broken(frame(0x80 | opcode, "x"));
  expect_broken(bytes({0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58}));
  for (int control : {8, 9, 10}) {
    expect_broken(frame(control, "x"));
    expect_broken(frame(0x80 | control, std::string(126, 'x')));
  }
  expect_broken(frame(0x80, "nothing begun"));
  expect_broken(frame(0x00, "nothing begun"));
  const std::vector<Event> second = read_all(frame(0x01, "one") + frame(0x81, "two"));
  ck_assert(second.size() == 1 && second[0].kind == Kind::Broken);
}
GST_END_TEST;

GST_START_TEST(test_close) {
  std::vector<Event> events = read_all(frame(0x88, ""));
  ck_assert(events.size() == 1 && events[0].kind == Kind::Close && events[0].code == 0);
  events = read_all(frame(0x88, bytes({0x03, 0xe8}) + "bye"));
  ck_assert(events.size() == 1 && events[0].kind == Kind::Close && events[0].data == "bye");
  ck_assert_int_eq(events[0].code, 1000);
  for (int code : {1001, 1002, 1003, 1007, 1011, 1012, 1013, 1014, 3000, 4999}) {
    events = read_all(frame(0x88, bytes({code >> 8, code & 0xff})));
    ck_assert(events.size() == 1 && events[0].kind == Kind::Close && events[0].code == code);
  }
  expect_broken(frame(0x88, "x"));
  for (int code : {0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535})
    expect_broken(frame(0x88, bytes({code >> 8, code & 0xff})));
  ck_assert(close_payload(1000) == bytes({0x03, 0xe8}));
}
GST_END_TEST;

// Over the limit: told by the header, before anything of it is stored.
GST_START_TEST(test_too_large) {
  expect_message(read_all(frame(0x81, std::string(1000, 'x')), 1000), std::string(1000, 'x'));
  const std::string headers[] = {
      frame(0x81, std::string(1001, 'x')).substr(0, 4),
      bytes({0x82, 0x7f, 0, 0, 0, 0, 0x40, 0, 0, 0}),
      bytes({0x82, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}),
      frame(0x01, std::string(600, 'x')) + frame(0x00, std::string(401, 'x')).substr(0, 4),
  };
  for (const std::string &wire : headers) {
    const std::vector<Event> events = read_all(wire, 1000);
    ck_assert(events.size() == 1 && events[0].kind == Kind::TooLarge);
    ck_assert_int_eq(events[0].code, 1009);
  }
  // Control frames do not count.
  const std::vector<Event> events =
      read_all(frame(0x01, std::string(1000, 'x')) + frame(0x89, "ping") + frame(0x80, ""), 1000);
  ck_assert(events.size() == 2 && events[0].kind == Kind::Ping);
  ck_assert(events[1].kind == Kind::Data && events[1].data.size() == 1000);
}
GST_END_TEST;

// Room is bounded by the limit and one read, however a message arrives.
GST_START_TEST(test_bounded_room) {
  FrameReader reader(kLimit);
  const std::string wire = frame(0x82, std::string(kLimit, 'x')) + frame(0x82, "small");
  size_t most = 0, messages = 0;
  for (size_t at = 0; at < wire.size();) {
    const FrameReader::Room room = reader.room();
    const size_t size = std::min(room.size, wire.size() - at);
    most = std::max(most, reader.buffered().size() + room.size);
    memcpy(room.data, wire.data() + at, size);
    reader.filled(size);
    at += size;
    while (reader.next().kind == Kind::Data)
      messages++;
  }
  ck_assert_uint_eq(messages, 2);
  ck_assert_uint_le(most, kLimit + (128 << 10));
}
GST_END_TEST;

// Behind a large message comes little of the next one, which would have to be moved.
GST_START_TEST(test_little_is_moved) {
  constexpr unsigned kMessages = 20;
  constexpr size_t kLittle = 16 << 10;
  std::string wire;
  for (unsigned i = 0; i < kMessages; i++)
    wire += frame(0x81, std::string(200000 + 1000 * i, 'x'));
  FrameReader reader(kLimit);
  unsigned messages = 0;
  for (size_t at = 0; at < wire.size();) {
    const FrameReader::Room room = reader.room();
    const size_t size = std::min(room.size, wire.size() - at);
    memcpy(room.data, wire.data() + at, size);
    reader.filled(size);
    at += size;
    const unsigned before = messages;
    while (reader.next().kind == Kind::Data)
      messages++;
    if (messages > before)
      ck_assert_uint_le(reader.buffered().size(), kLittle);
  }
  ck_assert_uint_eq(messages, kMessages);
}
GST_END_TEST;

static Suite *frames_suite() {
  Suite *suite = suite_create("frames");
  TCase *tcase = tcase_create("frames");
  suite_add_tcase(suite, tcase);
  tcase_add_test(tcase, test_examples);
  tcase_add_test(tcase, test_lengths);
  tcase_add_test(tcase, test_long_lengths);
  tcase_add_test(tcase, test_client_lengths);
  tcase_add_test(tcase, test_stream);
  tcase_add_test(tcase, test_fragments);
  tcase_add_test(tcase, test_many_fragments);
  tcase_add_test(tcase, test_broken);
  tcase_add_test(tcase, test_close);
  tcase_add_test(tcase, test_too_large);
  tcase_add_test(tcase, test_bounded_room);
  tcase_add_test(tcase, test_little_is_moved);
  return suite;
}

GST_CHECK_MAIN(frames)
