// SPDX-License-Identifier: LGPL-2.1-or-later
#include "keeping.h"

#include "base/glibptr.h"
#include "common/folder.h"
#include "common/reserve.h"
#include "journal.h"
#include "keptfile.h"
#include "parts.h"
#include "protocol/webhook.h"

#include <sys/stat.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <set>
#include <utility>

namespace rtms::recorder {
namespace {

namespace fs = std::filesystem;

constexpr char kReserve[] = ".reserve";
constexpr int64_t kUntouched_s = 2 * Keeping::kTouch_s + 1;
constexpr int64_t kNsPerS = 1000 * 1000 * 1000;

int64_t age_of_s(int64_t unix_ns) {
  return std::max<int64_t>(g_get_real_time() / G_USEC_PER_SEC - unix_ns / kNsPerS, 0);
}

// As path_of() names them: a file system may have copies of other names.
bool is_kept(const std::string &name) {
  return name.size() == 64 && name.find_first_not_of("0123456789abcdef") == std::string::npos;
}

std::vector<FoundMeeting> find_in(const std::string &folder, const std::string &output,
                                  const std::set<std::string> &without = {}) {
  std::vector<FoundMeeting> all;
  for (const fs::path &path : paths_in(folder)) {
    if (!is_kept(path.filename()) || without.count(path))
      continue;
    FoundMeeting found;
    found.file = KeptFile::open(path);
    if (!found.file)
      continue;
    found.age_s = found.file->age_s();
    const auto contents = found.file->read(&found.meeting);
    if (contents == KeptFile::Contents::Unread)
      continue;  // the disk may answer at the next start
    auto parsed = parse_webhook(found.meeting.webhook);
    auto hook = std::get_if<Webhook>(&parsed);
    if (contents != KeptFile::Contents::Good || !hook || hook->stream_id.empty()) {
      found.file->remove();
      continue;
    }
    found.hook = *hook;
    all.push_back(std::move(found));
  }
  if (all.empty())
    return all;
  // A hung disk lets nobody touch the files; the journals are in memory.
  const auto newest_ns = Journal::newest_ns(Journal::default_place(), output);
  for (FoundMeeting &one : all)
    if (const auto newest = newest_ns.find(one.meeting.folder); newest != newest_ns.end())
      one.age_s = std::min(one.age_s, age_of_s(newest->second));
  // Where there is no room for all, recordings go on.
  std::sort(all.begin(), all.end(), [](const FoundMeeting &one, const FoundMeeting &other) {
    return std::pair(one.meeting.part == 0, one.age_s) <
           std::pair(other.meeting.part == 0, other.age_s);
  });
  return all;
}

// On a full disk, in the place of the reserve.
std::shared_ptr<KeptFile> create_in(const std::string &folder, const std::string &path,
                                    const KeptMeeting &meeting) {
  const std::string reserve = folder + "/" + kReserve;
  mkdir(folder.c_str(), 0700);
  auto file = KeptFile::create(path, meeting);
  if (file)
    make_reserve(reserve);
  else if (const int failure = errno; unlink(reserve.c_str()) == 0)
    file = KeptFile::create(path, meeting);
  else
    errno = failure;
  return file;
}

// The file of a recorder that died, with the same output folder: nobody else knows its last part
// when the file is written again.
void end_dead(const std::string &path, const std::string &output, const std::string &next_part) {
  KeptMeeting dead;
  const auto file = KeptFile::open(path);
  if (file && file->is_locked() && file->read(&dead) == KeptFile::Contents::Good && !dead.left &&
      !dead.folder.empty() && dead.folder != next_part)
    end_part(output + "/" + dead.folder, next_part);
}

}  // namespace

Keeping::Keeping(const std::string &output, Log *log)
    : output_(output), folder_(folder_of(output)), log_(log) {}

void Keeping::find(std::function<void(std::vector<FoundMeeting>)> done) {
  const auto found = std::make_shared<std::vector<FoundMeeting>>();
  worker_.run([found, folder = folder_, output = output_] { *found = find_in(folder, output); },
              [found, done = std::move(done)] { done(std::move(*found)); });
}

void Keeping::look(std::function<void(FoundMeeting)> found) {
  if (busy() || std::exchange(looking_, true))
    return;
  const auto all = std::make_shared<std::vector<FoundMeeting>>();
  worker_.run(
      [all, folder = folder_, output = output_, files = files_] {
        std::set<std::string> own;
        for (const auto &[stream, file] : *files)
          if (file)
            own.insert(file->path());
        *all = find_in(folder, output, own);
      },
      [this, all, found = std::move(found)] {
        looking_ = false;
        for (FoundMeeting &one : *all)
          if (one.file->is_locked() && (one.meeting.left || one.age_s > kUntouched_s))
            found(std::move(one));
      });
}

// A hash: names of different streams never collide.
std::string Keeping::path_of(const std::string &stream) const {
  StringPtr sum(g_compute_checksum_for_string(G_CHECKSUM_SHA256, stream.c_str(), -1));
  return folder_ + "/" + sum.get();
}

void Keeping::run(std::function<void()> work) {
  ++*pending_;
  worker_.run(std::move(work), [pending = pending_] { --*pending; });
}

void Keeping::keep(const std::string &stream, const KeptMeeting &meeting) {
  left_.erase(stream);
  KeptMeeting &kept = meetings_[stream] = meeting;
  kept.webhook = redact_webhook(meeting.webhook);
  const auto failure = std::make_shared<int>(0);
  ++*pending_;
  worker_.run(
      [files = files_, folder = folder_, output = output_, path = path_of(stream), stream, kept,
       failure] {
        if (!files->count(stream))
          end_dead(path, output, kept.folder);
        auto file = create_in(folder, path, kept);
        *failure = file ? 0 : errno;
        if (file)  // a file that cannot be renewed stays
          (*files)[stream] = std::move(file);
      },
      [pending = pending_, failure, log = log_, output = output_] {
        --*pending;
        if (*failure)
          log->write(Log::Level::Warning, "not-kept", "",
                     "a meeting's webhook cannot be kept in " + output + ": " +
                         std::strerror(*failure) +
                         "; the meeting is recorded, but not continued after a restart");
      });
}

void Keeping::announced(const std::string &stream, const std::string &webhook, const Part &part) {
  KeptMeeting meeting{webhook, part.previous, part.number - 1, part.recording};
  for (const auto *meetings : {&meetings_, &left_})
    if (const auto found = meetings->find(stream); found != meetings->end())
      meeting = found->second;
  if (!is_older(webhook, meeting.webhook))
    meeting.webhook = webhook;
  keep(stream, meeting);
}

void Keeping::renew(const std::string &stream, const std::string &webhook) {
  const auto found = meetings_.find(stream);
  if (found == meetings_.end())
    return;
  KeptMeeting meeting = found->second;
  if (is_older(webhook, meeting.webhook))
    return;
  meeting.webhook = webhook;
  keep(stream, meeting);
}

void Keeping::forget(const std::string &stream) {
  left_.erase(stream);
  if (meetings_.erase(stream) == 0)
    return;
  run([files = files_, stream] {
    const auto file = files->extract(stream);
    if (file && file.mapped())
      file.mapped()->remove();
  });
}

void Keeping::leave(const std::string &stream) {
  auto left = meetings_.extract(stream);
  if (!left)
    return;
  left_[stream] = std::move(left.mapped());
  run([files = files_, stream] {
    const auto file = files->extract(stream);
    if (file && file.mapped())
      file.mapped()->leave();
  });
}

void Keeping::end(const std::string &stream, const std::string &webhook) {
  const auto left = left_.find(stream);
  const bool own = left != left_.end();
  if (own && !is_earlier_end(webhook, left->second.webhook))
    left_.erase(left);
  run([path = path_of(stream), output = output_, webhook, own] {
    const auto file = KeptFile::open(path);
    KeptMeeting meeting;
    if (file && (own || file->is_locked()) && file->read(&meeting) == KeptFile::Contents::Good &&
        !is_earlier_end(webhook, meeting.webhook)) {
      if (!meeting.folder.empty())
        recorder::end_part(output + "/" + meeting.folder, "");
      file->remove();
    }
  });
}

void Keeping::give_up(const std::string &stream) {
  if (const auto meeting = kept(stream); meeting && !meeting->folder.empty())
    end_part(meeting->folder, "");
  forget(stream);
}

std::optional<KeptMeeting> Keeping::kept(const std::string &stream) const {
  const auto found = meetings_.find(stream);
  return found == meetings_.end() ? std::nullopt : std::optional(found->second);
}

void Keeping::end_part(const std::string &folder, const std::string &next_part) {
  run([part = output_ + "/" + folder, next_part] { recorder::end_part(part, next_part); });
}

// The continued meeting has replaced the file.
void Keeping::take(FoundMeeting found, const std::string &next_part) {
  if (!found.meeting.folder.empty())  // else it was announced, and not begun
    end_part(found.meeting.folder, next_part);
  release(std::move(found));
}

void Keeping::drop(FoundMeeting found) {
  if (!found.meeting.folder.empty())
    end_part(found.meeting.folder, "");
  run([file = std::move(found.file)] { file->remove(); });
}

void Keeping::put_back(FoundMeeting found) {
  left_[found.hook.stream_id] = found.meeting;
  release(std::move(found));
}

// Closing a file may block, too.
void Keeping::release(FoundMeeting found) {
  run([file = std::move(found.file)] {});
}

void Keeping::touch() {
  if (busy() || meetings_.empty())
    return;
  run([files = files_] {
    for (const auto &[stream, file] : *files)
      if (file)
        file->touch();
  });
}

}  // namespace rtms::recorder
