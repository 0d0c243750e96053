// SPDX-License-Identifier: LGPL-2.1-or-later
// The state of the meeting for drawing the frames. Thread-safe; times are running times.
#pragma once

#include "captions.h"
#include "layout.h"
#include "meetingstate.h"
#include "speakernames.h"

#include <array>
#include <mutex>

namespace rtms::program {

enum class Input { Camera, Screen };

struct Texts {
  std::string name, caption, words;
};

class Scene {
 public:
  void reset();
  void set_layout(Layout layout);
  Layout layout() const;
  // Hides a frame after `duration`.
  void set_longest(Input input, uint64_t duration);

  void connection(const std::string &media, const std::string &state);
  void speaker(uint64_t time, const std::string &name);
  // The default is that they are shown.
  void show_names(bool on);
  // Shows a caption from `start`, or from the current frame if that is later: a line arrives after
  // it was spoken.
  void caption(uint64_t start, uint64_t duration, const std::string &text);
  // A frame that begins at `began` has arrived.
  void arrived(Input input, uint64_t began);
  // The input has ended: its frames so far are hidden from `hide` on.
  void gone(Input input, uint64_t hide);

  // Whether a frame of `input` that began at `began` is shown at `time`.
  bool is_shown(Input input, uint64_t began, uint64_t time) const;
  // Returns the texts at `time`, which must not decrease. A state that lasts only a moment has no
  // text.
  Texts texts_at(uint64_t time);

 private:
  struct State {
    uint64_t last = 0;            // start of the newest frame
    uint64_t gone = 0, hide = 0;  // frames that began before `gone` are hidden from `hide` on
  };
  mutable std::mutex mutex_;  // guards all members
  Layout layout_ = Layout::Auto;
  MeetingState state_;
  SpeakerNames names_;
  bool names_shown_ = true;
  Captions captions_;
  std::array<State, 2> inputs_;
  std::array<uint64_t, 2> longest_{UINT64_MAX, UINT64_MAX};
  uint64_t drawn_ = 0;
  std::string words_;  // the text of the state, unchanged since words_since_
  uint64_t words_since_ = 0;
};

}  // namespace rtms::program
