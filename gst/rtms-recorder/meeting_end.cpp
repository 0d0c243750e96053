// SPDX-License-Identifier: LGPL-2.1-or-later
// How a recording ends: in order, or not.
#include "container.h"
#include "meeting.h"
#include "names.h"

#include <unistd.h>
#include <cerrno>
#include <cstring>
#include <filesystem>

namespace rtms::recorder {

void Meeting::end(const std::string &reason, const std::string &error) {
  if (ending())
    return;
  state_ = State::Ending;
  if (reason_.empty())
    reason_ = reason;
  if (!error.empty())
    reason_ = "failed";
  error_ = error;
  deadline_.start(options_.stop_timeout_s * 1000, [this] {
    if (error_.empty())
      error_ = "The files were not finished in time.";
    retire_pipeline();
  });
}

// The files cannot be written any further: they stay as they are.
void Meeting::break_off(bool disk_full, const std::string &why) {
  disk_full_ |= disk_full;
  const std::string error = (disk_full ? "The disk is full: the recording ends here. " : "") + why;
  end("", error);
  if (error_.empty())
    error_ = error;
  retire_pipeline();
}

// Nothing more comes from the stream.
void Meeting::check_ended() {
  if (state_ == State::Gone || (!stream_over_ && !ending()))
    return;
  if (state_ == State::Connecting) {
    end("the stream ended", "The stream was over before anything came.");
    retire_pipeline();
    return;
  }
  if (!intake_->all_ended())
    return;
  end("the stream ended", "");
  sound_.finish();
}

void Meeting::retire_pipeline() {
  if (state_ == State::Gone)
    return;
  state_ = State::Gone;
  deadline_.stop();
  watch_.reset();
  emitting_.reset();
  stats_ = intake_->stats();
  length_ = sound_.length();
  retire(std::move(pipeline_), 0, [this] { gone(); });
}

// A muxer that nothing has come to leaves a file that nothing can play.
void Meeting::drop_empty_file() {
  if (sound_.anything())
    return;
  unlink((folder_ + "/" + file_name(options_)).c_str());
  report_.remove_file(file_name(options_));
  if (error_.empty())
    reason_ += "; nothing was seen or heard, so there is no file";
}

void Meeting::gone() {
  intake_.reset();
  drop_empty_file();
  std::string push;
  if (push_) {
    push = push_->connected() ? "pushed until the end" : "not pushed at the end";
    push += ", attempts: " + std::to_string(push_->attempts());
    std::lock_guard<std::mutex> lock(push_mutex_);
    push_.reset();
  }
  for (TextFile *file : {&vtt_, &chat_})
    if (file->exists())
      report_.add_file(std::filesystem::path(file->path()).filename());
  const double seconds = static_cast<double>(length_ / GST_MSECOND) / 1000;
  if (!report_.close(g_get_real_time(), seconds, reason_, error_,
                     StructurePtr(stats_ ? gst_structure_copy(stats_.get()) : nullptr), push))
    tell(Log::Level::Error, "report",
         folder_ + "/meeting.json cannot be written: " + std::strerror(errno));
  const bool good = error_.empty();
  tell(good ? Log::Level::Info : Log::Level::Error, good ? "finished" : "failed",
       good ? "finished after " + clock_text(static_cast<int64_t>(seconds)) + ": " + reason_
            : error_,
       [&](JsonWriter &writer) {
         writer.member("duration_ms", static_cast<int64_t>(length_ / GST_MSECOND))
             .member("late_samples", static_cast<int64_t>(sound_.late_samples()));
         if (stats_) {
           writer.begin("stats");
           write_stats(writer.builder(), stats_.get());
           writer.end();
         }
       });
  gone_(this, {good, disk_full_});
}

}  // namespace rtms::recorder
