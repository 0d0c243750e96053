// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tail.h"

#include "broadcast/repair.h"
#include "disk/journal.h"
#include "disk/parts.h"
#include "muxing/mp4boxes.h"
#include "tailfile.h"

#include <glib.h>
#include <algorithm>
#include <filesystem>

namespace rtms::recorder {
namespace {

// For the files of the recordings that are made meanwhile.
constexpr uint64_t kRoom = 16 << 20;
constexpr unsigned kLongestPause_s = 5;
// How often the process may end while a tail is written, for whatever reason.
constexpr unsigned kEndsOfVideo = 2, kMostEnds = 4;

struct Tail {
  std::string folder;   // of the recording
  std::string problem;  // why its media could not be written, or empty
  std::string video_problem, program_problem;
  int64_t ms = 0;       // duration
  bool is_old = false;  // of an earlier start, which copied the program
  bool given_up = false;
};

// A program that a killed recorder has left is readable for few players. The copy leaves room for
// the next recordings.
std::string mend_program(const Options &options, const std::string &folder, uint64_t free_bytes) {
  const std::string path = folder + "/" + options.program.file;
  if (options.program.file.empty() || !Mp4Boxes::has_fragments(path))
    return "";
  std::error_code none;
  const auto size = std::filesystem::file_size(path, none);
  const bool room = free_bytes > size && free_bytes - size >= options.min_free;
  return room ? repair_program(path) : "there is no room for it";
}

void write_tail(Options options, const FoundJournal &journal, Tail *tail) {
  // Those of the killed recorder: --join needs the same format.
  options.audio_rate = journal.format.rate;
  options.speakers = journal.format.speakers;
  options.audio_codec = journal.format.codec;
  options.mp4 = journal.format.mp4;
  const std::string file = options.mp4 ? "tail.mp4" : "tail.mkv";
  TailFile media(options, journal);
  // What the service has sent may be what ends the process, and would do so at each start.
  const unsigned ends = journal.begin_try();
  if (ends >= kEndsOfVideo)
    media.leave_out_video("the recorder has ended while it was written");
  tail->given_up = ends >= kMostEnds;
  if (tail->given_up) {
    tail->problem =
        "the recorder has ended while they were written, " + std::to_string(ends) + " times";
  } else if (media.empty() && !media.video_problem().empty()) {
    tail->problem = media.video_problem();
  } else if (!media.empty()) {
    tail->problem = media.write(journal.folder + "/" + file);
    tail->ms = media.duration_ms();
    tail->video_problem = media.video_problem();
    if (tail->problem.empty() && !add_tail(journal.folder, file, media.start()))
      tail->problem = "meeting.json cannot be changed";
  }
  journal.end_try();
}

Tail write(const Options &options, FoundJournal *journal, uint64_t free_bytes) {
  Tail tail{journal->folder, "", "", "", 0, journal->is_tail_written(), false};
  if (!tail.is_old) {
    write_tail(options, *journal, &tail);
    if (!tail.problem.empty())
      return tail;
    journal->set_tail_written();
  }
  // A stop may interrupt the copy of a long program.
  if (journal->begin_try() < kMostEnds)
    tail.program_problem = mend_program(options, journal->folder, free_bytes);
  journal->remove();
  return tail;
}

struct WrittenTails {
  std::vector<Tail> tails;
  bool incomplete = false;  // there was no room for others, or they could not be looked for
};

WrittenTails write_all(const Options &options, uint64_t free_bytes,
                       const std::set<std::string> &failed) {
  // Below that, running recordings would end.
  const uint64_t kept = std::max(kRoom, std::min(options.min_free, options.end_free));
  WrittenTails all;
  for (const auto &journal :
       Journal::find(Journal::default_place(), options.output, &all.incomplete)) {
    // Its disk may not be mounted yet; find() removes journals that are older than a day.
    if (!g_file_test(journal->folder.c_str(), G_FILE_TEST_IS_DIR))
      continue;
    const uint64_t size = journal->size();
    if (failed.count(journal->folder))
      continue;
    if (free_bytes < kept + size) {
      all.incomplete = true;
      continue;
    }
    free_bytes -= size;
    all.tails.push_back(write(options, journal.get(), free_bytes));
  }
  return all;
}

void tell(Log *log, const Tail &tail) {
  const std::string name = std::filesystem::path(tail.folder).filename();
  if (!tail.program_problem.empty())
    log->write(Log::Level::Warning, "program-failed", name,
               "the program's file of the killed recorder gets no index, so that some players "
               "show its beginning only: " +
                   tail.program_problem + ". ffmpeg or GStreamer can copy it to another file.");
  if (tail.is_old)
    return;
  if (tail.problem.empty())
    log->write(
        Log::Level::Info, "tail", name,
        "the last media, which its file lacks, is in its folder" +
            (tail.video_problem.empty() ? ""
                                        : "; its video cannot be written: " + tail.video_problem),
        [&](JsonWriter &writer) { writer.member("duration_ms", tail.ms); });
  else
    log->write(Log::Level::Error, "tail", name,
               "the last media, which its file lacks, cannot be written: " + tail.problem +
                   (tail.given_up ? ". It is not tried again."
                                  : ". The next start of the recorder tries it again."));
}

}  // namespace

void Tails::look(const Options &options, uint64_t free_bytes) {
  if (!due_ || busy_ || free_bytes < kRoom || (wait_s_ && --wait_s_))
    return;
  const auto all = std::make_shared<WrittenTails>();
  busy_ = true;
  due_ = false;
  worker_.run([all, options, free_bytes,
               failed = failed_] { *all = write_all(options, free_bytes, failed); },
              [this, all] {
                busy_ = false;
                due_ = due_ || all->incomplete;
                pause_s_ = all->incomplete ? std::min(2 * pause_s_ + 1, kLongestPause_s) : 0;
                wait_s_ = pause_s_;
                for (const Tail &tail : all->tails) {
                  tell(log_, tail);
                  if (!tail.problem.empty())
                    failed_.insert(tail.folder);
                }
              });
}

}  // namespace rtms::recorder
