// SPDX-License-Identifier: LGPL-2.1-or-later
#include "progress.h"

namespace rtms {

void Progress::step(const std::string &text) {
  if (state_ == State::Ended)
    return;
  const bool first = state_ == State::Idle;
  state_ = State::Begun;
  post(first ? GST_PROGRESS_TYPE_START : GST_PROGRESS_TYPE_CONTINUE, text);
}

void Progress::end(GstProgressType type, const std::string &text) {
  const bool begun = state_ == State::Begun;
  state_ = State::Ended;
  if (begun)
    post(type, text);
}

void Progress::post(GstProgressType type, const std::string &text) {
  gst_element_post_message(
      element_, gst_message_new_progress(GST_OBJECT(element_), type, "connect", text.c_str()));
}

}  // namespace rtms
