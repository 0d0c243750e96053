// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>

#include "json.h"
#include "picture.h"
#include "track.h"

namespace rtmstest {

namespace {

enum Codec { kJpg = 5, kPng, kH264 };

struct VideoParams {
  PictureFormat picture;
  int64_t codec;
};

VideoParams parse(const TrackOptions &options, JsonObject *object) {
  constexpr int sizes[][2] = {{640, 360}, {1280, 720}, {1920, 1080}, {2560, 1440}};
  VideoParams params;
  int64_t resolution = get_int(object, "resolution").value_or(0);
  bool known = resolution >= 1 && resolution <= 4;
  params.picture.width = known ? sizes[resolution - 1][0] : options.width;
  params.picture.height = known ? sizes[resolution - 1][1] : options.height;
  params.codec = get_int(object, "codec").value_or(kH264);
  int64_t fps = get_int(object, "fps").value_or(params.codec == kH264 ? 25 : 5);
  params.picture.fps = static_cast<int>(std::clamp<int64_t>(fps, 1, 30));
  return params;
}

// One access unit or picture out for each picture in, and no B-frames.
std::string encoder_description(const VideoParams &params) {
  const std::string start = "appsrc name=src ! ", end = " ! appsink name=sink";
  if (params.codec == kJpg)
    return start + "jpegenc" + end;
  if (params.codec == kPng)
    return start + "videoconvert ! pngenc snapshot=false" + end;
  return start +
         "x264enc tune=zerolatency speed-preset=ultrafast threads=1 bframes=0 byte-stream=true "
         "key-int-max=" +
         std::to_string(2 * params.picture.fps) +
         " ! video/x-h264,stream-format=byte-stream,alignment=au" + end;
}

class VideoTrack : public Track {
 public:
  VideoTrack(const TrackOptions &options, const VideoParams &params, Media media,
             std::unique_ptr<Pictures> pictures)
      : cast_(options.cast),
        media_(media),
        from_ms_(options.from_ms),
        pictures_(std::move(pictures)),
        encoder_(encoder_description(params)),
        format_(params.picture) {
    encoder_.set_caps(caps_of(format_));
  }

  bool next(MediaItem &item, int64_t &position_ms) override {
    BufferPtr picture;
    do {
      picture = pictures_->next(position_ms);
      if (!picture || position_ms >= cast_.end_ms)
        return false;
    } while (position_ms < from_ms_);
    item.media = media_;
    item.timestamp = cast_.start_timestamp + position_ms;
    set_user(item, position_ms);
    set_size(picture.get());
    return encode(std::move(picture), position_ms, item.payload);
  }

  void skip_to(int64_t position_ms) override {
    from_ms_ = std::max(from_ms_, position_ms);
    pictures_->skip_to(from_ms_);
    encoder_.force_keyframe();
  }

 private:
  // A change of users comes with a keyframe.
  void set_user(MediaItem &item, int64_t position_ms) {
    unsigned speaker = media_ == Media::Video ? cast_.active(position_ms) : 0;
    const uint64_t subscribed = media_ == Media::Video ? cast_.subscribed_user.load() : 0;
    const bool individual = subscribed != 0;
    item.user_id = individual ? subscribed : Cast::user_id(speaker);
    item.user_name = Cast::user_name(speaker);
    for (unsigned i = 0; individual && i < cast_.speakers; i++)
      if (Cast::user_id(i) == item.user_id)
        item.user_name = Cast::user_name(i);
    if (last_user_ && last_user_ != item.user_id)
      encoder_.force_keyframe();
    last_user_ = item.user_id;
  }

  // A picture of another size begins with a keyframe and another SPS.
  void set_size(GstBuffer *picture) {
    GstVideoMeta *meta = gst_buffer_get_video_meta(picture);
    if (!meta || (static_cast<int>(meta->width) == format_.width &&
                  static_cast<int>(meta->height) == format_.height))
      return;
    format_.width = static_cast<int>(meta->width);
    format_.height = static_cast<int>(meta->height);
    encoder_.set_caps(caps_of(format_));
  }

  bool encode(BufferPtr picture, int64_t position_ms, std::vector<uint8_t> &payload) {
    GST_BUFFER_PTS(picture.get()) = static_cast<GstClockTime>(position_ms) * GST_MSECOND;
    GST_BUFFER_DTS(picture.get()) = GST_CLOCK_TIME_NONE;
    if (!encoder_.push(std::move(picture)))
      return false;
    SamplePtr sample = encoder_.pull();
    if (!sample)
      return false;
    payload = bytes_of(gst_sample_get_buffer(sample.get()));
    return true;
  }

  const Cast &cast_;
  Media media_;
  int64_t from_ms_;
  std::unique_ptr<Pictures> pictures_;
  Pipeline encoder_;
  PictureFormat format_;
  uint64_t last_user_ = 0;
};

}  // namespace

std::unique_ptr<Track> make_video_track(const TrackOptions &options, JsonObject *params) {
  VideoParams parsed = parse(options, params);
  std::unique_ptr<Pictures> pictures;
  if (options.uri.empty())
    pictures = std::make_unique<PaintedCamera>(options.cast, parsed.picture, options.from_ms);
  else
    pictures = std::make_unique<FilePictures>(options.uri, parsed.picture);
  return std::make_unique<VideoTrack>(options, parsed, Media::Video, std::move(pictures));
}

std::unique_ptr<Track> make_deskshare_track(const TrackOptions &options, JsonObject *params) {
  VideoParams parsed = parse(options, params);
  auto slides = std::make_unique<PaintedSlides>(parsed.picture, options.from_ms);
  return std::make_unique<VideoTrack>(options, parsed, Media::Deskshare, std::move(slides));
}

}  // namespace rtmstest
