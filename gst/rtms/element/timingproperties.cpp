// SPDX-License-Identifier: LGPL-2.1-or-later
// Latency, queues, time limits and reconnecting.
#include "installer.h"

namespace rtms {
namespace {

void install_queues(Installer *install) {
  /**
   * GstRtmsSrc:latency:
   *
   * The latency of the source in ms, which the element reports as minimum in the LATENCY query.
   * Media that arrive at most this much later than the earliest are still played in time. A larger
   * value tolerates more jitter of the network, a smaller one plays sooner.
   *
   * Valid: 0 to 60000 ms. Errors: another value is RESOURCE/SETTINGS at the state change to PAUSED,
   * and a warning on the bus while the element runs.
   *
   * Since: 0.1
   */
  install->uint("latency", "Latency",
                "Latency of the source in ms: media that arrive at most this late are still played "
                "in time",
                &Settings::latency, kLatencies, GST_PARAM_MUTABLE_PLAYING);
  /**
   * GstRtmsSrc:max-queue-bytes:
   *
   * The number of bytes that may wait on each pad while the pipeline is slow; 0 sets no limit. A
   * full queue drops whole decodable units: of audio and text the oldest, of video everything up to
   * the next keyframe.
   *
   * Valid: 0 bytes and more.
   *
   * Since: 0.1
   */
  install->uint("max-queue-bytes", "Max. queue size",
                "Limit in bytes of the data that waits on each pad while the pipeline is slow "
                "(0 = no limit)",
                &Settings::max_queue_bytes, kAny);
  /**
   * GstRtmsSrc:max-queue-time:
   *
   * The running time in ns that may wait on each pad while the pipeline is slow; 0 sets no limit.
   * Drops like #GstRtmsSrc:max-queue-bytes, but never text.
   *
   * Valid: 0 ns and more.
   *
   * Since: 0.1
   */
  install->uint64("max-queue-time", "Max. queue time",
                  "Limit in ns of the data that waits on each pad while the pipeline is slow "
                  "(0 = no limit)",
                  &Settings::max_queue_time);
}

void install_gaps(Installer *install) {
  /**
   * GstRtmsSrc:fill:
   *
   * What the pads `video` and `screen` carry while the service sends no H.264 frames: GAP events
   * alone, or black frames. With `black` a pad begins with a black keyframe of the negotiated
   * resolution where no frame has arrived yet. It carries four black frames a second while the
   * camera is off, while the share is over, and when no frame has arrived for 3 s; video goes on at
   * the next keyframe. Black frames have the flag GST_BUFFER_FLAG_GAP. So a muxer knows the
   * parameter sets from the beginning, and a recording that is made without an encoder shows black
   * instead of a face that stands still. Set `black` for recordings: the `matroskamux` of
   * GStreamer 1.26 writes a file that cannot be decoded where a GAP comes before the first frame.
   * JPEG and PNG are not filled.
   *
   * Since: 0.1
   */
  install->choice("fill", "Fill",
                  "What the video pads carry while no H.264 frames arrive: GAP events, or black "
                  "frames",
                  gst_rtms_src_fill_get_type(), &Settings::fill);
  /**
   * GstRtmsSrc:text-wait:
   *
   * The time in ms by which the GAP events of the pads `transcript` and `chat` stay behind the GAP
   * events of the other pads. The service sends a line of the transcript seconds after the line
   * began. No buffer starts before the end of a GAP that was pushed: a line that comes too late
   * moves to the end of the GAP, with its whole duration. Set 6000 in recordings, so that subtitles
   * keep their true place; elements behind the two pads then wait up to 6 s for data. Keep 0 for
   * live display.
   *
   * Valid: 0 to 60000 ms.
   *
   * Since: 0.1
   */
  install->uint("text-wait", "Text wait",
                "Time in ms by which GAP events of transcript and chat stay behind those of the "
                "other pads; 6000 keeps subtitles in their true place in recordings",
                &Settings::text_wait, kTextWaits);
  /**
   * GstRtmsSrc:replay-wait:
   *
   * The time in ms for which a pad sends no GAP events after the loss of its connection, because
   * the service replays the media that it buffered meanwhile. 0 waits as long as the connection is
   * away, at most 65000 ms, for 2 s when it is there again, and while old media come. The wait ends
   * early when new media arrive. With 1 the pad goes on at once, which suits live pipelines:
   * replayed media move to the end of the last GAP.
   *
   * Valid: 0 to 65000 ms.
   *
   * Since: 0.1
   */
  install->uint("replay-wait", "Replay wait",
                "Time in ms for which a pad sends no GAP events after the loss of its connection, "
                "because the service replays media (0 = as long as the connection is away)",
                &Settings::replay_wait, kReplayWaits);
}

void install_reconnecting(Installer *install) {
  /**
   * GstRtmsSrc:signaling-reconnect-window:
   *
   * For how many ms after its loss the element tries to restore the signaling connection; 0
   * disables reconnecting.
   *
   * Valid: 0 ms and more.
   *
   * Since: 0.1
   */
  install->uint("signaling-reconnect-window", "Signaling reconnect window",
                "Time in ms for which a lost signaling connection is tried again (0 = never)",
                &Settings::signaling_reconnect_window, kAny);
  /**
   * GstRtmsSrc:media-reconnect-window:
   *
   * For how many ms after its loss the element tries to restore a media connection; 0 disables
   * reconnecting.
   *
   * Valid: 0 ms and more.
   *
   * Since: 0.1
   */
  install->uint("media-reconnect-window", "Media reconnect window",
                "Time in ms for which a lost media connection is tried again (0 = never)",
                &Settings::media_reconnect_window, kAny);
  /**
   * GstRtmsSrc:retry-delay:
   *
   * The delay in ms before the second attempt to reconnect; the delay doubles with each further
   * attempt. The first attempt follows the loss sooner. A delay is at most half of what is left of
   * the window, or 5 s where that is more: the service keeps what it replays for a minute.
   *
   * Valid: 1 ms to #GstRtmsSrc:retry-delay-max.
   *
   * Since: 0.1
   */
  install->uint("retry-delay", "Retry delay",
                "Delay in ms before the second attempt to reconnect; doubles with each further one",
                &Settings::retry_delay, kDelays);
  /**
   * GstRtmsSrc:retry-delay-max:
   *
   * The longest delay between two attempts to reconnect, in ms.
   *
   * Valid: #GstRtmsSrc:retry-delay and more, in ms.
   *
   * Since: 0.1
   */
  install->uint("retry-delay-max", "Max. retry delay",
                "Longest delay in ms between two attempts to reconnect", &Settings::retry_delay_max,
                kDelays);
}

}  // namespace

void install_timing_properties(Installer *install) {
  install_queues(install);
  install_gaps(install);
  /**
   * GstRtmsSrc:timeout:
   *
   * The time limit in ms for making a connection, including its handshake.
   *
   * Valid: 1 ms and more.
   *
   * Since: 0.1
   */
  install->uint("timeout", "Timeout",
                "Time limit in ms for making one connection, including its handshake",
                &Settings::timeout, kDelays);
  /**
   * GstRtmsSrc:keep-alive-timeout:
   *
   * The time in ms without a single byte after which a connection counts as lost. 0 goes by the
   * server's own pace: 35 s where its keep-alives come at most 15 s apart, else 65 s. A WebSocket
   * ping goes out before the connection is given up. The bytes of an unfinished message count.
   *
   * Valid: 0 ms and more.
   *
   * Since: 0.1
   */
  install->uint("keep-alive-timeout", "Keep-alive timeout",
                "Time in ms without a byte after which a connection counts as lost (0 = by the "
                "pace of the server's keep-alives, 35 s or 65 s)",
                &Settings::keep_alive_timeout, kAny);
  /**
   * GstRtmsSrc:connect-window:
   *
   * For how many ms after its first failure a connection that has not worked yet is tried again:
   * the signaling connection and each media connection. Transient failures are tried again: a
   * host name that does not resolve, a connection that is refused or reset, a time-out, HTTP status
   * 429 and 5xx, and the service's status codes 8, 16 and 45. Others are errors at once. PROGRESS
   * messages tell of each try, and the error that ends them names the last cause. 0 means one try.
   *
   * Valid: 0 ms and more.
   *
   * Since: 0.1
   */
  install->uint("connect-window", "Connect window",
                "Time in ms for which a first connection that fails is tried again (0 = one try)",
                &Settings::connect_window, kAny);
  install_reconnecting(install);
}

}  // namespace rtms
