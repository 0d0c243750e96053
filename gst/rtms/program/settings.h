// SPDX-License-Identifier: LGPL-2.1-or-later
// The element's own properties.
#pragma once

#include "stage/videomix.h"

namespace rtms::program {

enum class CaptionMode { Burn, Pad, Off };

struct Settings {
  VideoSettings video;
  Layout layout = Layout::Auto;
  bool name_tags = false;
  CaptionMode captions = CaptionMode::Off;
};

enum : guint {
  kLayoutProperty = 1,
  kWidthProperty,
  kHeightProperty,
  kFramerateProperty,
  kSlateColorProperty,
  kSlateLocationProperty,
  kNameTagsProperty,
  kCaptionsProperty
};

// Returns the video size for video-resolution of rtmssrc.
Size usual_size(GstElement *source);
// Whether a width or height is valid.
bool is_valid_size(int size);

void install_properties(GObjectClass *klass);
// Both are called with the lock held that guards the settings. Return false if `id` is another
// property.
bool set_setting(Settings *settings, guint id, const GValue *value);
bool get_setting(const Settings &settings, guint id, GValue *value);

GType layout_type();
GType caption_mode_type();

}  // namespace rtms::program
