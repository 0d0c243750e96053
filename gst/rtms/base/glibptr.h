// SPDX-License-Identifier: LGPL-2.1-or-later
// Owning pointers for GLib's references.
#pragma once

#include <gio/gio.h>
#include <memory>

namespace rtms {

template <auto Free>
struct FreeWith {
  template <typename T>
  void operator()(T *pointer) const {
    Free(pointer);
  }
};

struct DestroySource {
  void operator()(GSource *source) const {
    g_source_destroy(source);
    g_source_unref(source);
  }
};

template <typename T>
using ObjectPtr = std::unique_ptr<T, FreeWith<g_object_unref>>;
using ErrorPtr = std::unique_ptr<GError, FreeWith<g_error_free>>;
using StringPtr = std::unique_ptr<char, FreeWith<g_free>>;
using UriPtr = std::unique_ptr<GUri, FreeWith<g_uri_unref>>;
using MainContextPtr = std::unique_ptr<GMainContext, FreeWith<g_main_context_unref>>;
using MainLoopPtr = std::unique_ptr<GMainLoop, FreeWith<g_main_loop_unref>>;
// The source is attached to a context; the pointer destroys it.
using AttachedSource = std::unique_ptr<GSource, DestroySource>;

template <typename T>
ObjectPtr<T> share(T *object) {
  return ObjectPtr<T>(object ? static_cast<T *>(g_object_ref(object)) : nullptr);
}

}  // namespace rtms
