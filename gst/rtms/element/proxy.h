// SPDX-License-Identifier: LGPL-2.1-or-later
// The properties and action signals of rtmssrc as those of the element that contains one.
#pragma once

#include <gst/gst.h>

#include <string>
#include <vector>

namespace rtms {

// Ids of proxied properties begin here.
inline constexpr guint kFirstProxied = 100;

// Installs a property for each one that `inner` itself has, with the same name, type, default,
// range, flags and texts.
void install_proxied_properties(GObjectClass *klass, GType inner);
// And an action signal for each one of `inner`. `find` returns the contained element.
void install_proxied_actions(GType type, GType inner, GstElement *(*find)(gpointer instance));

}  // namespace rtms
