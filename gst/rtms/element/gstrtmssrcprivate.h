// SPDX-License-Identifier: LGPL-2.1-or-later
// What the files of the element share.
#pragma once

#include "gstrtmssrc.h"
#include "run/settings.h"
#include "run/stream.h"

namespace rtms {
struct UriState;
}

struct _GstRtmsSrc {
  GstElement parent;
  // The object lock guards the settings; state changes alone change `stream`, under `stream_lock`,
  // so that signals and properties find it whole. `stream_lock` is taken first where both are.
  rtms::Settings *settings;
  GMutex stream_lock;
  rtms::Stream *stream;
  rtms::UriState *uri;
};

namespace rtms {

class ObjectLock {
 public:
  explicit ObjectLock(gpointer object) : object_(object) { GST_OBJECT_LOCK(object_); }
  ~ObjectLock() { GST_OBJECT_UNLOCK(object_); }
  ObjectLock(const ObjectLock &) = delete;
  ObjectLock &operator=(const ObjectLock &) = delete;

 private:
  gpointer object_;
};

class StreamLock {
 public:
  explicit StreamLock(GstRtmsSrc *src) : mutex_(&src->stream_lock) { g_mutex_lock(mutex_); }
  ~StreamLock() { g_mutex_unlock(mutex_); }
  StreamLock(const StreamLock &) = delete;
  StreamLock &operator=(const StreamLock &) = delete;

 private:
  GMutex *mutex_;
};

void install_actions(GType type);
void add_pad_templates(GstElementClass *klass);

// GstURIHandler: rtms:// and rtmss://. The state belongs to the element.
void init_uri_handler(gpointer iface, gpointer data);
UriState *new_uri_state();
void free_uri_state(UriState *state);

}  // namespace rtms
