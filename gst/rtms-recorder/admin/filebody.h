// SPDX-License-Identifier: LGPL-2.1-or-later
// A part of a file as the body of an answer. Only the worker blocks on the disk.
#pragma once

#include "archive.h"
#include "base/worker.h"
#include "http/httpconnection.h"

namespace rtms::recorder {

class FileBody final : public HttpBody {
 public:
  FileBody(std::shared_ptr<Worker> worker, std::shared_ptr<OpenFile> file, uint64_t first,
           uint64_t size)
      : worker_(std::move(worker)),
        file_(std::move(file)),
        next_(first),
        left_(size),
        size_(size) {}

  uint64_t size() const override { return size_; }
  void next(Done done) override;

 private:
  const std::shared_ptr<Worker> worker_;
  const std::shared_ptr<OpenFile> file_;
  // One buffer for all pieces: the worker's short-lived threads would each get an allocator arena.
  const std::shared_ptr<std::string> piece_ = std::make_shared<std::string>();
  uint64_t next_, left_;
  const uint64_t size_;
};

}  // namespace rtms::recorder
