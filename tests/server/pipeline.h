// SPDX-License-Identifier: LGPL-2.1-or-later
// A running pipeline that ends in an appsink: an encoder fed by hand, or a file being decoded.
#pragma once

#include <string>
#include <vector>

#include "gst_ptr.h"

namespace rtmstest {

class Pipeline {
 public:
  // `description` is gst-launch text with an appsink named "sink", and an appsrc named "src" where
  // buffers are pushed. Errors go to stderr, and the pipeline then yields nothing.
  explicit Pipeline(const std::string &description);
  ~Pipeline();
  Pipeline(const Pipeline &) = delete;
  Pipeline &operator=(const Pipeline &) = delete;

  void set_caps(const CapsPtr &caps);
  bool push(BufferPtr buffer);
  void force_keyframe();
  SamplePtr pull();  // null at the end, and after an error

 private:
  void report();

  ElementPtr pipeline_, src_, sink_;
  bool failed_ = false;
};

std::vector<uint8_t> bytes_of(GstBuffer *buffer);

}  // namespace rtmstest
