// SPDX-License-Identifier: LGPL-2.1-or-later
// What is known of the meeting, for who draws the frames. Any thread; times are running times.
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
  void reset();  // a new run begins
  void set_layout(Layout layout);
  Layout layout() const;
  // Where nothing says that there is no frame: none is shown for longer than that.
  void set_longest(Input input, uint64_t duration);

  void connection(const std::string &media, const std::string &state);
  void speaker(uint64_t time, const std::string &name);
  // Where the time has passed, from now on: a line comes when it has been spoken.
  void caption(uint64_t start, uint64_t duration, const std::string &text);
  // A frame that begins then has come.
  void arrived(Input input, uint64_t began);
  // What has come is over: it is not shown from `hide` on.
  void gone(Input input, uint64_t hide);

  // Whether a frame of `input` that began at `began` is shown at `time`.
  bool is_shown(Input input, uint64_t began, uint64_t time) const;
  // Times never go back. What takes a moment only is not put into words.
  Texts texts_at(uint64_t time);

 private:
  struct State {
    uint64_t last = 0;            // the newest frame
    uint64_t gone = 0, hide = 0;  // frames that began before are not shown from then on
  };
  mutable std::mutex mutex_;  // guards all
  Layout layout_ = Layout::Auto;
  MeetingState state_;
  SpeakerNames names_;
  Captions captions_;
  std::array<State, 2> inputs_;
  std::array<uint64_t, 2> longest_{UINT64_MAX, UINT64_MAX};
  uint64_t drawn_ = 0;
  std::string words_;  // of the state, and since when they are
  uint64_t words_since_ = 0;
};

}  // namespace rtms::program
