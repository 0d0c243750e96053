// SPDX-License-Identifier: LGPL-2.1-or-later
// Numbers as properties whose range is not enforced by GObject.
#pragma once

#include <glib-object.h>

namespace rtms {

// GObject ignores or clamps a value outside the range of its own GParamSpecInt: a pipeline would
// run with a setting that the user did not choose. These have the range, which tools show, without
// that check: the state change to PAUSED refuses the value.
GParamSpec *int_spec(const char *name, const char *nick, const char *blurb, int least, int most,
                     int default_value, GParamFlags flags);
GParamSpec *uint_spec(const char *name, const char *nick, const char *blurb, unsigned least,
                      unsigned most, unsigned default_value, GParamFlags flags);

}  // namespace rtms
