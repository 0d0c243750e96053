// SPDX-License-Identifier: LGPL-2.1-or-later
// Handles the messages of a recording's pipeline.
#pragma once

#include "audio/frontier.h"
#include "common/gst.h"
#include "common/log.h"
#include "report.h"

namespace rtms::recorder {

// All methods are called on the main thread.
struct BusListener {
  virtual ~BusListener() = default;
  virtual void bus_eos() = 0;
  virtual void bus_error(GstObject *source, const GError *error) = 0;
  // Every pad has been added, except those of later speakers.
  virtual void bus_connected() = 0;
  // `failure`: the reason is a failure of the service or of this recorder.
  virtual void bus_terminated(const std::string &reason, bool failure) = 0;
  // The signaling connection is closed, and will not reconnect.
  virtual void bus_closed() = 0;
};

// Writes warnings and reconnects to the log, participants to the report, and passes the rest to the
// listener, which may destroy this object in a call.
class Bus {
 public:
  // `audio` is notified when its connection is lost or restored.
  Bus(GstElement *pipeline, const SubjectLog *log, Report *report, BusListener *listener,
      Frontier *audio);

  // For how long there has been no connection for media, at the start or since signaling was lost;
  // 0: there is one.
  int64_t unreached_s() const {
    return lost_us_ ? (g_get_monotonic_time() - lost_us_) / G_USEC_PER_SEC : 0;
  }
  // How often signaling was lost at once after it was connected, the last times, and just now.
  unsigned kicks() const;

 private:
  static gboolean on_message(GstBus *bus, GstMessage *message, gpointer self);
  void message(GstMessage *message);
  void error(GstMessage *message);
  void warning(GstMessage *message);
  void element_message(const GstStructure *structure);
  void connection(const std::string &media, const std::string &state);
  void count_kicks(bool connected);

  GstElement *const pipeline_;
  const SubjectLog *const log_;
  Report *const report_;
  BusListener *const listener_;
  Frontier *const audio_;
  AttachedSource watch_;
  bool reached_ = false;
  int64_t lost_us_ = g_get_monotonic_time();  // 0: it is not
  int64_t connected_us_ = 0;                  // signaling; 0: it is not
  int64_t kicked_us_ = 0;
  unsigned kicks_ = 0;
  bool has_audio_ = false;  // its connection was made, and is not given up
};

}  // namespace rtms::recorder
