// SPDX-License-Identifier: LGPL-2.1-or-later
// Writes lines to a file or a pipe that may block, on a thread of its own: write() never blocks.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace rtms::recorder {

class LineWriter {
 public:
  // Returns a line that reports a number of missing lines.
  using Gap = std::function<std::string(uint64_t lines)>;

  // `fd` is standard output, or a file, which the writer then owns.
  LineWriter(int fd, Gap gap);
  // Does not wait: call flush() before to keep pending lines.
  ~LineWriter();
  LineWriter(const LineWriter &) = delete;
  LineWriter &operator=(const LineWriter &) = delete;

  // Returns false if too much is pending; the text is then dropped and counted.
  bool write(std::string text);
  // Later lines go into the file with this name.
  void reopen(std::string path);
  // Whether lines are pending.
  bool waiting() const;
  uint64_t dropped() const;
  // Waits until all lines are written, for `timeout_ms` at most.
  void flush(unsigned timeout_ms) const;

 private:
  struct State;
  static void run(const std::shared_ptr<State> &state);

  // Shared with the thread, which may block for ever in a system call.
  const std::shared_ptr<State> state_;
};

}  // namespace rtms::recorder
