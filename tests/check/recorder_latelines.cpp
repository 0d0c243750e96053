// SPDX-License-Identifier: LGPL-2.1-or-later
// Lines of the transcript in blocks of a Matroska file that were reserved for them.
#include "numbered.h"
#include "recorder_run.h"

#include "muxing/ebml.h"
#include "muxing/latelines.h"
#include "muxing/mkvindex.h"
#include "text/subtitles.h"

#include <fstream>

namespace {

using namespace rtmscheck;
using namespace rtms::recorder;

constexpr uint64_t kSpace = 640;

// What a player finds in a reserved block: the elements there, each with its ID, and the end.
struct Found {
  std::string ids, text;
  int64_t offset = 0;
  uint64_t duration = 0, end = 0;
};

Found found_in(const std::vector<uint8_t> &bytes, uint64_t at, uint64_t end) {
  Found found;
  while (at < end) {
    const uint8_t id = bytes[at];
    const auto size = ebml::number_at(&bytes[at + 1], end - at - 1);
    ck_assert(size.has_value());
    found.ids += id == ebml::kVoid ? 'v' : id == ebml::kBlockGroup ? 'g' : '-';
    at += 1 + size->length;
    if (id == ebml::kBlock) {
      ck_assert_uint_eq(bytes[at], 0x82);  // track 2
      found.offset = static_cast<int16_t>(bytes[at + 1] << 8 | bytes[at + 2]);
      found.text.assign(bytes.begin() + static_cast<long>(at + 4),
                        bytes.begin() + static_cast<long>(at + size->value));
    } else if (id == ebml::kBlockDuration) {
      for (uint64_t i = 0; i < size->value; i++)
        found.duration = found.duration << 8 | bytes[at + i];
    }
    // What is in a group comes next.
    if (id != ebml::kBlockGroup)
      at += size->value;
  }
  found.end = at;
  return found;
}

// A file with a reserved block each second from second 1 on, in clusters of 4 s.
class File {
 public:
  explicit File(unsigned seconds, uint64_t space = kSpace)
      : space_(space), bytes_(seconds * space) {
    for (unsigned i = 0; i < seconds; i++) {
      const ebml::Bytes header = ebml::void_header(space);
      std::copy(header.begin(), header.end(), bytes_.begin() + static_cast<long>(i * space));
      lines.reserved({i * space, space, 1000 * (i + 1), 4000 * ((i + 1) / 4), 2});
    }
  }
  std::size_t write() {
    const auto patches = lines.take();
    for (const LateLines::Patch &patch : patches)
      std::copy(patch.bytes.begin(), patch.bytes.end(),
                bytes_.begin() + static_cast<long>(patch.position));
    return patches.size();
  }
  Found second(unsigned number) const {
    const uint64_t at = (number - 1) * space_;
    const Found found = found_in(bytes_, at, at + space_);
    ck_assert_uint_eq(found.end, at + space_);
    return found;
  }
  LateLines lines;

 private:
  uint64_t space_;
  std::vector<uint8_t> bytes_;
};

}  // namespace

GST_START_TEST(test_place) {
  File file(10);
  ck_assert_uint_eq(file.write(), 0);
  file.lines.push(5300, 7000, "Hello.");
  file.lines.push(200, 400, "Early.");
  ck_assert_uint_eq(file.write(), 2);
  const Found five = file.second(5), first = file.second(1);
  expect_text(five.ids, "g--v");
  expect_text(five.text, "Hello.");
  ck_assert_int_eq(five.offset, 1300);
  ck_assert_uint_eq(five.duration, 1700);
  expect_text(first.text, "Early.");
  ck_assert_int_eq(first.offset, 200);
  expect_text(file.second(6).ids, "v");
  ck_assert_uint_eq(file.write(), 0);
}
GST_END_TEST;

