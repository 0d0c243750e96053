// SPDX-License-Identifier: LGPL-2.1-or-later
// The properties of rtmssrc. The settings among them have one table, one getter and one setter.
#pragma once

#include "run/settings.h"

namespace rtms {

// The ids of the properties that are not settings.
enum : guint {
  kTlsDatabaseProperty = 100,
  kStatsProperty,
  kWebhookUrlProperty,
  kConnectUntilProperty
};

void install_properties(GObjectClass *klass);
// Call these with the lock of the settings held. They return false for other properties.
bool set_setting(Settings *settings, guint id, const GValue *value);
bool get_setting(const Settings &settings, guint id, GValue *value);

}  // namespace rtms
