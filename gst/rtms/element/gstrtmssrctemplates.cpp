// SPDX-License-Identifier: LGPL-2.1-or-later
// The pad templates.
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
constexpr const char *kTranscriptCaps =
    "text/x-raw, format=(string){ utf8, pango-markup }; application/x-json";
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
   * The mix of all participants, with #GstRtmsSrc:audio-streams=mixed. The caps are those of the
   * codec, rate, channels and framing that the service grants; a warning on the bus names what
   * differs from the request. While nobody speaks, the pad pushes GAP events.
   *
   * Since: 0.1
   */
  add_template(klass, "audio", kAudioCaps);
  /**
   * GstRtmsSrc!audio_%u:
   *
   * The audio of one participant, with #GstRtmsSrc:audio-streams=per-participant. A pad appears
   * when the first audio of its participant arrives, and is removed after EOS when the participant
   * has left; the element does not emit *no-more-pads* then. The title tag holds the name of the
   * participant.
   *
   * For Contact Center there is one pad for each audio channel. For Phone, the first channel of a
   * call is on the pad `audio`, and a second one on the pad `audio_0`, which can appear after
   * *no-more-pads*.
   *
   * Since: 0.1
   */
  add_template(klass, "audio_%u", kAudioCaps);
  /**
   * GstRtmsSrc!video:
   *
   * The camera of the active speaker, or of the participant whom you choose with
   * #GstRtmsSrc::subscribe-video. A buffer is one access unit of H.264, or one image of JPEG or
   * PNG. The camera changes at a keyframe only; width and height in the caps and the title tag (the
   * name of the participant) change with it. While the camera is off, the pad pushes GAP events or
   * black frames (#GstRtmsSrc:fill).
   *
   * Since: 0.1
   */
  add_template(klass, "video", kVideoCaps);
  /**
   * GstRtmsSrc!screen:
   *
   * The screen share. A buffer is one access unit of H.264, or one image of JPEG or PNG. While
   * nothing is shared, the pad pushes GAP events or black frames (#GstRtmsSrc:fill).
   *
   * Since: 0.1
   */
  add_template(klass, "screen", kVideoCaps);
  /**
   * GstRtmsSrc!transcript:
   *
   * The live transcript. With #GstRtmsSrc:transcript-format=text a buffer is one final line of
   * text, with the name of the speaker in front (#GstRtmsSrc:transcript-speaker); its PTS is the
   * time at which the line began.
   *
   * With #GstRtmsSrc:transcript-format=markup the line has no line breaks, `&`, `<` and `>` are
   * escaped, and each has a duration, as `webvttenc` and `textoverlay` need it.
   *
   * With #GstRtmsSrc:transcript-format=json a buffer is one JSON object with the members `user_id`,
   * `user_name`, `text`, `timestamp`, `start_time` and `end_time` (Unix ms), `language`, `final`
   * and `operation` (`new`, `update`, `delete`); texts that are not final yet are pushed as well.
   * `end_time` and `language` are missing where the service does not tell them; `end_time` also
   * where it is before the start, or more than 60 s after it. Lines of a Contact Center's call have
   * the `channel_id` of their party. `start_time_guessed` is true where the service does not tell
   * the start: `start_time` is the `timestamp` then.
   *
   * Since: 0.1
   */
  add_template(klass, "transcript", kTranscriptCaps);
  /**
   * GstRtmsSrc!chat:
   *
   * Chat messages. A buffer is one JSON object with the members `user_id`, `user_name`, `text`,
   * `timestamp` (Unix ms), `message_id`, `operation` (`new`, `delete`, `update`, `emoji-add`,
   * `emoji-remove`) and `raw`, the message as the service sent it.
   *
   * Since: 0.1
   */
  add_template(klass, "chat", kChatCaps);
}

}  // namespace rtms
