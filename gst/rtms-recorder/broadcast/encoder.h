// SPDX-License-Identifier: LGPL-2.1-or-later
// Encodes the program as H.264 and AAC, for a file and a listener.
#pragma once

#include "common/gst.h"

#include <vector>

namespace rtms::recorder {

class Encoder {
 public:
  // An encoded frame or block of samples, with running times. Is called on two streaming threads.
  using Listener = std::function<void(bool video, GstBuffer *buffer, GstCaps *caps)>;

  struct Output {
    int height = 0;    // of the video; sets its bit rate
    std::string path;  // empty: no file
  };
  // Adds the elements to the pipeline, and links them. good() is false if that failed.
  Encoder(GstBin *pipeline, GstPad *video, GstPad *audio, const Output &output, Listener listener);
  Encoder(const Encoder &) = delete;
  Encoder &operator=(const Encoder &) = delete;

  bool good() const { return good_; }
  // Whether the object is one of the encoder's elements.
  bool has(GstObject *element) const;
  // Whether it is one of those that write the file: the listener still gets everything if it fails.
  bool writes(GstObject *element) const;

 private:
  struct Exit {
    Encoder *encoder;
    bool video;
  };
  bool add(GstBin *pipeline, GstPad *from, bool video, const std::string &description);
  GstElement *make_file(GstBin *pipeline, const std::string &path);
  static GstPadProbeReturn on_buffer(GstPad *pad, GstPadProbeInfo *info, gpointer exit);

  const Listener listener_;
  std::vector<ElementPtr> elements_;
  GstElement *mux_ = nullptr, *file_ = nullptr;
  Exit video_{this, true}, audio_{this, false};
  bool good_ = false;
};

}  // namespace rtms::recorder
