// SPDX-License-Identifier: LGPL-2.1-or-later
// Places camera and screen share in the frame. Pure.
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

// The size of each available input in square pixels.
struct Content {
  std::optional<Size> camera, screen;
};

// The rectangle of each shown input. The camera lies above the screen share.
struct Arrangement {
  std::optional<Rect> camera, screen;
};

// Returns the largest rectangle with the aspect ratio of `content`, centred in `area`. All its
// numbers are even, as the chroma planes of I420 need.
Rect fit(const Size &content, const Rect &area);
Arrangement arrange(Layout layout, const Size &frame, const Content &content);

// Whether the layout shows the input at any time.
bool shows_camera(Layout layout);
bool shows_screen(Layout layout);

}  // namespace rtms::program
