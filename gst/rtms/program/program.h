// SPDX-License-Identifier: LGPL-2.1-or-later
// What is in the bin: rtmssrc, the mixers, and the way of each kind of media between them.
#pragma once

#include "audiomix.h"
#include "feed.h"
#include "observer.h"
#include "settings.h"
#include "textfeed.h"

#include <map>

namespace rtms::program {

class Program {
 public:
  // `bin` outlives it.
  explicit Program(GstBin *bin);
  ~Program();
  Program(const Program &) = delete;
  Program &operator=(const Program &) = delete;

  GstElement *source() const { return source_; }
  GstPad *video() const { return video_mix_ ? video_mix_->source() : nullptr; }
  GstPad *audio() const { return audio_mix_ ? audio_mix_->source() : nullptr; }
  // A plugin that is not installed; empty: all are there.
  const std::string &missing() const { return missing_; }

  // In the order of a run. False: `error` says why.
  bool prepare(const Settings &settings, std::string *error);
  void begin(GstClockTime time);
  void stop();

  // While it runs, too.
  void set_layout(Layout layout);
  void set_name_tags(bool on) { observer_->set_name_tags(on); }
  void update_latency();
  // Ends the program, whether the meeting has begun or not.
  bool send_eos();

  // Whether the application gets the message.
  bool handle(GstMessage *message);

 private:
  static void on_pad_added(GstElement *source, GstPad *pad, gpointer self);
  static void on_no_more_pads(GstElement *source, gpointer self);
  void add_feed(const std::string &name, GstPad *pad);
  void add_text(GstPad *pad);
  void feed_changed(bool running, GstClockTime end);
  void end_where_over();
  void update_wanted();
  bool handle_error(GstMessage *message);
  void replace_decoder(GstObject *failed);

  GstBin *const bin_;
  std::string missing_;
  Scene scene_;
  GstElement *source_ = nullptr;
  std::unique_ptr<Observer> observer_;
  std::unique_ptr<VideoMix> video_mix_;
  std::unique_ptr<AudioMix> audio_mix_;
  Settings settings_;

  std::mutex feeds_mutex_;  // guards the feeds, and is held while elements change
  std::map<std::string, std::unique_ptr<Feed>> feeds_;
  std::map<std::string, PadPtr> audio_pads_;
  std::unique_ptr<TextFeed> text_;

  std::mutex mutex_;  // guards what follows; nothing is called with it
  unsigned running_feeds_ = 0;
  GstClockTime end_ = 0;  // of the data of all feeds
  bool all_pads_ = false, eos_sent_ = false;
};

}  // namespace rtms::program
