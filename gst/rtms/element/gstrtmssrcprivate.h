// SPDX-License-Identifier: LGPL-2.1-or-later
// Shared by the files of the element.
#pragma once

#include "gstrtmssrc.h"
#include "run/run.h"
#include "run/settings.h"

namespace rtms {
struct UriState;
}

struct _GstRtmsSrc {
  GstElement parent;
  // The object lock guards the settings. Only state changes write `run`, under `run_lock`, so that
  // signals and properties see a complete run. `run_lock` is locked before the object lock.
  rtms::Settings *settings;
  GMutex run_lock;
  rtms::Run *run;
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

class RunLock {
 public:
  explicit RunLock(GstRtmsSrc *src) : mutex_(&src->run_lock) { g_mutex_lock(mutex_); }
  ~RunLock() { g_mutex_unlock(mutex_); }
  RunLock(const RunLock &) = delete;
  RunLock &operator=(const RunLock &) = delete;

 private:
  GMutex *mutex_;
};

inline Settings copy_settings(GstRtmsSrc *src) {
  ObjectLock lock(src);
  return *src->settings;
}

void install_signals(GType type);
void add_pad_templates(GstElementClass *klass);

// GstURIHandler: rtms:// and rtmss://. The state belongs to the element.
void init_uri_handler(gpointer iface, gpointer data);
UriState *new_uri_state();
void free_uri_state(UriState *state);

}  // namespace rtms
