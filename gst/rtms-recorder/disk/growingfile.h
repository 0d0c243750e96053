// SPDX-License-Identifier: LGPL-2.1-or-later
// A file that a muxer writes, watched without blocking: its last known size, and whether somebody
// has deleted it. What was written goes to the disk meanwhile: a power failure loses no more. Logs
// when the disk fails to store it.
#pragma once

#include "base/worker.h"
#include "common/log.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace rtms::recorder {

class GrowingFile {
 public:
  // Reads a complete file, on the worker's thread. Returns why it cannot be played, as the rest of
  // a sentence, or an empty string.
  using Check = std::string (*)(int fd);

  GrowingFile(std::string path, Worker *worker, const SubjectLog *log, Check check = nullptr);
  ~GrowingFile();
  GrowingFile(const GrowingFile &) = delete;
  GrowingFile &operator=(const GrowingFile &) = delete;

  // Is called each second: looks at the file, unless a look is pending.
  void ask();
  // The file is complete: it goes to the disk, and so does its name in the folder. With `wait`,
  // `done` is called on the main thread after that, and after the check, else at once. It gets why
  // the file, or some of it, is lost, as a sentence, or an empty string.
  void finish(bool wait, std::function<void(const std::string &problem)> done);
  // Deletes the file, because no media arrived.
  void remove();
  uint64_t bytes() const { return seen_->bytes; }
  // It has no name any more: what is written to it is lost. A file that was moved is not.
  bool is_deleted() const { return seen_->deleted; }

 private:
  enum class Sync { No, File, FileAndFolder };
  struct Seen {
    uint64_t bytes = 0;
    bool asked = false;
    bool deleted = false;
    int error = 0;        // of the last sync
    std::string problem;  // the first one
  };
  class Descriptor;
  void look(Sync sync, std::function<void()> done);

  const std::string path_;
  unsigned times_ = 0;
  Worker *const worker_;
  const SubjectLog *const log_;
  const Check check_;
  // Shared with the work, which may outlive this object.
  const std::shared_ptr<Seen> seen_ = std::make_shared<Seen>();
  std::shared_ptr<Descriptor> descriptor_;
};

}  // namespace rtms::recorder
