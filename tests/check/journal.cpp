// SPDX-License-Identifier: LGPL-2.1-or-later
// The journal of received audio: the newest survives its process, nobody else reads it.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <thread>

#include "disk/journal.h"
#include "disk/journalfile.h"
#include "disk/laststretch.h"
#include "recording.h"

namespace {

using namespace rtmscheck;
using namespace rtms::recorder;
namespace fs = std::filesystem;

constexpr unsigned kRate = 16000;
const JournalFormat kFormat = {kRate, 0, "pcm", false};
constexpr size_t kPacket = kRate / 50;
constexpr int64_t kPacket_ns = 20000000, kStart_ns = 1764000000000000000;

struct Places {
  TemporaryDirectory directory;
  const std::string output = directory.file("recordings"), place = directory.file("journals");
};

std::vector<int16_t> packet(size_t number, size_t size = kPacket) {
  return std::vector<int16_t>(size, static_cast<int16_t>(number));
}

void add(Journal *journal, size_t number, unsigned track = 0) {
  const std::vector<int16_t> samples = packet(number);
  journal->add(kStart_ns + static_cast<int64_t>(number) * kPacket_ns, track, samples.data(),
               samples.size());
}

// A process that writes packets and is killed. All but the last ones are in its file.
void write_and_die(const Places &places, const std::string &folder, size_t packets,
                   size_t unwritten = 0) {
  fs::create_directories(fs::path(folder).lexically_normal());
  const pid_t child = fork();
  if (!child) {
    const auto journal = Journal::create(places.place, folder, kFormat);
    for (size_t number = 0; journal && number < packets; number++) {
      const int64_t behind = static_cast<int64_t>(number) - static_cast<int64_t>(unwritten);
      journal->written(kStart_ns + behind * kPacket_ns);
      add(journal.get(), number, number % 3);
    }
    kill(getpid(), SIGKILL);
  }
  int status = 0;
  ck_assert_int_eq(waitpid(child, &status, 0), child);
  ck_assert(WIFSIGNALED(status));
}

using Found = std::unique_ptr<FoundJournal>;

// Takes it.
Found only(const Places &places) {
  auto all = Journal::find(places.place, places.output);
  ck_assert_uint_eq(all.size(), 1);
  all[0]->remove();
  ck_assert(fs::is_empty(places.place));
  return std::move(all[0]);
}

size_t found(const Places &places, const std::string &output) {
  return Journal::find(places.place, output).size();
}

JournalEntry entry(double seconds, int16_t sample = 1) {
  return {kStart_ns + static_cast<int64_t>(seconds * 1e9), 0, packet(sample)};
}

}  // namespace

GST_START_TEST(test_survives) {
  const Places places;
  const std::string folder = places.output + "/one";
  write_and_die(places, folder, 100);
  const Found journal = only(places);
  ck_assert_str_eq(journal->folder.c_str(), folder.c_str());
  ck_assert_uint_eq(journal->format.rate, kRate);
  ck_assert_str_eq(journal->format.codec.c_str(), "pcm");
  ck_assert_uint_eq(journal->entries.size(), 100);
  for (size_t i = 0; i < 100; i++) {
    const JournalEntry &one = journal->entries[i];
    ck_assert_int_eq(one.captured_ns, kStart_ns + static_cast<int64_t>(i) * kPacket_ns);
    ck_assert_uint_eq(one.track, i % 3);
    ck_assert(one.samples == packet(i));
  }
}
GST_END_TEST;

GST_START_TEST(test_newest) {
  const Places places;
  constexpr size_t kMany = 100000, kLeast = 400;  // 8 s
  write_and_die(places, places.output + "/one", kMany);
  const Found journal = only(places);
  const size_t kept = journal->entries.size();
  ck_assert_uint_ge(kept, kLeast);
  for (size_t i = 0; i < kept; i++)
    ck_assert(journal->entries[i].samples == packet(kMany - kept + i));
}
GST_END_TEST;

