// SPDX-License-Identifier: LGPL-2.1-or-later
// The properties of rtmssrc that are settings: one table, one getter, one setter.
#pragma once

#include "run/settings.h"

namespace rtms {

// Property ids from this one on are for the caller.
constexpr guint kFirstFreeProperty = 100;

void install_settings(GObjectClass *klass);
// Both are called with the lock held that guards the settings. False: not one of these properties.
bool set_setting(Settings *settings, guint id, const GValue *value);
bool get_setting(const Settings &settings, guint id, GValue *value);

}  // namespace rtms
