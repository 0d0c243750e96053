// SPDX-License-Identifier: LGPL-2.1-or-later
// Lines for a file or a pipe whose other end may stand still: a thread writes them, nobody waits.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace rtms::recorder {

class LineWriter {
 public:
  // A line that says how many lines are missing where it stands.
  using Gap = std::function<std::string(uint64_t lines)>;

  // Standard output, or a file, which belongs to the writer from then on.
  LineWriter(int fd, Gap gap);
  // What is not written by then is lost; flush() waits for it.
  ~LineWriter();
  LineWriter(const LineWriter &) = delete;
  LineWriter &operator=(const LineWriter &) = delete;

  // False: too much waits already; the text is dropped and counted.
  bool write(std::string text);
  // What comes later goes into the file that then has this name.
  void reopen(std::string path);
  // Whether something waits to be written.
  bool waiting() const;
  uint64_t dropped() const;
  // Waits until all is written, or for so long.
  void flush(unsigned timeout_ms) const;

 private:
  struct State;
  static void run(const std::shared_ptr<State> &state);

  // The thread may be in a call that never returns: it has a share of it.
  const std::shared_ptr<State> state_;
};

}  // namespace rtms::recorder
