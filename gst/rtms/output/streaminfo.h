// SPDX-License-Identifier: LGPL-2.1-or-later
// The description of a pad's stream: caps, tags, and the GstStream with both, before the pad
// exists.
#pragma once

#include "media/picturesize.h"
#include "pad/gstrtmssrcpad.h"
#include "protocol/types.h"

#include <array>
#include <optional>
#include <string>

namespace rtms {

struct OutputContext;
struct OutputLabel;

// The streams whose pads are about to come. The first stream collection contains them, because
// decodebin3 of GStreamer 1.26 drops what a second collection adds until all its streams have
// begun. Used on the loop thread.
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

// Used on the loop thread.
class StreamInfo {
 public:
  // Stores the sticky events on the pad: pad-added handlers need them.
  StreamInfo(const OutputContext *context, Media media, const OutputLabel &label,
             GstRtmsSrcPad *pad);

  GstStream *stream() const { return stream_.get(); }
  // Returns the participant of the last media, on a pad with one participant at a time.
  std::optional<uint64_t> user_id() const { return user_id_; }

  // The parameters of the context changed: caps follow.
  void renegotiated();
  // Updates the tags. Returns false if the buffer is not decodable: another camera must begin with
  // a keyframe, else its frames would be decoded on top of the last camera's.
  bool follow_speaker(const Speaker &speaker, const GstBuffer *buffer);
  // Updates the caps from the payload. Returns false if the buffer is not decodable: another codec,
  // and no keyframe.
  bool follow_format(GstBuffer *buffer);
  // Whether the last video frame is larger than decoders should be asked for, or of unknown size.
  bool is_oversized() const { return oversized_; }

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
  std::optional<Codec> other_codec_;  // codec of the video frames, if not the negotiated one
  bool warned_ = false, oversized_ = false;
  std::optional<int> rtp_payload_;
};

}  // namespace rtms
