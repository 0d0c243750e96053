// SPDX-License-Identifier: LGPL-2.1-or-later
// Repeats rtmssrc's properties and action signals on an element that contains one.
#pragma once

#include <gst/gst.h>

#include <string>
#include <vector>

namespace rtms {

// First id of the proxied properties.
inline constexpr guint kFirstProxied = 100;

// Installs a property for each of `inner`'s own, with its name, type, default, range, flags and
// texts.
void install_proxied_properties(GObjectClass *klass, GType inner);
// Installs an action signal for each of `inner`. `find` returns the contained element.
void install_proxied_actions(GType type, GType inner, GstElement *(*find)(gpointer instance));

}  // namespace rtms