// At each rate a packet takes a slot.
GST_START_TEST(test_rates) {
  const Places places;
  constexpr size_t kMany = 2000, kLeast = 400;  // 8 s
  for (const unsigned rate : {8000U, 16000U, 48000U}) {
    const JournalFormat format = {rate, 0, "pcm", false};
    const auto journal = Journal::create(places.place, places.output + "/one", format);
    const std::vector<int16_t> samples(rate / 50, 1);
    for (size_t i = 0; i < kMany; i++)
      journal->add(kStart_ns + static_cast<int64_t>(i) * kPacket_ns, 0, samples.data(),
                   samples.size());
    size_t kept = 0;
    journal->keep();
    const std::string file = fs::directory_iterator(places.place)->path();
    const int fd = open(file.c_str(), O_RDONLY | O_CLOEXEC);
    FoundJournal found(file, fd);
    ck_assert(found.read());
    for (const JournalEntry &one : found.entries)
      kept += one.samples.size();
    ck_assert_uint_ge(kept, kLeast * rate / 50);
  }
}
GST_END_TEST;

// Audio that waits to be written stays, up to a bound.
GST_START_TEST(test_waiting) {
  const Places places;
  constexpr size_t kMany = 10000, kMinute = 3000, kBound = 4000;
  for (const auto &[waiting, least] : {std::pair{kMinute, kMinute}, {kMany, kBound}}) {
    write_and_die(places, places.output + "/one", kMany, waiting);
    const Found journal = only(places);
    const size_t kept = journal->entries.size();
    ck_assert_uint_ge(kept, least);
    ck_assert_uint_le(kept, least + least / 10);
    for (size_t i = 0; i < kept; i++)
      ck_assert(journal->entries[i].samples == packet(kMany - kept + i));
  }
}
GST_END_TEST;

// Longer packets are in pieces, each with its time.
GST_START_TEST(test_long_packets) {
  const Places places;
  std::vector<int16_t> samples(kRate);
  std::iota(samples.begin(), samples.end(), int16_t{0});
  const pid_t child = fork();
  if (!child) {
    fs::create_directories(places.output + "/one");
    const auto journal = Journal::create(places.place, places.output + "/one", kFormat);
    journal->add(kStart_ns, 1, samples.data(), samples.size());
    kill(getpid(), SIGKILL);
  }
  waitpid(child, nullptr, 0);
  std::vector<int16_t> all;
  const Found journal = only(places);
  for (const JournalEntry &one : journal->entries) {
    const auto at = static_cast<int64_t>(all.size()) * 1000000000 / kRate;
    ck_assert_int_eq(one.captured_ns, kStart_ns + at);
    all.insert(all.end(), one.samples.begin(), one.samples.end());
  }
  ck_assert(all == samples);
}
GST_END_TEST;

// Those of running recorders and of other output folders stay; old ones do not.
GST_START_TEST(test_whose) {
  const Places places;
  {
    const auto running = Journal::create(places.place, places.output + "/running", kFormat);
    ck_assert(running != nullptr);
    add(running.get(), 1);
    ck_assert_uint_eq(found(places, places.output), 0);
    const fs::path file = fs::directory_iterator(places.place)->path();
    ck_assert((fs::status(file).permissions() & ~fs::perms::owner_all) == fs::perms::none);
  }
  ck_assert(fs::is_empty(places.place));
  {
    const auto failed = Journal::create(places.place, places.output + "-other/one", kFormat);
    const std::vector<int16_t> samples = packet(1);
    failed->add(g_get_real_time() * 1000, 0, samples.data(), samples.size());
    failed->keep();
  }
  ck_assert_uint_eq(found(places, places.output), 0);
  {
    const auto first = Journal::find(places.place, places.output + "-other");
    ck_assert_uint_eq(first.size(), 1);
    // Another recorder is at it.
    ck_assert_uint_eq(found(places, places.output + "-other"), 0);
  }
  ck_assert_uint_eq(found(places, places.output + "-other"), 1);
  write_and_die(places, places.output + "-other/old", 1);
  const auto two_days_ago = fs::file_time_type::clock::now() - std::chrono::hours(48);
  for (const auto &entry : fs::directory_iterator(places.place))
    fs::last_write_time(entry.path(), two_days_ago);
  ck_assert_uint_eq(found(places, places.output), 0);
  ck_assert_uint_eq(found(places, places.output + "-other"), 1);
}
GST_END_TEST;

