// SPDX-License-Identifier: LGPL-2.1-or-later
#include "archive.h"

#include "protocol/json_write.h"

#include <dirent.h>
#include <fcntl.h>
#include <glib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <algorithm>
#include <climits>
#include <utility>
#include <vector>

namespace rtms::recorder {
namespace {

constexpr char kReport[] = "meeting.json";

struct KnownFile {
  const char *name, *type;
};
constexpr KnownFile kFiles[] = {
    {"meeting.mp4", "video/mp4"},
    {"meeting.mkv", "video/x-matroska"},
    {"tail.mp4", "video/mp4"},
    {"tail.mkv", "video/x-matroska"},
    {"meeting.vtt", "text/vtt; charset=utf-8"},
    {"transcript.jsonl", "application/x-ndjson"},
    {"chat.jsonl", "application/x-ndjson"},
    {kReport, "application/json"},
};

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0)
      close(number_);
  }
  Descriptor(const Descriptor &) = delete;
  Descriptor &operator=(const Descriptor &) = delete;
  int number() const { return number_; }
  int release() { return std::exchange(number_, -1); }

 private:
  int number_;
};

// Names that the recorder makes: without a path, not hidden.
bool is_folder_name(const std::string &name) {
  const auto valid = [](char c) { return g_ascii_isalnum(c) || c == '-' || c == '_' || c == '.'; };
  return !name.empty() && name.front() != '.' && name.size() <= NAME_MAX &&
         std::all_of(name.begin(), name.end(), valid);
}

int open_folder(const std::string &output, const std::string &name) {
  const Descriptor top(::open(output.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  return top.number() < 0
             ? -1
             : openat(top.number(), name.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

std::vector<std::string> folder_names(const std::string &output) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, int (*)(DIR *)> folder(opendir(output.c_str()), closedir);
  while (const dirent *entry = folder ? readdir(folder.get()) : nullptr)
    if (is_folder_name(entry->d_name))
      names.emplace_back(entry->d_name);
  return names;
}

// Adds a recording. Returns false if the folder holds none.
bool write_recording(JsonBuilder *builder, const std::string &output, const std::string &name,
                     const std::string &program) {
  const Descriptor folder(open_folder(output, name));
  struct stat status;
  const auto has = [&](const char *file) {
    return fstatat(folder.number(), file, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
           S_ISREG(status.st_mode);
  };
  if (folder.number() < 0 || !has(kReport))
    return false;
  json_builder_begin_object(builder);
  json_builder_set_member_name(builder, "folder");
  json_builder_add_string_value(builder, name.c_str());
  json_builder_set_member_name(builder, "files");
  json_builder_begin_object(builder);
  const auto add = [&](const char *file) {
    if (!has(file))
      return;
    json_builder_set_member_name(builder, file);
    json_builder_add_int_value(builder, status.st_size);
  };
  for (const KnownFile &file : kFiles)
    add(file.name);
  if (!program.empty())
    add(program.c_str());
  json_builder_end_object(builder);
  json_builder_end_object(builder);
  return true;
}

}  // namespace

OpenFile::~OpenFile() {
  close(descriptor_);
}

bool OpenFile::read(uint64_t at, std::string *text) const {
  return pread(descriptor_, text->data(), text->size(), static_cast<off_t>(at)) ==
         static_cast<ssize_t>(text->size());
}

const char *Archive::type_of(const std::string &name) const {
  for (const KnownFile &file : kFiles)
    if (name == file.name)
      return file.type;
  return !program_.empty() && name == program_ ? "video/mp4" : nullptr;
}

FoundFile Archive::open(const std::string &folder_name, const std::string &name) const {
  if (!is_folder_name(folder_name) || !type_of(name))
    return {};
  const Descriptor folder(open_folder(output_, folder_name));
  // O_NONBLOCK: opening a pipe must not block.
  Descriptor file(folder.number() < 0 ? -1
                                      : openat(folder.number(), name.c_str(),
                                               O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat status;
  if (file.number() < 0 || fstat(file.number(), &status) != 0 || !S_ISREG(status.st_mode))
    return {};
  return {std::make_shared<OpenFile>(file.release()), static_cast<uint64_t>(status.st_size)};
}

// Names of folders begin with the time, so that sorting by name sorts by age.
std::string Archive::list(const std::string &before, const std::set<std::string> &running) const {
  std::vector<std::string> names = folder_names(output_);
  std::sort(names.rbegin(), names.rend());
  JsonWriter writer;
  JsonBuilder *builder = writer.builder();
  json_builder_set_member_name(builder, "recordings");
  json_builder_begin_array(builder);
  size_t count = 0;
  std::string older;
  for (auto name = names.begin(); name != names.end() && older.empty(); ++name) {
    if ((!before.empty() && *name >= before) || running.count(*name))
      continue;
    if (count < kPage)
      count += write_recording(builder, output_, *name, program_);
    else
      older = *std::prev(name);
  }
  json_builder_end_array(builder);
  return writer.member("older", older).text();
}

}  // namespace rtms::recorder
