// SPDX-License-Identifier: LGPL-2.1-or-later
// The program, encoded: H.264 and AAC, into a file or nowhere, and to whoever listens.
#pragma once

#include "common/gst.h"

#include <vector>

namespace rtms::recorder {

class Encoder {
 public:
  // A frame or a block of samples, with running times. Is called on two streaming threads.
  using Listener = std::function<void(bool video, GstBuffer *buffer, GstCaps *caps)>;

  struct Output {
    int height = 0;    // of the video, from which its bit rate follows
    std::string path;  // empty: no file
  };
  // Adds the elements to the pipeline and links them. Not good(): an element is missing.
  Encoder(GstBin *pipeline, GstPad *video, GstPad *audio, const Output &output, Listener listener);
  Encoder(const Encoder &) = delete;
  Encoder &operator=(const Encoder &) = delete;

  bool good() const { return good_; }
  // Whether it is one of the elements.
  bool has(GstObject *element) const;

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
  GstElement *mux_ = nullptr;
  Exit video_{this, true}, audio_{this, false};
  bool good_ = false;
};

}  // namespace rtms::recorder
