// SPDX-License-Identifier: LGPL-2.1-or-later
// Where camera and screen share are in the frame. Pure.
#pragma once

#include <optional>

namespace rtms::program {

struct Size {
  int width = 0, height = 0;
};

struct Rect {
  int x = 0, y = 0, width = 0, height = 0;
};
bool operator==(const Rect &left, const Rect &right);
inline bool operator!=(const Rect &left, const Rect &right) {
  return !(left == right);
}

enum class Layout { Auto, Camera, Screen, ScreenCamera, SideBySide };

// What there is to show: the size of each frame in square pixels, or nothing.
struct Content {
  std::optional<Size> camera, screen;
};

// The rectangles inside the frame; nothing where a frame is not shown. The camera lies above the
// screen share.
struct Arrangement {
  std::optional<Rect> camera, screen;
};

// The largest rectangle with the aspect ratio of `content` in the middle of `area`. All its numbers
// are even, as the chroma planes of I420 need it.
Rect fit(const Size &content, const Rect &area);
Arrangement arrange(Layout layout, const Size &frame, const Content &content);

// Whether the layout ever shows it.
bool shows_camera(Layout layout);
bool shows_screen(Layout layout);

}  // namespace rtms::program