// In the time before its cluster's.
GST_START_TEST(test_before_cluster) {
  LateLines lines;
  lines.reserved({0, kSpace, 4000, 4000, 2});
  lines.push(3500, 5000, "Hello.");
  const auto patches = lines.take();
  ck_assert_uint_eq(patches.size(), 1);
  const std::vector<uint8_t> &bytes = patches[0].bytes;
  ck_assert_int_eq(found_in(bytes, 0, bytes.size() - 9).offset, -500);
}
GST_END_TEST;

// Whatever is left, the elements fill the reserved block.
GST_START_TEST(test_every_length) {
  constexpr std::size_t kLongest = 3 * LateLines::kReserved;
  // Usual lines have the reserved blocks, long ones hardly more than they need.
  ck_assert_uint_eq(LateLines::payload_for(LateLines::kReserved - 50), LateLines::kReserved);
  ck_assert_uint_le(LateLines::payload_for(kLongest), kLongest + 100);
  for (std::size_t length = 0; length <= kLongest; length++) {
    const std::size_t payload = LateLines::payload_for(length);
    File file(2, payload + kSpace - LateLines::kReserved);
    file.lines.push(1100, 2000, std::string(length, 'x'));
    ck_assert_uint_eq(file.write(), 1);
    const Found found = file.second(1);
    ck_assert_uint_eq(found.text.size(), length);
    expect_text(file.second(2).ids, "v");
  }
}
GST_END_TEST;

// A long line has a block of its own, which short ones leave to it.
GST_START_TEST(test_long) {
  const std::string text(2000, 'x');
  LateLines lines;
  lines.push(100, 900, text);
  lines.push(100, 900, std::string(550, 'x'));
  const uint64_t size = LateLines::payload_for(text.size()) + 20;
  lines.reserved({0, kSpace, 1000, 0, 2});
  ck_assert_uint_eq(lines.take().size(), 1);
  lines.push(100, 900, std::string(100, 'x'));
  lines.reserved({kSpace, size, 1500, 0, 2});
  const auto patches = lines.take();
  ck_assert_uint_eq(patches.size(), 1);
  ck_assert_uint_eq(patches[0].position, kSpace);
  ck_assert_uint_eq(found_in(patches[0].bytes, 0, 2000).text.size(), text.size());
}
GST_END_TEST;

// A line that is complete when the meeting ends does not make the file longer.
GST_START_TEST(test_end) {
  constexpr unsigned kSeconds = 10;
  const TemporaryDirectory folder;
  const std::string path = folder.file("meeting.mkv");
  std::string problem;
  ElementPtr pipeline =
      launch("audiotestsrc num-buffers=" + std::to_string(kSeconds * 50) +
                 " samplesperbuffer=320 ! audio/x-raw,format=S16LE,rate=16000,channels=1 ! mux. "
                 "matroskamux name=mux ! filesink location=" +
                 path,
             &problem);
  ck_assert_msg(problem.empty(), "%s", problem.c_str());
  Subtitles subtitles;
  const rtms::ElementPtr source = subtitles.make_source();
  const ElementPtr mux(gst_bin_get_by_name(GST_BIN(pipeline.get()), "mux"));
  gst_bin_add(GST_BIN(pipeline.get()), source.get());
  ck_assert(gst_element_link_pads(source.get(), "src", mux.get(), "subtitle_%u"));
  const rtms::PadPtr muxed(gst_element_get_static_pad(mux.get(), "src"));
  MkvIndex::attach(muxed.get(), subtitles.late_lines());
  for (unsigned second = 1; second <= kSeconds; second++)
    subtitles.advance(second * GST_SECOND);
  const std::string text(1000, 'x'), last = "end " + text;
  subtitles.push({4 * GST_SECOND, 0, "", text});
  subtitles.push({5 * GST_SECOND, 11 * GST_SECOND, "", last}, true);
  subtitles.finish();
  problem = play_all(pipeline.get(), kDeadlineMs);
  ck_assert_msg(problem.empty(), "%s", problem.c_str());
  expect_near("seconds",
              std::stod(run({"ffprobe", "-v", "error", "-show_entries", "format=duration", "-of",
                             "csv=p=0", path.c_str()})
                            .out),
              kSeconds, 0.1);
  const std::string shown = folder.file("shown.srt");
  run({"ffmpeg", "-v", "error", "-i", path.c_str(), "-map", "0:s", shown.c_str()});
  std::ifstream file(shown);
  const std::string all((std::istreambuf_iterator<char>(file)), {});
  ck_assert_msg(contains(all, "00:00:10,000 --> 00:00:17,000\n" + text), "%s", all.c_str());
  ck_assert_msg(contains(all, "00:00:10,000 --> 00:00:11,500\n" + last), "%s", all.c_str());
}
GST_END_TEST;

