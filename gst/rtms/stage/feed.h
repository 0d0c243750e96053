// SPDX-License-Identifier: LGPL-2.1-or-later
// Decodes one kind of media from a pad of rtmssrc into a mixer, only while it is shown.
#pragma once

#include "decoder.h"

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>

namespace rtms::program {

class Feed {
 public:
  // `running`: whether data follows. `end`: the running time at which the data so far ends. Is
  // called on a streaming thread.
  using Changed = std::function<void(bool running, GstClockTime end)>;

  // `to` is a sink pad of the mixer. It gets no EOS, because the mixer's other pads continue: audio
  // gets a GAP instead, and the last video frame stays.
  Feed(GstBin *bin, Medium medium, GstPad *from, GstPad *to, Changed changed);
  ~Feed();
  Feed(const Feed &) = delete;
  Feed &operator=(const Feed &) = delete;

  // Makes and links the elements. Returns false if the pad cannot be linked. `missing` names the
  // caps that nothing decodes. If the codec changes later, another decoder takes over.
  bool connect(std::string *missing);
  bool is_decoded() const { return linked_; }
  // Replaces the decoder after an error, and starts the next one at a keyframe.
  bool replace(GstObject *failed, std::string *missing);
  bool has(GstObject *element) const;
  // Must be called when the mixer has started: before, it takes no EOS.
  void find_end();
  // Thread-safe. Unwanted video is not decoded. Returns whether that is new.
  bool set_wanted(bool wanted) { return wanted_.exchange(wanted) != wanted; }

 private:
  struct Decoding;

  static GstFlowReturn chain_tolerantly(GstPad *pad, GstObject *parent, GstBuffer *buffer);
  static GstPadProbeReturn on_caps(GstPad *pad, GstPadProbeInfo *info, gpointer self);
  static GstPadProbeReturn on_coded(GstPad *pad, GstPadProbeInfo *info, gpointer self);
  bool is_time_to_try(GstBuffer *buffer) const;
  static GstPadProbeReturn on_decoded(GstPad *pad, GstPadProbeInfo *info, gpointer self);
  bool make(std::string *missing);
  bool make_blocked(std::string *missing);
  int64_t when_again_us();
  void try_again();
  void change_codec(const std::string &codec);
  bool admits(GstBuffer *buffer);
  void note_end(GstClockTime time, GstClockTime duration);
  void set_running(bool running);
  void disconnect();

  GstBin *const bin_;
  const Medium medium_;
  const PadPtr source_, to_;
  const Changed changed_;
  // Always linked to the source, because rtmssrc stops when its last pad has no peer.
  GstElement *entry_ = nullptr;
  PadPtr in_, from_;  // of `entry_`
  GstPadChainFunction entry_chain_ = nullptr;
  gulong caps_probe_ = 0, coded_probe_ = 0, decoded_probe_ = 0;
  std::atomic<bool> wanted_{true}, decodes_{false}, linked_{false};
  std::mutex change_mutex_;  // held while elements are made and removed
  // When all decoders have failed: a later keyframe tries them again.
  std::atomic<int64_t> again_us_{0};      // 0: never
  int64_t pause_us_ = 0, failed_us_ = 0;  // guarded by change_mutex_
  mutable std::mutex mutex_;              // guards the next four members
  std::vector<GstElement *> elements_;
  std::shared_ptr<Decoding> decoding_;  // by `elements_`
  std::set<std::string> failed_;
  std::string codec_;
  // find_end() uses them as well as streaming threads.
  std::atomic<bool> running_{true};
  std::atomic<GstClockTime> end_{0};  // in running time
  GstClockTime position_ = 0;         // used on streaming threads only
};

}  // namespace rtms::program
