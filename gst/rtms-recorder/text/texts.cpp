// SPDX-License-Identifier: LGPL-2.1-or-later
#include "texts.h"

#include <cstring>
#include <filesystem>

namespace rtms::recorder {
namespace {

constexpr uint64_t kStep = 100 * GST_MSECOND;

}  // namespace

Texts::Texts(const std::string &folder, const Failed &failed)
    : vtt_(folder + "/meeting.vtt", kVttHead, &worker_, failed),
      transcript_file_(folder + "/transcript.jsonl", "", &worker_, failed),
      chat_(folder + "/chat.jsonl", "", &worker_, failed) {}

Texts::~Texts() {
  finish();
}

// One object per line: the service's JSON has no line breaks.
void Texts::transcript(const std::string &json, const Spoken &spoken, uint64_t start) {
  if (spoken.is_final)
    transcript_file_.append(json + "\n");
  std::lock_guard<std::mutex> lock(mutex_);
  transcript_.add(spoken, start, now_);
}

void Texts::chat(const std::string &json) {
  chat_.append(json + "\n");
}

// Called on each pad's thread.
void Texts::reached(uint64_t now) {
  uint64_t before = now_;
  do {
    if (now < before + kStep)
      return;
  } while (!now_.compare_exchange_weak(before, now));
  std::lock_guard<std::mutex> lock(mutex_);
  write(transcript_.take(now));
  subtitles_.advance(now);
}

void Texts::finish() {
  std::lock_guard<std::mutex> lock(mutex_);
  write(transcript_.take_all());
  subtitles_.finish();
}

void Texts::write(const std::vector<Line> &lines) {
  for (const Line &line : lines) {
    vtt_.append(vtt_cue(line));
    subtitles_.push(line);
  }
}

ElementPtr Texts::make_subtitles() {
  std::lock_guard<std::mutex> lock(mutex_);
  return subtitles_.make_source();
}

void Texts::sync(const std::shared_ptr<Texts> &texts, Worker *worker, const SubjectLog &log) {
  constexpr unsigned kEach_s = 5;
  if (!texts || ++texts->seconds_ % kEach_s != 0)
    return;
  const auto problem = std::make_shared<std::string>();
  worker->run(
      [texts, problem] {
        for (TextFile *file : {&texts->vtt_, &texts->transcript_file_, &texts->chat_})
          if (const int failure = file->sync())
            *problem = file->path() + ": " + std::strerror(failure);
      },
      [problem, log] {
        if (!problem->empty())
          log.write(Log::Level::Error, "disk-error",
                    "The disk failed to store what was written to " + *problem +
                        ". Lines may be missing there. Check the disk, and the messages of the "
                        "kernel.");
      });
}

std::vector<std::string> Texts::names() {
  std::vector<std::string> made;
  std::lock_guard<std::mutex> lock(mutex_);
  for (TextFile *file : {&vtt_, &transcript_file_, &chat_})
    if (file->exists() || (file == &vtt_ && !transcript_.empty()))
      made.push_back(std::filesystem::path(file->path()).filename());
  return made;
}

}  // namespace rtms::recorder