// More lines than there is room for take the next blocks; nothing is lost, and no other is touched.
GST_START_TEST(test_many) {
  File file(10);
  const std::string text(100, 'x');
  for (int i = 0; i < 12; i++)
    file.lines.push(3100, 4000, text);
  ck_assert_uint_eq(file.write(), 12);
  unsigned groups = 0;
  for (unsigned second = 1; second <= 10; second++) {
    const std::string ids = file.second(second).ids;
    const auto here = static_cast<unsigned>(std::count(ids.begin(), ids.end(), 'g'));
    ck_assert_msg(second >= 3 || here == 0, "%s", ids.c_str());
    groups += here;
  }
  ck_assert_uint_eq(groups, 12);
}
GST_END_TEST;

// A line waits for a block; too far from all blocks it takes none.
GST_START_TEST(test_no_place) {
  LateLines lines;
  lines.push(3500, 5000, "Hello.");
  lines.push(100000, 100100, "Far.");
  ck_assert_uint_eq(lines.take().size(), 0);
  lines.reserved({0, kSpace, 4000, 4000, 2});
  ck_assert_uint_eq(lines.take().size(), 1);
  lines.reserved({kSpace, kSpace, 101000, 100000, 2});
  ck_assert_uint_eq(lines.take().size(), 1);
  // One that is older than all blocks to come does not wait.
  lines.push(67999, 68999, "Old.");
  ck_assert_uint_eq(lines.take().size(), 0);
  lines.reserved({2 * kSpace, kSpace, 68500, 68000, 2});
  ck_assert_uint_eq(lines.take().size(), 0);
}
GST_END_TEST;

GST_START_TEST(test_numbers) {
  for (const uint64_t size : {uint64_t{2}, uint64_t{3}, uint64_t{127}, uint64_t{128}, uint64_t{129},
                              uint64_t{130}, uint64_t{16500}, uint64_t{1} << 30}) {
    const ebml::Bytes header = ebml::void_header(size);
    const auto number = ebml::number_at(&header[1], header.size() - 1);
    ck_assert(number.has_value());
    ck_assert_uint_eq(1 + number->length + number->value, size);
  }
  for (const std::size_t size : {0, 126, 127, 128, 16382, 16383, 16384}) {
    const ebml::Bytes all = ebml::element(ebml::kBlock, ebml::Bytes(size));
    const auto number = ebml::number_at(&all[1], all.size() - 1);
    ck_assert(number.has_value());
    ck_assert_uint_eq(number->value, size);
    ck_assert_uint_eq(all.size(), 1 + number->length + size);
  }
  const uint8_t unknown[] = {0xff}, cut[] = {0x40}, none[] = {0};
  ck_assert(!ebml::number_at(unknown, 1) && !ebml::number_at(cut, 1) && !ebml::number_at(none, 1) &&
            !ebml::number_at(none, 0));
}
GST_END_TEST;

static Suite *recorder_latelines_suite() {
  Suite *suite = suite_create("recorder_latelines");
  add_case(suite, "place", test_place);
  add_case(suite, "before-cluster", test_before_cluster);
  add_case(suite, "every-length", test_every_length);
  add_case(suite, "long", test_long);
  add_case(suite, "end", test_end);
  add_case(suite, "many", test_many);
  add_case(suite, "no-place", test_no_place);
  add_case(suite, "numbers", test_numbers);
  return suite;
}

GST_CHECK_MAIN(recorder_latelines)
