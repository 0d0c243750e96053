// SPDX-License-Identifier: LGPL-2.1-or-later
// A text file that grows line by line: a crash loses nothing that was written.
#pragma once

#include "base/worker.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace rtms::recorder {

// Any thread. No method waits for the disk but close(), sync() and the destructor. The file is
// created with the first text.
class TextFile {
 public:
  // Writing fails, with errno, and did not before. Called on the worker's thread.
  using Failed = std::function<void(const std::string &path, int failure)>;

  TextFile(std::string path, const std::string &head, Worker *worker, Failed failed);
  ~TextFile();
  TextFile(const TextFile &) = delete;
  TextFile &operator=(const TextFile &) = delete;

  // What cannot be written, up to 16 MB, is written with a later text, or at the end. Returns false
  // if the text is left out, because that, or TextBudget, has no room for it.
  bool append(const std::string &text);
  // No text follows: writes what is left. Returns 0, or errno if that fails and did not before.
  int close();
  // Returns when what was written is on the disk: 0, or errno.
  int sync();
  const std::string &path() const { return path_; }
  // Whether the file exists, or will.
  bool exists() const;
  // The number of texts that were left out.
  uint64_t left_out() const;

 private:
  struct State;
  bool has_begun() const;

  const std::string path_;
  Worker *const worker_;
  // Shared with the work, which may outlive this object.
  const std::shared_ptr<State> state_;
};

}  // namespace rtms::recorder
