// SPDX-License-Identifier: LGPL-2.1-or-later
// The stream collection, and which of its streams are selected.
#pragma once

#include "outputset.h"

#include <functional>
#include <utility>

namespace rtms {

// Used on the loop thread.
class Streams {
 public:
  // `later` has a function called in the loop thread's next turn.
  Streams(const OutputContext *context, const OutputSet *set,
          std::function<void(std::function<void()>)> later)
      : context_(context), set_(set), later_(std::move(later)) {}

  // A pad has come, which is not on the element yet and gets the collection, or gone. All changes
  // of a turn are told at once: the collection is posted, and follows in the other pads' streams.
  void changed(const Output *added);
  // What the event does not name is not decoded.
  void select(GstEvent *event);

  // Nothing more is told.
  void forget() { set_ = nullptr; }

 private:
  void collect();
  void tell();

  const OutputContext *context_;
  const OutputSet *set_;
  const std::function<void(std::function<void()>)> later_;
  bool telling_ = false;
  const Output *informed_ = nullptr;  // which has the collection
  ObjectPtr<GstStreamCollection> collection_;
};

}  // namespace rtms
