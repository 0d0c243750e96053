// SPDX-License-Identifier: LGPL-2.1-or-later
// The journal of video frames: those that are not in the file of the recording survive the process.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "disk/journal.h"
#include "recording.h"
#include "tinydisk.h"

namespace {

using namespace rtmscheck;
using namespace rtms::recorder;
namespace fs = std::filesystem;

constexpr int64_t kFrame_ns = 40000000, kStart_ns = 1764000000000000000;
constexpr int64_t kGroup = 10;  // frames from one keyframe to the next
constexpr char kCaps[] = "video/x-h264, width=(int)640", kParameters[] = "sets";
constexpr uint64_t kRing = 64 << 20;

std::string text_of(int64_t number, size_t size) {
  std::string text = "frame " + std::to_string(number) + ".";
  text.resize(std::max(size, text.size()), 'x');
  return text;
}

bool add(FrameJournal *journal, int64_t number, size_t size = 1000) {
  const std::string text = text_of(number, size);
  JournalFrame frame;
  frame.running_ns = number * kFrame_ns;
  frame.captured_ns = kStart_ns + frame.running_ns;
  frame.delta = number % kGroup != 0;
  frame.caps = kCaps;
  if (frame.delta)
    frame.parameters = kParameters;
  frame.data = text;
  return journal->add(frame);
}

// Returns the number of its first frame.
int64_t expect_frames(const FoundFrames &found, int64_t end, size_t size) {
  const int64_t first = end - static_cast<int64_t>(found.frames.size());
  ck_assert_str_eq(found.track.c_str(), kCaps);
  for (int64_t number = first; number < end; number++) {
    const JournalFrame &frame = found.frames[static_cast<size_t>(number - first)];
    ck_assert_int_eq(frame.running_ns, number * kFrame_ns);
    ck_assert_int_eq(frame.captured_ns, kStart_ns + frame.running_ns);
    ck_assert(frame.caps == kCaps);
    ck_assert(frame.delta == (number % kGroup != 0));
    ck_assert(frame.parameters == (frame.delta ? kParameters : ""));
    ck_assert(frame.data == text_of(number, size));
  }
  return first;
}

int64_t memory_of(const std::string &path) {
  struct stat status;
  ck_assert_int_eq(stat(path.c_str(), &status), 0);
  constexpr int64_t kBlock = 512;
  return status.st_blocks * kBlock;
}

struct Place {
  TemporaryDirectory directory;
  const std::string path = directory.file("frames");
};

std::string contents_of(const std::string &path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

GST_START_TEST(test_survives) {
  const Place place;
  const pid_t child = fork();
  if (!child) {
    const auto journal = FrameJournal::create(place.path);
    for (int64_t number = 0; journal && number < 100; number++)
      add(journal.get(), number);
    kill(getpid(), SIGKILL);
  }
  waitpid(child, nullptr, 0);
  ck_assert(FrameJournal::has_frames(place.path));
  ck_assert_int_eq(expect_frames(FrameJournal::read(place.path), 100, 1000), 0);
  ck_assert((fs::status(place.path).permissions() & ~fs::perms::owner_all) == fs::perms::none);
}
GST_END_TEST;

// Many times around the ring, while the file of the recording is a second behind.
GST_START_TEST(test_written) {
  constexpr int64_t kMany = 20000, kBehind = 25;
  constexpr size_t kSize = 20001;
  static_assert(kMany * kSize > 5 * kRing);
  const Place place;
  TinyDisk memory(place.directory.path(), "4m");
  ck_assert(memory.mounted());
  const auto journal = FrameJournal::create(place.path);
  for (int64_t number = 0; number < kMany; number++) {
    ck_assert(add(journal.get(), number, kSize));
    journal->written((number - kBehind) * kFrame_ns);
    if (number % 1000 == 0 || (number * kSize) % kRing < kSize)
      ck_assert_int_ge(expect_frames(FrameJournal::read(place.path), number + 1, kSize),
                       std::max<int64_t>(number - kBehind - 1, 0));
  }
  constexpr int64_t kMost = 1 << 20;
  ck_assert_int_lt(memory_of(place.path), kMost);
  // The last frame stays.
  journal->written(INT64_MAX);
  ck_assert(add(journal.get(), kMany, kSize));
  ck_assert_int_eq(expect_frames(FrameJournal::read(place.path), kMany + 1, kSize), kMany - 1);
}
GST_END_TEST;

// What is there stays; it goes on with a keyframe.
GST_START_TEST(test_bound) {
  constexpr size_t kSize = 1 << 20;
  const Place place;
  const auto journal = FrameJournal::create(place.path);
  int64_t number = 0;
  while (add(journal.get(), number, kSize))
    number++;
  ck_assert_int_ge(number, 62);
  ck_assert_int_eq(expect_frames(FrameJournal::read(place.path), number, kSize), 0);
  const int64_t full = number++;
  journal->written((full - 5) * kFrame_ns);
  for (; number % kGroup; number++)
    ck_assert(!add(journal.get(), number, kSize));
  ck_assert_int_eq(expect_frames(FrameJournal::read(place.path), full, kSize), full - 5);
  ck_assert(add(journal.get(), number, kSize));
  ck_assert(add(journal.get(), number + 1, kSize));
  const FoundFrames found = FrameJournal::read(place.path);
  ck_assert_uint_eq(found.frames.size(), 7);
  ck_assert_int_eq(found.frames[5].running_ns, number * kFrame_ns);
}
GST_END_TEST;

// The ring was full: the memory of what is written is not that of newer frames.
GST_START_TEST(test_full) {
  constexpr size_t kSize = 10001;
  const Place place;
  const auto journal = FrameJournal::create(place.path);
  int64_t number = 0;
  for (; number < 10; number++)
    ck_assert(add(journal.get(), number, kSize));
  journal->written(5 * kFrame_ns);
  while (add(journal.get(), number, kSize))
    number++;
  const int64_t end = number, written = 60;
  journal->written(written * kFrame_ns);
  while (number % kGroup)
    number++;
  ck_assert(add(journal.get(), number, kSize));
  const FoundFrames found = FrameJournal::read(place.path);
  ck_assert_uint_eq(found.frames.size(), static_cast<size_t>(end - written) + 1);
  for (const JournalFrame &frame : found.frames)
    ck_assert(frame.data == text_of(frame.running_ns / kFrame_ns, kSize));
}
GST_END_TEST;

// The audio's journals have room, whatever the video takes.
GST_START_TEST(test_no_room) {
  constexpr uint64_t kDisk = 4 << 20;
  constexpr size_t kSize = 10000;
  TemporaryDirectory directory;
  TinyDisk disk(directory.path(), "4m");
  ck_assert(disk.mounted());
  const std::string path = directory.file("frames");
  const auto journal = FrameJournal::create(path);
  int64_t number = 0;
  while (add(journal.get(), number, kSize))
    number++;
  ck_assert_uint_ge(static_cast<uint64_t>(number) * kSize, kDisk / 2);
  ck_assert_uint_ge(fs::space(path).available, kDisk / 4 - kSize);
  ck_assert_int_eq(expect_frames(FrameJournal::read(path), number, kSize), 0);
  TinyDisk::fill(directory.file("filler"));
  ck_assert(FrameJournal::create(directory.file("other")) == nullptr);
  ck_assert_int_eq(errno, ENOSPC);
}
GST_END_TEST;

GST_START_TEST(test_damaged) {
  const Place place;
  {
    const auto journal = FrameJournal::create(place.path);
    for (int64_t number = 0; number < 10; number++)
      add(journal.get(), number);
    journal->keep();
  }
  const std::string whole = contents_of(place.path);
  const auto frames = [&](const std::string &text) {
    std::ofstream(place.path) << text;
    return FrameJournal::read(place.path).frames.size();
  };
  ck_assert_uint_eq(frames(whole), 10);
  ck_assert_uint_eq(frames(""), 0);
  ck_assert_uint_eq(frames(whole.substr(0, 100)), 0);
  ck_assert_uint_eq(frames(whole.substr(0, whole.size() - 1)), 0);
  ck_assert_uint_eq(frames(std::string(whole.size(), '\xff')), 0);
  std::string odd = whole;
  std::fill(odd.begin() + 4096 + 5 * 1070, odd.end(), '\xff');
  ck_assert_uint_le(frames(odd), 6);
  std::fill(odd.begin() + 2000, odd.end(), '\xff');
  ck_assert_uint_eq(frames(odd), 0);
  fs::remove(place.path);
  ck_assert(!FrameJournal::has_frames(place.path));
  ck_assert_uint_eq(FrameJournal::read(place.path).frames.size(), 0);
}
GST_END_TEST;

// They go with the journal of the recording's audio, even if that has no audio.
GST_START_TEST(test_beside) {
  const Place place;
  const std::string output = place.directory.file("output"), folder = output + "/one";
  const auto files = [&] {
    return std::distance(fs::directory_iterator(place.path), fs::directory_iterator());
  };
  {
    const auto journal = Journal::create(place.path, folder, {16000, 0, "pcm", false});
    const auto video = journal->create_frames("video");
    ck_assert(add(video.get(), 0));
    ck_assert_uint_eq(Journal::find(place.path, output).size(), 0);
    ck_assert_int_eq(files(), 2);
    journal->keep();
    video->keep();
  }
  auto found = Journal::find(place.path, output);
  ck_assert_uint_eq(found.size(), 1);
  ck_assert_uint_eq(found[0]->frames("video").frames.size(), 1);
  ck_assert_uint_eq(found[0]->frames("screen").frames.size(), 0);
  found[0]->remove();
  found.clear();
  ck_assert_int_eq(files(), 0);
  // Its journal is gone.
  std::ofstream(place.path + "/0123.video") << "frames";
  ck_assert_uint_eq(Journal::find(place.path, output).size(), 0);
  ck_assert_int_eq(files(), 0);
}
GST_END_TEST;

static Suite *framejournal_suite() {
  Suite *suite = suite_create("framejournal");
  add_case(suite, "survives", test_survives);
  add_case(suite, "written", test_written);
  add_case(suite, "bound", test_bound);
  add_case(suite, "full", test_full);
  add_case(suite, "no-room", test_no_room);
  add_case(suite, "damaged", test_damaged);
  add_case(suite, "beside", test_beside);
  return suite;
}

GST_CHECK_MAIN(framejournal)
