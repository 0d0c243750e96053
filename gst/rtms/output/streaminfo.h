// SPDX-License-Identifier: LGPL-2.1-or-later
// What a pad says of its stream: caps, tags, and the GstStream that has both.
#pragma once

#include "media/picturesize.h"
#include "pad/gstrtmssrcpad.h"
#include "protocol/types.h"

#include <optional>
#include <string>

namespace rtms {

struct OutputContext;
struct OutputLabel;

// Used on the loop thread.
class StreamInfo {
 public:
  // The pad gets its sticky events: a pad-added handler finds them.
  StreamInfo(const OutputContext *context, Media media, const OutputLabel &label,
             GstRtmsSrcPad *pad);

  GstStream *stream() const { return stream_.get(); }
  // Whose media the last were, on a pad that has one person's at a time.
  std::optional<uint64_t> user_id() const { return user_id_; }

  // The parameters of the context have changed: caps follow.
  void renegotiated();
  // Tags follow. False where the buffer cannot be decoded: another camera begins with a keyframe,
  // and without that would be painted over the last one's picture.
  bool follow_speaker(const Speaker &speaker, const GstBuffer *buffer);
  // Caps follow what the payload is. False where the buffer cannot be decoded: it is of another
  // codec than the last one, and no keyframe.
  bool follow_format(GstBuffer *buffer);

 private:
  CapsPtr caps() const;
  VideoParams pictures() const;
  bool follow_codec(GstBuffer *buffer);
  void follow_size(GstBuffer *buffer);
  void follow_rtp(GstBuffer *buffer);
  void set_black() const;
  void store_sticky_events(const OutputLabel &label);

  const OutputContext *context_;
  const Media media_;
  const bool one_at_a_time_;
  GstRtmsSrcPad *pad_;
  CapsPtr caps_;
  ObjectPtr<GstStream> stream_;
  std::optional<uint64_t> user_id_;
  std::string title_;
  std::optional<PictureSize> size_;
  std::optional<Codec> other_codec_;  // of the pictures, where it is not what was negotiated
  bool warned_ = false;
  std::optional<int> rtp_payload_;
};

}  // namespace rtms
