// SPDX-License-Identifier: LGPL-2.1-or-later
// A real RTMP server, and somebody who watches.
#pragma once

#include <optional>

#include "launch.h"

namespace rtmscheck {

// nginx with its RTMP module, on a free port of loopback. It records what it is sent.
class RtmpServer {
 public:
  explicit RtmpServer(const std::string &folder);
  std::string url() const;
  std::string recording() const { return folder_ + "/meeting.flv"; }
  std::string log() const;
  void stop();
  // It stands still: the kernel accepts connections and data, as much as it has room for.
  void freeze();
  void go_on();
  // After stop(): on the same port, recording into another folder.
  void start(const std::string &folder);

 private:
  void run(int listening);
  std::string folder_;
  uint16_t port_ = 0;
  std::optional<Program> nginx_;
};

// Notes when each picture of the stream arrives.
class Viewer {
 public:
  explicit Viewer(const std::string &url);
  ~Viewer();
  // The longest time without a picture, from the first to the last, in s in which the machine ran.
  double longest_wait();
  unsigned pictures();

 private:
  static void on_picture(GstElement *sink, GstBuffer *buffer, GstPad *pad, gpointer self);
  const Awake awake_;
  ElementPtr pipeline_;
  std::mutex mutex_;
  std::vector<int64_t> arrivals_us_;
};

}  // namespace rtmscheck
