// SPDX-License-Identifier: LGPL-2.1-or-later
#include "texts.h"

#include <cerrno>
#include <filesystem>

namespace rtms::recorder {
namespace {

constexpr uint64_t kStep = 100 * GST_MSECOND;

}  // namespace

Texts::Texts(const std::string &folder, Failed failed)
    : vtt_(folder + "/meeting.vtt", kVttHead),
      transcript_file_(folder + "/transcript.jsonl"),
      chat_(folder + "/chat.jsonl"),
      failed_(std::move(failed)) {}

// Failures are not reported: the owner of `failed_` is being destroyed.
Texts::~Texts() {
  closing_ = true;
  finish();
}

// One object per line: the service's JSON has no line breaks.
void Texts::transcript(const std::string &json, const Spoken &spoken, uint64_t start) {
  if (spoken.is_final)
    append(&transcript_file_, json + "\n");
  std::lock_guard<std::mutex> lock(mutex_);
  transcript_.add(spoken, start, now_);
}

void Texts::chat(const std::string &json) {
  append(&chat_, json + "\n");
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
    append(&vtt_, vtt_cue(line));
    subtitles_.push(line);
  }
}

ElementPtr Texts::make_subtitles() {
  std::lock_guard<std::mutex> lock(mutex_);
  return subtitles_.make_source();
}

std::vector<std::string> Texts::names() {
  std::vector<std::string> made;
  std::lock_guard<std::mutex> lock(mutex_);
  for (TextFile *file : {&vtt_, &transcript_file_, &chat_})
    if (file->exists() || (file == &vtt_ && !transcript_.empty()))
      made.push_back(std::filesystem::path(file->path()).filename());
  return made;
}

void Texts::append(TextFile *file, const std::string &text) {
  if (file->append(text) || closing_)
    return;
  const int failure = errno;
  failed_(file->path(), failure);
}

}  // namespace rtms::recorder
