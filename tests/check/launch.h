// SPDX-License-Identifier: LGPL-2.1-or-later
// Recipes of the documentation, and programs that run while a test goes on.
#pragma once

#include "fixture.h"

namespace rtmscheck {

// The ```sh block that follows each `<!-- recipe: NAME -->` in the README and in docs, without its
// `export` lines. By name.
std::map<std::string, std::string> documented_recipes();

// A program in a folder of its own. It belongs to the test's process group: check ends what a
// failed test has left behind.
class Program {
 public:
  struct Options {
    std::vector<std::string> arguments;
    std::string folder;
    std::map<std::string, std::string> environment;  // besides the test's own
    int inherited_fd = -1;                           // it finds this one as the same number
  };
  explicit Program(const Options &options);
  ~Program();  // ends it
  Program(const Program &) = delete;
  Program &operator=(const Program &) = delete;

  // Waits for its end. False: it has not come.
  bool wait(int timeout_ms);
  bool succeeded() const;  // after its end
  bool ended_by(int signal) const;
  void send(int signal);
  int pid() const { return pid_; }
  bool running() const { return running_; }
  double cpu_s() const;  // of processor time that it has used, while it runs
  // The one program that a shell waits for.
  void send_to_child(int signal);
  std::string output() const;  // stdout and stderr
  // Looks now and then whether it holds. False: it ended before that, or the time is over.
  bool wait_until(const std::function<bool()> &holds, int timeout_ms = kDeadlineMs);
  // Waits for what it says between the two; an end of the program fails.
  std::string wait_output(const std::string &before, const std::string &after);

 private:
  void ended(int status);
  std::string log_;
  GPid pid_ = 0;
  ContextPtr context_;
  bool running_ = true;
  int status_ = 0;
};

}  // namespace rtmscheck
