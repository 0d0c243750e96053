// SPDX-License-Identifier: LGPL-2.1-or-later
// What is in the bin: rtmssrc, and the stage on which its media come together.
#pragma once

#include "settings.h"
#include "stage/observer.h"
#include "stage/stage.h"
#include "textfeed.h"

namespace rtms::program {

class Program {
 public:
  // `bin` outlives it.
  explicit Program(GstBin *bin);
  ~Program();
  Program(const Program &) = delete;
  Program &operator=(const Program &) = delete;

  GstElement *source() const { return source_; }
  GstPad *video() const { return stage_.video(); }
  GstPad *audio() const { return stage_.audio(); }
  // An element that is not installed; empty: all are there.
  const std::string &missing() const { return stage_.missing(); }

  // In the order of a run. False: `error` says why.
  bool prepare(const Settings &settings, std::string *error);
  void begin(GstClockTime time);
  void stop();

  // While it runs, too.
  void set_layout(Layout layout) { stage_.set_layout(layout); }
  void set_name_tags(bool on) { observer_.set_name_tags(on); }
  void update_latency();
  // Ends the program, whether the meeting has begun or not.
  bool send_eos();

  // Whether the application gets the message.
  bool handle(GstMessage *message);

 private:
  static void on_pad_added(GstElement *source, GstPad *pad, gpointer self);
  static void on_no_more_pads(GstElement *source, gpointer self);
  void add_text(GstPad *pad);
  void inputs_changed(int running, GstClockTime end);
  void end_where_over();
  bool handle_error(GstMessage *message);

  GstBin *const bin_;
  GstElement *const source_;
  Scene scene_;
  Observer observer_;
  Stage stage_;
  Settings settings_;

  std::mutex text_mutex_;  // guards the pointer
  std::unique_ptr<TextFeed> text_;

  std::mutex mutex_;      // guards what follows; nothing is called with it
  int running_ = 0;       // inputs of the stage
  GstClockTime end_ = 0;  // of the data of all
  bool all_pads_ = false, eos_sent_ = false;
};

}  // namespace rtms::program
