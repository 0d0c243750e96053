// SPDX-License-Identifier: LGPL-2.1-or-later
// What pads the element may have.
#include "gstrtmssrcprivate.h"
#include "media/gstptr.h"

namespace rtms {
namespace {

constexpr const char *kAudioCaps =
    "audio/x-raw, format=(string)S16LE, layout=(string)interleaved, "
    "rate=(int){ 8000, 16000, 32000, 48000 }, channels=(int)[ 1, 2 ]; "
    "audio/x-alaw, rate=(int)[ 8000, 48000 ], channels=(int)[ 1, 2 ]; "
    "audio/G722, rate=(int)[ 8000, 48000 ], channels=(int)[ 1, 2 ]; "
    "audio/x-opus, channel-mapping-family=(int)0; "
    "application/x-rtp, media=(string)audio, encoding-name=(string){ PCMA, G722, OPUS }";
constexpr const char *kVideoCaps =
    "video/x-h264, stream-format=(string)byte-stream, alignment=(string)au; image/jpeg; image/png";
constexpr const char *kTranscriptCaps = "text/x-raw, format=(string)utf8; application/x-json";
constexpr const char *kChatCaps = "application/x-json";

void add_template(GstElementClass *klass, const char *name, const char *caps_text) {
  CapsPtr caps(gst_caps_from_string(caps_text));
  gst_element_class_add_pad_template(
      klass, gst_pad_template_new_with_gtype(name, GST_PAD_SRC, GST_PAD_SOMETIMES, caps.get(),
                                             Run::pad_type()));
}

}  // namespace

void add_pad_templates(GstElementClass *klass) {
  /**
   * GstRtmsSrc!audio:
   *
   * All participants, mixed (#GstRtmsSrc:audio-streams=mixed). In the codec, rate and framing that
   * the service grants; a downgrade is a warning on the bus. Silence sends nothing but GAP events.
   *
   * Since: 0.1
   */
  add_template(klass, "audio", kAudioCaps);
  /**
   * GstRtmsSrc!audio_%u:
   *
   * One participant each, with #GstRtmsSrc:audio-streams=per-participant, in the order in which
   * they are first heard; for Contact Center one for each channel. Pads come while the stream goes
   * on. The title tag is the participant's name.
   *
   * Since: 0.1
   */
  add_template(klass, "audio_%u", kAudioCaps);
  /**
   * GstRtmsSrc!video:
   *
   * The active speaker's camera, or that of the participant chosen with
   * #GstRtmsSrc::subscribe-video. When another camera is shown, at a keyframe, width and height in
   * the caps and the title tag follow. While no camera is on, GAP events.
   *
   * Since: 0.1
   */
  add_template(klass, "video", kVideoCaps);
  /**
   * GstRtmsSrc!video_%u:
   *
   * Kept for the cameras of several participants at once, which the service does not have yet: no
   * such pad appears.
   *
   * Since: 0.1
   */
  add_template(klass, "video_%u", kVideoCaps);
  /**
   * GstRtmsSrc!screen:
   *
   * The screen share. While nothing is shared, GAP events.
   *
   * Since: 0.1
   */
  add_template(klass, "screen", kVideoCaps);
  /**
   * GstRtmsSrc!transcript:
   *
   * What is said: a line a buffer, its PTS when it was begun, with the speaker in front
   * (#GstRtmsSrc:transcript-speaker). With #GstRtmsSrc:transcript-format=json an object a buffer
   * with `user_id`, `user_name`, `text`, `timestamp`, `start_time` and `end_time` (Unix ms),
   * `language`, `final` and `operation` (`new`, `update`, `delete`); texts that are not final yet
   * come as well.
   *
   * Since: 0.1
   */
  add_template(klass, "transcript", kTranscriptCaps);
  /**
   * GstRtmsSrc!chat:
   *
   * Chat messages, an object a buffer: `user_id`, `user_name`, `text`, `timestamp` (Unix ms),
   * `message_id`, `operation` (`new`, `delete`, `update`, `emoji-add`, `emoji-remove`) and `raw`,
   * what the service sent.
   *
   * Since: 0.1
   */
  add_template(klass, "chat", kChatCaps);
}

}  // namespace rtms