// A search for another output folder hides none from its own recorder; neither does one with an
// invalid file beside it.
GST_START_TEST(test_search_of_others) {
  const Places places;
  write_and_die(places, places.output + "/one", 1);
  std::ofstream(places.place + "/0123abcd") << "no journal";
  const auto others = Journal::find(places.place, places.output + "-other");
  ck_assert(others.empty());
  ck_assert(!fs::exists(places.place + "/0123abcd"));
  const pid_t searching = fork();
  if (!searching) {
    std::vector<Found> held;
    for (int i = 0; i < 600; i++)
      held = Journal::find(places.place, places.output + "-other");
    _exit(0);
  }
  for (int i = 0; i < 150; i++)
    ck_assert_uint_eq(found(places, places.output), 1);
  waitpid(searching, nullptr, 0);
}
GST_END_TEST;

// What ends the process while a tail is written is counted.
GST_START_TEST(test_tries) {
  const Places places;
  write_and_die(places, places.output + "/one", 1);
  for (unsigned i = 0; i < 3; i++) {
    const pid_t child = fork();
    if (!child)
      _exit(Journal::find(places.place, places.output)[0]->begin_try() == i ? 0 : 1);
    int status = 0;
    waitpid(child, &status, 0);
    ck_assert_int_eq(status, 0);
  }
  for (int i = 0; i < 2; i++) {
    const auto journals = Journal::find(places.place, places.output);
    ck_assert_uint_eq(journals.size(), 1);
    ck_assert_uint_eq(journals[0]->begin_try(), 3);
    journals[0]->end_try();
  }
}
GST_END_TEST;

// The folder was deleted, or is on a disk that is not mounted: that is waited for, not for ever.
GST_START_TEST(test_folder_gone) {
  const Places places;
  write_and_die(places, places.output + "/old", 10);
  fs::remove_all(places.output + "/old");
  ck_assert_uint_eq(found(places, places.output), 0);
  ck_assert(fs::is_empty(places.place));
}
GST_END_TEST;

// Neither names of folders nor the current folder confuse them.
GST_START_TEST(test_relative) {
  const Places places;
  fs::current_path(places.directory.path());
  write_and_die(places, "./recordings/../recordings/one", 1);
  ck_assert_uint_eq(found(places, "recordings/"), 1);
  fs::current_path("/");
}
GST_END_TEST;

// Whoever looks for journals meanwhile, a running one is never found, and always created.
GST_START_TEST(test_race) {
  const Places places;
  ck_assert(Journal::create(places.place, places.output + "/one", kFormat) != nullptr);
  std::atomic<bool> over{false};
  std::thread other([&] {
    while (!over)
      for (const auto &journal : Journal::find(places.place, places.output))
        journal->remove();
  });
  unsigned created = 0, there = 0;
  constexpr unsigned kTimes = 2000;
  for (unsigned i = 0; i < kTimes; i++) {
    const auto journal = Journal::create(places.place, places.output + "/one", kFormat);
    created += journal != nullptr;
    there += !fs::is_empty(places.place);
  }
  over = true;
  other.join();
  ck_assert_uint_eq(created, kTimes);
  ck_assert_uint_eq(there, kTimes);
}
GST_END_TEST;

// Whoever found the old one of a folder does not remove the new one.
GST_START_TEST(test_new_one) {
  const Places places;
  write_and_die(places, places.output + "/one", 1);
  const auto old = Journal::find(places.place, places.output);
  ck_assert_uint_eq(old.size(), 1);
  const auto journal = Journal::create(places.place, places.output + "/one", kFormat);
  ck_assert(journal != nullptr);
  const auto frames = journal->create_frames("video");
  ck_assert(frames != nullptr);
  old[0]->remove();
  const auto files = std::distance(fs::directory_iterator(places.place), fs::directory_iterator());
  ck_assert_int_eq(files, 2);
}
GST_END_TEST;

