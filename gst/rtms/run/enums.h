// SPDX-License-Identifier: LGPL-2.1-or-later
// The enumerations and flags of rtmssrc's properties.
#pragma once

#include "protocol/types.h"

#include <gst/gst.h>

G_BEGIN_DECLS

/**
 * GstRtmsSrcMediaTypes:
 * @GST_RTMS_SRC_MEDIA_AUDIO: audio
 * @GST_RTMS_SRC_MEDIA_VIDEO: camera video
 * @GST_RTMS_SRC_MEDIA_SCREEN: the screen share
 * @GST_RTMS_SRC_MEDIA_TRANSCRIPT: live transcript
 * @GST_RTMS_SRC_MEDIA_CHAT: chat messages
 *
 * The kinds of media of a meeting.
 *
 * Since: 0.1
 */
typedef enum /*< flags >*/ {
  GST_RTMS_SRC_MEDIA_AUDIO = 1 << 0,
  GST_RTMS_SRC_MEDIA_VIDEO = 1 << 1,
  GST_RTMS_SRC_MEDIA_SCREEN = 1 << 2,
  GST_RTMS_SRC_MEDIA_TRANSCRIPT = 1 << 3,
  GST_RTMS_SRC_MEDIA_CHAT = 1 << 4,
} GstRtmsSrcMediaTypes;

typedef enum {
  GST_RTMS_SRC_CONNECTION_SPLIT,
  GST_RTMS_SRC_CONNECTION_UNIFIED,
} GstRtmsSrcConnectionMode;

typedef enum {
  GST_RTMS_SRC_TRANSCRIPT_TEXT,
  GST_RTMS_SRC_TRANSCRIPT_JSON,
  GST_RTMS_SRC_TRANSCRIPT_MARKUP,
} GstRtmsSrcTranscriptFormat;

/**
 * GstRtmsSrcFill:
 * @GST_RTMS_SRC_FILL_NONE: no frames where the service sends none
 * @GST_RTMS_SRC_FILL_BLACK: black frames where the service sends none
 *
 * Since: 0.1
 */
typedef enum {
  GST_RTMS_SRC_FILL_NONE,
  GST_RTMS_SRC_FILL_BLACK,
} GstRtmsSrcFill;

G_END_DECLS

// The other types have the values of the wire.
GType gst_rtms_src_media_types_get_type(void);
GType gst_rtms_src_connection_mode_get_type(void);
GType gst_rtms_src_transcript_format_get_type(void);
GType gst_rtms_src_fill_get_type(void);
GType gst_rtms_src_audio_codec_get_type(void);       // rtms::Codec
GType gst_rtms_src_audio_streams_get_type(void);     // rtms::DataOpt
GType gst_rtms_src_audio_framing_get_type(void);     // rtms::ContentType
GType gst_rtms_src_video_codec_get_type(void);       // rtms::Codec
GType gst_rtms_src_video_resolution_get_type(void);  // rtms::Resolution
GType gst_rtms_src_video_streams_get_type(void);     // rtms::DataOpt

// Returns the nick of an enum type's value; "?" if it has none.
const char *gst_rtms_src_enum_nick(GType type, int value);
