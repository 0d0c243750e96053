// SPDX-License-Identifier: LGPL-2.1-or-later
// The properties of rtmssrc. Those that are settings have one table, one getter and one setter.
#pragma once

#include "run/settings.h"

namespace rtms {

// The ids of the properties that are no settings.
enum : guint {
  kTlsDatabaseProperty = 100,
  kStatsProperty,
  kWebhookUrlProperty,
  kConnectUntilProperty
};

void install_properties(GObjectClass *klass);
// Both are called with the lock held that guards the settings. False: not one of these properties.
bool set_setting(Settings *settings, guint id, const GValue *value);
bool get_setting(const Settings &settings, guint id, GValue *value);

}  // namespace rtms
