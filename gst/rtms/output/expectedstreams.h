// SPDX-License-Identifier: LGPL-2.1-or-later
// The streams whose pads are about to come. The first stream collection contains them, because
// decodebin3 of GStreamer 1.26 drops what a second collection adds until all its streams have
// begun.
#pragma once

#include "media/gstptr.h"
#include "protocol/types.h"

#include <array>
#include <string>

namespace rtms {

// Used on the loop thread.
class ExpectedStreams {
 public:
  static std::string id_of(const std::string &prefix, Media media);

  void expect(Media media, const std::string &prefix);
  // The pad of the media comes: returns its stream, expected or new.
  ObjectPtr<GstStream> take(Media media, const std::string &id);
  // Returns whether any of the media was expected.
  bool drop(MediaMask media);

  template <typename Fn>
  void for_each(Fn &&fn) const {
    for (const auto &stream : streams_)
      if (stream)
        fn(stream.get());
  }

 private:
  std::array<ObjectPtr<GstStream>, kMediaCount> streams_;
};

}  // namespace rtms
