// SPDX-License-Identifier: LGPL-2.1-or-later
// The journal of received audio: the newest survives its process, nobody else reads it.
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <numeric>

#include "disk/journal.h"
#include "recording.h"

namespace {

using namespace rtmscheck;
using namespace rtms::recorder;
namespace fs = std::filesystem;

constexpr unsigned kRate = 16000;
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

// A process that writes packets and is killed.
void write_and_die(const Places &places, const std::string &folder, size_t packets) {
  const pid_t child = fork();
  if (!child) {
    const auto journal = Journal::create(places.place, folder, kRate);
    for (size_t number = 0; journal && number < packets; number++)
      add(journal.get(), number, number % 3);
    kill(getpid(), SIGKILL);
  }
  int status = 0;
  ck_assert_int_eq(waitpid(child, &status, 0), child);
  ck_assert(WIFSIGNALED(status));
}

JournalContents only(const Places &places) {
  auto all = Journal::take_all(places.place, places.output);
  ck_assert_uint_eq(all.size(), 1);
  ck_assert(fs::is_empty(places.place));
  return all[0];
}

}  // namespace

GST_START_TEST(test_survives) {
  const Places places;
  const std::string folder = places.output + "/one";
  write_and_die(places, folder, 100);
  const JournalContents contents = only(places);
  ck_assert_str_eq(contents.folder.c_str(), folder.c_str());
  ck_assert_uint_eq(contents.rate, kRate);
  ck_assert_uint_eq(contents.entries.size(), 100);
  for (size_t i = 0; i < 100; i++) {
    const JournalEntry &entry = contents.entries[i];
    ck_assert_int_eq(entry.captured_ns, kStart_ns + static_cast<int64_t>(i) * kPacket_ns);
    ck_assert_uint_eq(entry.track, i % 3);
    ck_assert(entry.samples == packet(i));
  }
}
GST_END_TEST;

GST_START_TEST(test_newest) {
  const Places places;
  constexpr size_t kMany = 100000, kLeast = 350;  // 7 s
  write_and_die(places, places.output + "/one", kMany);
  const JournalContents contents = only(places);
  const size_t kept = contents.entries.size();
  ck_assert_uint_ge(kept, kLeast);
  for (size_t i = 0; i < kept; i++)
    ck_assert(contents.entries[i].samples == packet(kMany - kept + i));
}
GST_END_TEST;

// Longer packets are in pieces, each with its time.
GST_START_TEST(test_long_packets) {
  const Places places;
  std::vector<int16_t> samples(kRate);
  std::iota(samples.begin(), samples.end(), int16_t{0});
  const pid_t child = fork();
  if (!child) {
    const auto journal = Journal::create(places.place, places.output + "/one", kRate);
    journal->add(kStart_ns, 1, samples.data(), samples.size());
    kill(getpid(), SIGKILL);
  }
  waitpid(child, nullptr, 0);
  std::vector<int16_t> all;
  for (const JournalEntry &entry : only(places).entries) {
    const auto at = static_cast<int64_t>(all.size()) * 1000000000 / kRate;
    ck_assert_int_eq(entry.captured_ns, kStart_ns + at);
    all.insert(all.end(), entry.samples.begin(), entry.samples.end());
  }
  ck_assert(all == samples);
}
GST_END_TEST;

// Those of running recorders and of other output folders stay.
GST_START_TEST(test_whose) {
  const Places places;
  {
    const auto running = Journal::create(places.place, places.output + "/running", kRate);
    ck_assert(running != nullptr);
    add(running.get(), 1);
    write_and_die(places, places.output + "-other/one", 1);
    ck_assert_uint_eq(Journal::take_all(places.place, places.output).size(), 0);
    ck_assert_uint_eq(Journal::take_all(places.place, places.output + "-other").size(), 1);
    const fs::path file = *fs::directory_iterator(places.place);
    ck_assert((fs::status(file).permissions() & ~fs::perms::owner_all) == fs::perms::none);
  }
  ck_assert(fs::is_empty(places.place));
}
GST_END_TEST;

// Neither names of folders nor the current folder confuse them.
GST_START_TEST(test_relative) {
  const Places places;
  fs::current_path(places.directory.path());
  write_and_die(places, "./recordings/../recordings/one", 1);
  ck_assert_uint_eq(Journal::take_all(places.place, "recordings/").size(), 1);
  fs::current_path("/");
}
GST_END_TEST;

GST_START_TEST(test_refused) {
  const Places places;
  fs::create_directories(places.place);
  chmod(places.place.c_str(), 0755);
  ck_assert(Journal::create(places.place, places.output + "/one", kRate) == nullptr);
  ck_assert_int_eq(errno, EPERM);
  fs::remove(places.place);
  fs::create_directory_symlink(places.directory.path(), places.place);
  ck_assert(Journal::create(places.place, places.output + "/one", kRate) == nullptr);
  ck_assert(Journal::create("/nonexistent/journals", places.output + "/one", kRate) == nullptr);
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
  ck_assert_uint_eq(only(places).entries.size(), 10);
  const auto write = [&](const std::string &text) {
    std::ofstream(places.place + "/damaged") << text;
    const auto all = Journal::take_all(places.place, places.output);
    ck_assert(fs::is_empty(places.place));
    return all.size();
  };
  ck_assert_uint_eq(write(""), 0);
  ck_assert_uint_eq(write(whole.substr(0, whole.size() / 2)), 0);
  ck_assert_uint_eq(write(std::string(whole.size(), '\xff')), 0);
  ck_assert_uint_eq(write(whole), 1);
  std::string odd = whole;
  std::fill(odd.begin() + static_cast<ptrdiff_t>(odd.size() / 2), odd.end(), '\xff');
  ck_assert_uint_eq(write(odd), 1);
}
GST_END_TEST;

static Suite *journal_suite() {
  Suite *suite = suite_create("journal");
  add_case(suite, "survives", test_survives);
  add_case(suite, "newest", test_newest);
  add_case(suite, "long-packets", test_long_packets);
  add_case(suite, "whose", test_whose);
  add_case(suite, "relative", test_relative);
  add_case(suite, "refused", test_refused);
  add_case(suite, "damaged", test_damaged);
  return suite;
}

GST_CHECK_MAIN(journal)
