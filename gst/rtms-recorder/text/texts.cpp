// SPDX-License-Identifier: LGPL-2.1-or-later
#include "texts.h"

#include "textbudget.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>
#include <utility>

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
void Texts::transcript(const Spoken &spoken, uint64_t start) {
  if (spoken.is_final || spoken.json.size() > Transcript::kLongestMessage)
    transcript_file_.append(spoken.json + "\n");
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
  std::vector<Line> last = transcript_.take_all();
  for (Line &line : last)
    line.end = std::min(end_of(line), std::max<uint64_t>(now_, line.start) + Subtitles::kLastShown);
  write(last, true);
  subtitles_.finish();
}

void Texts::write(const std::vector<Line> &lines, bool are_last) {
  for (const Line &line : lines) {
    // The container's track has what the file has: it does not fill the disk, either.
    if (vtt_.append(vtt_cue(line)))
      subtitles_.push(line, are_last);
    if (!line.interim.empty())
      transcript_file_.append(line.interim + "\n");
  }
}

ElementPtr Texts::make_subtitles() {
  std::lock_guard<std::mutex> lock(mutex_);
  return subtitles_.make_source();
}

// Logged once.
std::string Texts::store(bool last) {
  const std::array all = {&vtt_, &transcript_file_, &chat_};
  int failure = 0;
  std::string path;
  const auto take = [&](TextFile *file, int error) {
    if (error && !std::exchange(failure, error))
      path = file->path();
  };
  if (last)
    finish();
  for (TextFile *file : all)
    if (last)
      take(file, file->close());
  for (TextFile *file : all)
    take(file, file->sync());
  if (!failure || std::exchange(told_, true))
    return "";
  return "The disk failed to store what was written to " + path + ": " + std::strerror(failure) +
         ". Lines may be missing there. Check the disk, and the messages of the kernel.";
}

void Texts::store_on(std::shared_ptr<Texts> texts, bool last, Worker *worker,
                     const SubjectLog &log) {
  const auto problem = std::make_shared<std::string>();
  worker->run(
      [texts = std::move(texts), last, problem]() mutable {
        *problem = texts->store(last);
        texts->storing_ = false;
        texts.reset();
      },
      [problem, log] {
        if (!problem->empty())
          log.write(Log::Level::Error, "disk-error", *problem);
      });
}

void Texts::sync(const std::shared_ptr<Texts> &texts, Worker *worker, const SubjectLog &log) {
  constexpr unsigned kEach_s = 5;
  if (texts)
    texts->tell_left_out(log);
  if (texts && ++texts->seconds_ % kEach_s == 0 && !texts->storing_.exchange(true))
    store_on(texts, false, worker, log);
}

void Texts::close(std::shared_ptr<Texts> texts, Worker *worker, const SubjectLog &log) {
  texts->tell_left_out(log);
  store_on(std::move(texts), true, worker, log);
}

void Texts::tell_left_out(const SubjectLog &log) {
  if (left_out() == 0 || std::exchange(told_left_out_, true))
    return;
  const auto megabytes = [](uint64_t bytes) { return std::to_string(bytes >> 20) + " MB"; };
  log.write(Log::Level::Warning, "not-recorded",
            "a file of texts has reached its limit (" + megabytes(TextBudget::kBurst) +
                " at once, then 1 MB a second, " + megabytes(TextBudget::kTotal) +
                " in all), or the disk takes none: further texts are left out; texts_left_out of "
                "meeting.json has their number");
}

uint64_t Texts::left_out() const {
  return vtt_.left_out() + transcript_file_.left_out() + chat_.left_out();
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