GST_START_TEST(test_refused) {
  const Places places;
  fs::create_directories(places.place);
  chmod(places.place.c_str(), 0755);
  ck_assert(Journal::create(places.place, places.output + "/one", kFormat) == nullptr);
  ck_assert_int_eq(errno, EPERM);
  fs::remove(places.place);
  fs::create_directory_symlink(places.directory.path(), places.place);
  ck_assert(Journal::create(places.place, places.output + "/one", kFormat) == nullptr);
  ck_assert(Journal::create("/nonexistent/journals", places.output + "/one", kFormat) == nullptr);
}
GST_END_TEST;

// A stopped process may have the lock for ever: that delays nobody for long.
GST_START_TEST(test_held) {
  const Places places;
  ck_assert(Journal::create(places.place, places.output + "/one", kFormat) != nullptr);
  const int fd = open(places.place.c_str(), O_RDONLY | O_DIRECTORY);
  ck_assert_int_eq(flock(fd, LOCK_EX), 0);
  const int64_t before_us = g_get_monotonic_time();
  ck_assert(Journal::create(places.place, places.output + "/one", kFormat) == nullptr);
  ck_assert_int_eq(errno, EWOULDBLOCK);
  bool busy = false;
  ck_assert(Journal::find(places.place, places.output, &busy).empty());
  ck_assert(busy);
  ck_assert_int_lt(g_get_monotonic_time() - before_us, 2 * G_TIME_SPAN_SECOND);
  close(fd);
}
GST_END_TEST;

// Recorders that start at the same time find each journal, one of them, and create their own.
GST_START_TEST(test_together) {
  constexpr unsigned kJournals = 60, kRecorders = 4;
  const Places places;
  for (unsigned i = 0; i < kJournals; i++)
    write_and_die(places, places.output + "/" + std::to_string(i), 100);
  std::atomic<unsigned> all{0}, created{0};
  std::vector<std::thread> recorders;
  for (unsigned i = 0; i < kRecorders; i++)
    recorders.emplace_back([&, i] {
      const auto own =
          Journal::create(places.place, places.output + "/own" + std::to_string(i), kFormat);
      created += own != nullptr;
      bool busy = true;
      while (busy)
        for (const auto &journal : Journal::find(places.place, places.output, &busy)) {
          all += journal->entries.size() == 100;
          journal->remove();
        }
    });
  for (std::thread &recorder : recorders)
    recorder.join();
  ck_assert_uint_eq(created, kRecorders);
  ck_assert_uint_eq(all, kJournals);
}
GST_END_TEST;

// Whatever is in the files: they are gone then.
GST_START_TEST(test_damaged) {
  const Places places;
  write_and_die(places, places.output + "/one", 10);
  std::string whole;
  {
    std::ifstream in(fs::directory_iterator(places.place)->path());
    whole.assign(std::istreambuf_iterator<char>(in), {});
  }
  ck_assert_uint_eq(only(places)->entries.size(), 10);
  const auto write = [&](const std::string &text) {
    std::ofstream(places.place + "/damaged") << text;
    const auto all = Journal::find(places.place, places.output);
    for (const auto &journal : all)
      journal->remove();
    ck_assert(fs::is_empty(places.place));
    return all.size();
  };
  ck_assert_uint_eq(write(""), 0);
  ck_assert_uint_eq(write(whole.substr(0, sizeof(JournalHead) - 1)), 0);
  ck_assert_uint_eq(write(whole.substr(0, whole.size() / 2)), 1);
  ck_assert_uint_eq(write(std::string(whole.size(), '\xff')), 0);
  ck_assert_uint_eq(write(whole), 1);
  std::string odd = whole;
  std::fill(odd.begin() + static_cast<ptrdiff_t>(odd.size() / 2), odd.end(), '\xff');
  ck_assert_uint_eq(write(odd), 1);
  const size_t rate = offsetof(JournalHead, rate);
  for (const uint32_t wrong : {0u, 5u, 400000000u}) {
    odd = whole;
    std::memcpy(odd.data() + rate, &wrong, sizeof wrong);
    ck_assert_uint_eq(write(odd), 0);
  }
}
GST_END_TEST;

