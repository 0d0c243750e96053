// SPDX-License-Identifier: LGPL-2.1-or-later
// Pictures of the meeting: painted, or out of a file. I420.
#pragma once

#include <gst/video/video.h>

#include "cast.h"
#include "pipeline.h"

namespace rtmstest {

struct PictureFormat {
  int width = 1280, height = 720, fps = 25;
};
CapsPtr caps_of(const PictureFormat &format);

class Pictures {
 public:
  virtual ~Pictures() = default;
  // The next picture and its position; null: it has ended.
  virtual BufferPtr next(int64_t &position_ms) = 0;
  // What lies before need not come any more.
  virtual void skip_to(int64_t) {}
};

// A ball crosses the picture, a clock of seven-segment digits tells the position, and the first
// picture of each full second is white. The colour tells the speaker.
class PaintedCamera : public Pictures {
 public:
  PaintedCamera(const Cast &cast, PictureFormat format, int64_t from_ms);
  BufferPtr next(int64_t &position_ms) override;
  void skip_to(int64_t position_ms) override;

 private:
  const Cast &cast_;
  PictureFormat format_;
  int64_t frame_;
};

// Slides that change every few seconds, each with its number.
class PaintedSlides : public Pictures {
 public:
  PaintedSlides(PictureFormat format, int64_t from_ms);
  BufferPtr next(int64_t &position_ms) override;
  void skip_to(int64_t position_ms) override;

 private:
  PictureFormat format_;
  int64_t frame_;
};

class FilePictures : public Pictures {
 public:
  FilePictures(const std::string &uri, PictureFormat format);
  BufferPtr next(int64_t &position_ms) override;

 private:
  Pipeline pipeline_;
};

}  // namespace rtmstest
