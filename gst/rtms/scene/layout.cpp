// SPDX-License-Identifier: LGPL-2.1-or-later
#include "layout.h"

#include <algorithm>
#include <cstdint>

namespace rtms::program {
namespace {

constexpr int kCornerParts = 4;   // the corner is a quarter of the frame wide
constexpr int kMarginParts = 40;  // and a fortieth from its edges

int even(int64_t number) {
  return static_cast<int>(number) & ~1;
}

int even_size(int64_t number) {
  return std::max(even(number + 1), 2);
}

Rect whole(const Size &frame) {
  return {0, 0, frame.width, frame.height};
}

// Top right, because captions are at the bottom.
Rect corner(const Size &frame) {
  const int margin = even(frame.width / kMarginParts), width = even(frame.width / kCornerParts);
  return {frame.width - width - margin, margin, width, even(frame.height / kCornerParts)};
}

// The screen share takes two thirds of the width, the camera the rest.
Arrangement side_by_side(const Size &frame, const Content &content) {
  const int split = even(frame.width * 2 / 3);
  Arrangement result;
  if (content.screen)
    result.screen = fit(*content.screen, {0, 0, split, frame.height});
  if (content.camera)
    result.camera = fit(*content.camera, {split, 0, frame.width - split, frame.height});
  return result;
}

Arrangement in_corner(const Size &frame, const Content &content) {
  Arrangement result;
  if (content.screen)
    result.screen = fit(*content.screen, whole(frame));
  if (content.camera) {
    const Rect area = corner(frame);
    Rect rect = fit(*content.camera, area);
    rect.x = area.x + area.width - rect.width;
    rect.y = area.y;
    result.camera = rect;
  }
  return result;
}

}  // namespace

bool operator==(const Rect &left, const Rect &right) {
  return left.x == right.x && left.y == right.y && left.width == right.width &&
         left.height == right.height;
}

Rect fit(const Size &content, const Rect &area) {
  if (content.width <= 0 || content.height <= 0)
    return area;
  const int64_t width = content.width, height = content.height;
  Rect result = area;
  if (width * area.height > height * area.width)
    result.height = std::min(even_size(height * area.width / width), area.height);
  else
    result.width = std::min(even_size(width * area.height / height), area.width);
  result.x = even(area.x + (area.width - result.width) / 2);
  result.y = even(area.y + (area.height - result.height) / 2);
  return result;
}

Arrangement arrange(Layout layout, const Size &frame, const Content &content) {
  Arrangement result;
  switch (layout) {
    case Layout::SideBySide:
      return side_by_side(frame, content);
    case Layout::ScreenCamera:
      return in_corner(frame, content);
    case Layout::Auto:
      if (content.screen)
        return in_corner(frame, content);
      break;
    case Layout::Screen:
      if (content.screen)
        result.screen = fit(*content.screen, whole(frame));
      return result;
    case Layout::Camera:
      break;
  }
  if (content.camera)
    result.camera = fit(*content.camera, whole(frame));
  return result;
}

bool shows_camera(Layout layout) {
  return layout != Layout::Screen;
}

bool shows_screen(Layout layout) {
  return layout != Layout::Camera;
}

}  // namespace rtms::program
