// SPDX-License-Identifier: LGPL-2.1-or-later
// The stream collection, and which of its streams are selected.
#pragma once

#include "outputset.h"

namespace rtms {

// Used on the loop thread.
class Streams {
 public:
  Streams(const OutputContext *context, const OutputSet *set) : context_(context), set_(set) {}

  // A pad has come, which is not on the element yet, or gone: the collection is posted, and follows
  // in each pad's stream.
  void changed(const Output *added);
  // What the event does not name is not decoded.
  void select(GstEvent *event);

 private:
  const OutputContext *context_;
  const OutputSet *set_;
  ObjectPtr<GstStreamCollection> collection_;
};

}  // namespace rtms
