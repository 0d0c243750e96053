// SPDX-License-Identifier: LGPL-2.1-or-later
#include "textfile.h"

#include "names.h"

#include <fcntl.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <cstdio>

namespace rtms::recorder {
namespace {

constexpr uint64_t kSecond = 1000000000, kMilli = 1000000;
constexpr size_t kLongestName = 64, kLongestCue = 4000;

std::string vtt_time(uint64_t ns) {
  const uint64_t ms = ns / kMilli;
  char text[40];
  std::snprintf(text, sizeof text, "%02u:%02u:%02u.%03u", static_cast<unsigned>(ms / 3600000),
                static_cast<unsigned>(ms / 60000 % 60), static_cast<unsigned>(ms / 1000 % 60),
                static_cast<unsigned>(ms % 1000));
  return text;
}

// A line break would end the cue.
std::string vtt_text(std::string_view text, size_t longest) {
  std::string escaped;
  for (char c : shown(text, longest)) {
    if (c == '&')
      escaped += "&amp;";
    else if (c == '<')
      escaped += "&lt;";
    else if (c == '>')
      escaped += "&gt;";
    else
      escaped += c;
  }
  return escaped;
}

// As long as it takes to read.
uint64_t reading_time(std::string_view text) {
  return std::clamp<uint64_t>(kSecond + text.size() * 60 * kMilli, 2 * kSecond, 7 * kSecond);
}

}  // namespace

TextFile::~TextFile() {
  if (file_ >= 0)
    close(file_);
}

bool TextFile::exists() {
  std::lock_guard<std::mutex> lock(mutex_);
  return file_ >= 0;
}

bool TextFile::append(const std::string &text) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (failed_)
    return true;
  std::string all = text;
  if (file_ < 0) {
    file_ = open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    all = head_ + text;
  }
  failed_ = file_ < 0 || !write_all(all);
  return !failed_;
}

bool TextFile::write_all(const std::string &text) {
  size_t done = 0;
  while (done < text.size()) {
    const ssize_t size = write(file_, text.data() + done, text.size() - done);
    if (size < 0 && errno != EINTR)
      return false;
    done += static_cast<size_t>(std::max<ssize_t>(size, 0));
  }
  return true;
}

std::string vtt_cue(uint64_t start, uint64_t end, std::string_view speaker, std::string_view text) {
  const std::string prefix = std::string(speaker) + ": ";
  if (!speaker.empty() && text.substr(0, prefix.size()) == prefix)
    text.remove_prefix(prefix.size());
  if (end <= start)
    end = start + reading_time(text);
  std::string cue = vtt_time(start) + " --> " + vtt_time(end) + "\n";
  if (!speaker.empty())
    cue += "<v " + vtt_text(speaker, kLongestName) + ">";
  return cue + vtt_text(text, kLongestCue) + "\n\n";
}

}  // namespace rtms::recorder
