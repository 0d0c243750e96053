// SPDX-License-Identifier: LGPL-2.1-or-later
// A pipeline of rtmssrc and fakesinks that counts what comes, and sees whether it is whole.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>

#include "live.h"

namespace rtmsbench {

struct PadCount {
  uint64_t packets = 0, bytes = 0;
  uint64_t disorder = 0;  // numbers that did not rise
  int64_t last_number = -1;
  uint64_t losses = 0;     // numbers that are missing, as episodes
  int64_t discont_us = 0;  // when the last buffer with DISCONT came, monotonic
};

class Meter {
 public:
  using Counts = std::map<std::string, PadCount>;

  Meter(const rtmstest::Server &server, const rtmscheck::Setup &setup);
  ~Meter();
  Meter(const Meter &) = delete;
  Meter &operator=(const Meter &) = delete;

  GstElement *src() const { return src_; }
  bool wait(const std::function<bool(const Counts &)> &predicate, int timeout_ms);
  Counts counts();
  // EOS or an error came.
  bool over();
  std::string error();

 private:
  static void on_pad_added(GstElement *src, GstPad *pad, gpointer data);
  static GstBusSyncReply on_message(GstBus *bus, GstMessage *message, gpointer data);
  void count(const std::string &pad, GstBuffer *buffer);

  rtmstest::ElementPtr pipeline_;
  GstElement *src_ = nullptr;
  std::mutex mutex_;
  std::condition_variable changed_;
  Counts counts_;
  bool over_ = false;
  std::string error_;
};

}  // namespace rtmsbench
