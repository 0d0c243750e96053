// SPDX-License-Identifier: LGPL-2.1-or-later
// The messages of a recording's pipeline, as far as they concern the recording.
#pragma once

#include "audio/frontier.h"
#include "common/gst.h"
#include "common/log.h"
#include "report.h"

namespace rtms::recorder {

// All calls come on the main thread.
struct BusListener {
  virtual ~BusListener() = default;
  // Every sink has got EOS.
  virtual void bus_eos() = 0;
  virtual void bus_error(GstObject *source, const GError *error) = 0;
  // Every pad but those of further speakers is there.
  virtual void bus_connected() = 0;
  // The stream was terminated, for this reason, which is a failure of the service's or ours.
  virtual void bus_terminated(const std::string &reason, bool failure) = 0;
  // The signaling connection is closed for good.
  virtual void bus_closed() = 0;
};

// Writes warnings and reconnects to the log, and participants to the report; the rest goes to the
// listener, which may destroy the bus reader in a call.
class Bus {
 public:
  // `audio` is told when its connection is lost, and there again.
  Bus(GstElement *pipeline, const SubjectLog *log, Report *report, BusListener *listener,
      Frontier *audio);

 private:
  static gboolean on_message(GstBus *bus, GstMessage *message, gpointer self);
  void message(GstMessage *message);
  void error(GstMessage *message);
  void warning(GstMessage *message);
  void element_message(const GstStructure *structure);

  GstElement *const pipeline_;
  const SubjectLog *const log_;
  Report *const report_;
  BusListener *const listener_;
  Frontier *const audio_;
  AttachedSource watch_;
};

}  // namespace rtms::recorder
