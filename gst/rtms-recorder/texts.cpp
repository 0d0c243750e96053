// SPDX-License-Identifier: LGPL-2.1-or-later
#include "texts.h"

#include <cerrno>
#include <filesystem>

namespace rtms::recorder {

Texts::Texts(const std::string &folder, Failed failed)
    : vtt_(folder + "/meeting.vtt", kVttHead),
      chat_(folder + "/chat.jsonl"),
      failed_(std::move(failed)) {}

void Texts::transcript(const Line &line) {
  append(&vtt_, vtt_cue(line.start, line.end, line.speaker, line.text));
}

// One object a line: the service's JSON has no line breaks.
void Texts::chat(const Line &line) {
  append(&chat_, line.text + "\n");
}

std::vector<std::string> Texts::names() {
  std::vector<std::string> made;
  for (TextFile *file : {&vtt_, &chat_})
    if (file->exists())
      made.push_back(std::filesystem::path(file->path()).filename());
  return made;
}

void Texts::append(TextFile *file, const std::string &text) {
  if (file->append(text))
    return;
  const int failure = errno;
  failed_(file->path(), failure);
}

}  // namespace rtms::recorder
