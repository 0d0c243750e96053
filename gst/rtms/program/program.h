// SPDX-License-Identifier: LGPL-2.1-or-later
// The contents of the bin: rtmssrc, and the stage that mixes its media.
#pragma once

#include "settings.h"
#include "stage/observer.h"
#include "stage/stage.h"
#include "textfeed.h"

namespace rtms::program {

class Program {
 public:
  // `bin` must outlive this object.
  explicit Program(GstBin *bin);
  ~Program();
  Program(const Program &) = delete;
  Program &operator=(const Program &) = delete;

  GstElement *source() const { return source_.get(); }
  GstPad *video() const { return stage_.video(); }
  GstPad *audio() const { return stage_.audio(); }
  // The name of an element that is not installed, or empty.
  const std::string &missing() const { return stage_.missing(); }

  // prepare() and stop() make a run. Returns false, and sets `error`, on failure.
  bool prepare(const Settings &settings, std::string *error);
  void stop();
  // Must be called before the bin changes to PLAYING. The first call of a run begins the program,
  // at the running time `start`.
  void play(GstClockTime start);
  // Must be called before the bin changes to PAUSED, and after it has changed to PLAYING again.
  void pause() { stage_.hold(); }
  void resume() { stage_.release(); }

  // May be called at any time.
  void set_layout(Layout layout) { stage_.set_layout(layout); }
  void set_name_tags(bool on) { scene_.show_names(on); }
  void update_latency();
  // Ends the program, whether the meeting has begun or not.
  bool send_eos();

  // Returns whether the application gets the message.
  bool handle(GstMessage *message);

 private:
  static void on_pad_added(GstElement *source, GstPad *pad, gpointer self);
  static void on_no_more_pads(GstElement *source, gpointer self);
  void no_more_pads();
  void add_text(GstPad *pad);
  void inputs_changed(int running, GstClockTime end);
  void end_where_over();
  bool handle_error(GstMessage *message);

  GstBin *const bin_;
  const ElementPtr source_;
  Scene scene_;
  Observer observer_;
  Stage stage_;
  Settings settings_;
  bool begun_ = false;

  std::mutex text_mutex_;  // guards the pointer
  std::unique_ptr<TextFeed> text_;

  std::mutex mutex_;      // guards the members below; not held during calls
  int running_ = 0;       // inputs of the stage
  GstClockTime end_ = 0;  // of the data of all inputs
  bool all_pads_ = false, eos_sent_ = false;
};

}  // namespace rtms::program
