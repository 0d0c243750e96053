// SPDX-License-Identifier: LGPL-2.1-or-later
#include "recorder.h"

#include "names.h"

#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include <cerrno>
#include <cstring>

namespace rtms::recorder {
namespace {

void add(Totals *totals, const Status &status) {
  totals->bytes += counter(status.stats.get(), "bytes");
  totals->dropped += counter(status.stats.get(), "dropped");
  totals->reconnects += counter(status.stats.get(), "reconnects");
}

std::string megabytes(uint64_t bytes) {
  return std::to_string(bytes >> 20) + " MB";
}

}  // namespace

Recorder::Recorder(const Options &options, Log *log, std::function<void()> idle)
    : options_(options), log_(log), idle_(std::move(idle)) {
  look_at_disk();
}

Recorder::~Recorder() = default;

void Recorder::look_at_disk() {
  struct statvfs status;
  if (statvfs(options_.output.c_str(), &status) == 0)
    free_bytes_ = uint64_t{status.f_bavail} * status.f_frsize;
  writable_ = access((options_.output + "/.").c_str(), W_OK | X_OK) == 0;
}

// ---- webhooks ------------------------------------------------------------------------

void Recorder::webhook(const WebhookNotice &notice) {
  totals_.webhooks++;
  const Webhook &hook = notice.hook;
  if (notice.event == WebhookEvent::Started) {
    started(notice);
    return;
  }
  auto found = meetings_.find(hook.stream_id);
  if (found != meetings_.end())
    found->second->notify(notice.json);
  if (notice.event == WebhookEvent::Stopped)
    waiting_.erase(hook.stream_id);
}

// A stream takes one connection: there is never a second one.
void Recorder::started(const WebhookNotice &notice) {
  const std::string &stream = notice.hook.stream_id;
  auto found = meetings_.find(stream);
  if (found == meetings_.end() && notice.repeated && recorded_.count(stream))
    log_->write(Log::Level::Info, "http", "",
                "webhook for a stream that is recorded already: ignored");
  else if (found == meetings_.end())
    begin(notice);
  else if (found->second->ending())
    waiting_[stream] = notice;
  else
    found->second->notify(notice.json);
}

void Recorder::refuse(const WebhookNotice &notice, const std::string &why) {
  totals_.refused++;
  log_->write(Log::Level::Error, "refused", "", why, [&](JsonWriter &writer) {
    writer.member("stream_id", shown(notice.hook.stream_id, 256));
  });
  if (options_.once && meetings_.empty())
    idle_();
}

void Recorder::begin(const WebhookNotice &notice) {
  const Webhook &hook = notice.hook;
  const std::string stream = "Stream " + shown(hook.stream_id) + " is not recorded: ";
  if (stopping_) {
    refuse(notice, stream + "the recorder is stopping.");
    return;
  }
  look_at_disk();
  if (free_bytes_ < options_.min_free) {
    refuse(notice, stream + "only " + megabytes(free_bytes_) + " are free in " + options_.output +
                       ", and --min-free asks for " + megabytes(options_.min_free) +
                       ". Free disk space, or lower --min-free.");
    return;
  }
  if (meetings_.size() >= options_.max_meetings) {
    refuse(notice, stream + std::to_string(meetings_.size()) +
                       " meetings are recorded already. Raise --max-meetings.");
    return;
  }
  const std::string folder = make_folder(hook);
  if (folder.empty()) {
    refuse(notice, stream + "no folder can be created in " + options_.output + ": " +
                       std::strerror(errno) + ".");
    return;
  }
  totals_.started++;
  auto meeting =
      std::make_unique<Meeting>(options_, hook, notice.json, folder, log_,
                                [this](Meeting *which, Outcome outcome) { gone(which, outcome); });
  Meeting *raw = meeting.get();
  meetings_[hook.stream_id] = std::move(meeting);
  raw->start();
}

std::string Recorder::make_folder(const Webhook &hook) {
  constexpr int kMostTries = 1000;
  const std::string id = !hook.meeting_id.empty() ? hook.meeting_id
                         : !hook.id.empty()       ? hook.id
                                                  : hook.stream_id;
  const std::string first =
      options_.output + "/" + file_stamp(g_get_real_time()) + "_" + safe_name(id);
  for (int i = 1; i <= kMostTries; i++) {
    const std::string folder = i == 1 ? first : first + "_" + std::to_string(i);
    if (mkdir(folder.c_str(), 0755) == 0)
      return folder;
    if (errno != EEXIST)
      break;
  }
  return "";
}

// ---- the end -------------------------------------------------------------------------

void Recorder::stop() {
  stopping_ = true;
  waiting_.clear();
  for (auto &[stream, meeting] : meetings_)
    meeting->finish("the recorder was stopped");
  if (meetings_.empty())
    idle_();
}

void Recorder::gone(Meeting *meeting, Outcome outcome) {
  const std::string stream = meeting->stream_id();
  (outcome.good ? totals_.finished : totals_.failed)++;
  if (outcome.good)
    remember(stream);
  add(&totals_, meeting->status());
  meetings_.erase(stream);
  look_at_disk();
  auto again = waiting_.extract(stream);
  if (again && !stopping_)
    begin(again.mapped());
  if (meetings_.empty() && (stopping_ || options_.once))
    idle_();
}

void Recorder::remember(const std::string &stream) {
  constexpr size_t kMost = 1000;
  if (recorded_.size() >= kMost)
    recorded_.clear();
  recorded_.insert(stream);
}

// ---- while it runs -------------------------------------------------------------------

void Recorder::watch() {
  look_at_disk();
  for (auto &[stream, meeting] : meetings_)
    meeting->watch();
}

std::vector<Status> Recorder::statuses() const {
  std::vector<Status> all;
  for (const auto &[stream, meeting] : meetings_)
    all.push_back(meeting->status());
  return all;
}

Totals Recorder::totals() const {
  Totals all = totals_;
  for (const auto &[stream, meeting] : meetings_)
    add(&all, meeting->status());
  return all;
}

std::string Recorder::sick() const {
  if (stopping_)
    return "stopping";
  if (!writable_)
    return "recordings cannot be written";
  return free_bytes_ < options_.min_free ? "disk full" : "";
}

}  // namespace rtms::recorder
