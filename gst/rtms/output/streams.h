// SPDX-License-Identifier: LGPL-2.1-or-later
// The stream collection, and the selection of its streams.
#pragma once

#include "outputset.h"

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <utility>

namespace rtms {

// Used on the loop thread.
class Streams {
 public:
  // `later` calls a function in the loop thread's next iteration.
  Streams(const OutputContext *context, const OutputSet *set,
          std::function<void(std::function<void()>)> later)
      : context_(context), set_(set), later_(std::move(later)) {}

  // A pad was added, which gets the collection at once, or removed (null), or is not expected any
  // more. All changes of an iteration are announced together, on the bus and on the other pads.
  void changed(Output *added);
  // Streams that the event does not name are not decoded.
  void select(GstEvent *event);

  // Stops announcements.
  void forget() { set_ = nullptr; }

 private:
  std::set<GstStream *> all() const;
  bool collect();
  void tell();

  const OutputContext *context_;
  const OutputSet *set_;
  const std::function<void(std::function<void()>)> later_;
  bool telling_ = false;
  std::set<const Output *> informed_;  // the pads that have the collection
  ObjectPtr<GstStreamCollection> collection_;
  // The streams of the collection, which owns them: no other stream can have their addresses.
  std::set<GstStream *> collected_;
  std::optional<std::set<std::string>> wanted_;  // by the last selection from it
};

}  // namespace rtms