// Speech, two minutes of silence, speech: what was before is in the file.
GST_START_TEST(test_stretch) {
  std::vector<JournalEntry> entries;
  const auto add_some = [&](double from, int count, int16_t sample) {
    for (int i = 0; i < count; i++)
      entries.push_back(entry(from + 0.02 * i, sample));
  };
  add_some(0, 50, 1);
  add_some(121, 10, 2);
  constexpr int64_t kNothing = INT64_MAX;  // nothing is missing in the file
  const auto last = last_stretch(entries, kNothing);
  ck_assert_uint_eq(last.size(), 10);
  ck_assert(last[0].samples == packet(2));
  // Single packets of other times, whenever they came.
  entries.push_back(entry(300, 3));
  entries.push_back(entry(-1e6, 3));
  entries.push_back({INT64_MAX, 0, packet(3)});
  entries.push_back({INT64_MIN, 0, packet(3)});
  ck_assert_uint_eq(last_stretch(entries, kNothing).size(), 10);
  add_some(121.2, 10, 2);
  ck_assert_uint_eq(last_stretch(entries, kNothing).size(), 20);
  // Rare packets: not for ever.
  for (int i = 0; i < 100; i++)
    entries.push_back(entry(200 + 10 * i, 4));
  const auto rare = last_stretch(entries, kNothing);
  ck_assert(rare.back().captured_ns - rare.front().captured_ns <= 100 * int64_t{1000000000});
  ck_assert_uint_eq(last_stretch({}, kNothing).size(), 0);
  ck_assert_uint_eq(last_stretch({entry(1)}, kNothing).size(), 1);
}
GST_END_TEST;

// Speech, 25 seconds of silence, speech: the file may lack the first, or a part of it. Single
// packets of other times are never needed, nor is what is far away.
GST_START_TEST(test_needed) {
  std::vector<JournalEntry> entries;
  const auto add_some = [&](double from, int count) {
    for (int i = 0; i < count; i++)
      entries.push_back(entry(from + 0.02 * i));
  };
  add_some(-400, 50);
  entries.push_back(entry(-40));
  add_some(0, 50);
  add_some(26, 10);
  entries.push_back(entry(300));
  const auto kept = [&](int64_t needed_ns) { return last_stretch(entries, needed_ns).size(); };
  ck_assert_uint_eq(kept(entry(27).captured_ns), 10);
  ck_assert_uint_eq(kept(entry(0.5).captured_ns), 35);
  ck_assert_uint_eq(kept(entry(0).captured_ns), 60);
  ck_assert_uint_eq(kept(0), 60);
}
GST_END_TEST;

static Suite *journal_suite() {
  Suite *suite = suite_create("journal");
  add_case(suite, "survives", test_survives);
  add_case(suite, "newest", test_newest);
  add_case(suite, "waiting", test_waiting);
  add_case(suite, "long-packets", test_long_packets);
  add_case(suite, "whose", test_whose);
  add_case(suite, "search-of-others", test_search_of_others);
  add_case(suite, "tries", test_tries);
  add_case(suite, "folder-gone", test_folder_gone);
  add_case(suite, "relative", test_relative);
  add_case(suite, "rates", test_rates);
  add_case(suite, "race", test_race);
  add_case(suite, "new_one", test_new_one);
  add_case(suite, "refused", test_refused);
  add_case(suite, "held", test_held);
  add_case(suite, "together", test_together);
  add_case(suite, "damaged", test_damaged);
  add_case(suite, "stretch", test_stretch);
  add_case(suite, "needed", test_needed);
  return suite;
}

GST_CHECK_MAIN(journal)
