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
   * Media that arrive up to this much later than the earliest media still play in time. A larger
   * value tolerates more network jitter; a smaller value plays sooner.
   *
   * Valid: 0 to 60000 ms. Errors: another value is RESOURCE/SETTINGS at the state change to PAUSED,
   * and a warning on the bus while the element runs.
   *
   * Since: 0.1
   */
  install->uint("latency", "Latency",
                "Latency of the source in ms: media that arrive up to this much later than the "
                "earliest media still play in time",
                &Settings::latency, kLatencies, GST_PARAM_MUTABLE_PLAYING);
  /**
   * GstRtmsSrc:max-queue-bytes:
   *
   * The limit of the queue level of each pad, in bytes; 0 sets no limit. The queue fills while the
   * elements behind the pad are slower than the stream. A full queue drops whole decodable units:
   * of audio and text the oldest buffers, of video everything up to the next keyframe. The next
   * buffer has the flag DISCONT, and the element posts a warning and a QOS message.
   *
   * Valid: 0 bytes and more.
   *
   * Since: 0.1
   */
  install->uint("max-queue-bytes", "Max. queue size",
                "Limit of the queue level of each pad in bytes; a full queue drops data "
                "(0 = no limit)",
                &Settings::max_queue_bytes, kAny);
  /**
   * GstRtmsSrc:max-queue-time:
   *
   * The limit of the queue level of each pad, in ns of running time; 0 sets no limit. A full queue
   * drops data as with #GstRtmsSrc:max-queue-bytes, but never text.
   *
   * Valid: 0 ns and more.
   *
   * Since: 0.1
   */
  install->uint64("max-queue-time", "Max. queue time",
                  "Limit of the queue level of each pad in ns of running time; a full queue drops "
                  "data (0 = no limit)",
                  &Settings::max_queue_time);
}

void install_gaps(Installer *install) {
  /**
   * GstRtmsSrc:empty-pads:
   *
   * Whether a kind of media in #GstRtmsSrc:media-types that the service does not offer has a pad
   * all the same. Such a pad has the caps that the properties request, and carries what the pad of
   * a silent participant or of a camera that is off does: GAP events, or black frames
   * (#GstRtmsSrc:fill), and EOS with the other pads. The element posts the warning about the kind
   * of media in either case. Pads of participants (`audio_%u`) are not added.
   *
   * Set it where a muxer has an input for each kind of media: a muxer waits for ever for an input
   * that is never linked, for example in a meeting without a transcript.
   *
   * Since: 0.1
   */
  install->boolean("empty-pads", "Empty pads",
                   "Whether kinds of media that the service does not offer have pads, without data",
                   &Settings::empty_pads);
  /**
   * GstRtmsSrc:fill:
   *
   * What the pads `video` and `screen` carry while no H.264 access units arrive: GAP events alone,
   * or black frames.
   *
   * With `black`, a pad whose first frame has not arrived begins with a black keyframe of the
   * negotiated resolution. If the first frame is later than the other media, a black keyframe of
   * that frame's resolution comes before it, so that the track begins with the other tracks. The
   * pad `video` pushes four black frames a second while the camera is off, and when no frame has
   * arrived for 3 s. The pad `screen` does so from 1 s after rtms-sharing-stopped until the next
   * frame: a slide that does not change may have no frames for minutes, and remains the picture.
   * Video continues at the next keyframe. Black frames have the flag GST_BUFFER_FLAG_GAP. JPEG and
   * PNG are not filled.
   *
   * Set `black` for recordings without an encoder. The muxer then has the parameter sets from the
   * beginning, and the recording shows black instead of the last frame of a camera that is off.
   * With `none`, the `matroskamux` of GStreamer 1.26 writes a file that cannot be decoded where a
   * GAP event precedes the first frame.
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
   * began, and no buffer starts before the end of a GAP that was pushed: a line that arrives too
   * late moves to the end of the GAP, with its whole duration. Set 6000 for recordings, so that
   * subtitles keep their correct time; elements behind the two pads then wait up to 6 s for data.
   * Keep 0 for live display.
   *
   * Valid: 0 to 60000 ms.
   *
   * Since: 0.1
   */
  install->uint("text-wait", "Text wait",
                "Time in ms by which GAP events of transcript and chat stay behind those of the "
                "other pads; 6000 keeps subtitles of a recording at their correct time",
                &Settings::text_wait, kTextWaits);
  /**
   * GstRtmsSrc:stall-wait:
   *
   * The time in ms for which an audio or video pad pushes no GAP events, and no black frames, while
   * its connection delivers nothing at all: neither media nor keep-alives. A TCP connection that
   * stands still delivers later what it has held up, and no buffer starts before the end of a GAP
   * that was pushed: with 0, media that are later than #GstRtmsSrc:latency move to the end of the
   * GAP. Set 70000 for recordings that can wait: it covers a connection that counts as lost after
   * 65 s. The GAPs of an audio pad then follow the keep-alives of the service, about 10 s apart,
   * while nobody speaks; after a reconnect they wait for the replay that long, at most 65 s, until
   * new audio arrives. With #GstRtmsSrc:buffer-data, all media also wait that long for the
   * connection of the audio.
   *
   * Valid: 0 to 120000 ms.
   *
   * Since: 0.1
   */
  install->uint("stall-wait", "Stall wait",
                "Time in ms for which an audio or video pad pushes no GAP events while its "
                "connection delivers nothing at all, because TCP may deliver it later",
                &Settings::stall_wait, kStallWaits);
  /**
   * GstRtmsSrc:batch-time:
   *
   * The time in ms for which a pad collects buffers, to push all of them at once; 0 pushes each
   * buffer as soon as it is received. Many streams in one process then wake their threads less
   * often: a stream of audio and video costs about half of the CPU time with 100 ms. The
   * connections are then also read in rounds: while there is much to read, half of this time
   * apart, at least 5 ms and at most 20; with #GstRtmsSrc:context, at the pace of the stream with
   * the shortest time. Both times are added to the answer to a LATENCY query.
   *
   * Valid: 0 to 1000 ms.
   *
   * Since: 0.1
   */
  install->uint("batch-time", "Batch time",
                "Time in ms for which a pad collects buffers before it pushes them together (0 = "
                "each buffer at once)",
                &Settings::batch_time, kBatchTimes);
  /**
   * GstRtmsSrc:share-thread:
   *
   * Whether one thread pushes the buffers of all pads, each #GstRtmsSrc:batch-time, in place of a
   * streaming task for each pad. Many streams in one process then have fewer threads. A push that
   * blocks, blocks all pads: each branch must end in a sink that never blocks, or begin with a
   * queue, or muxers wait for ever. The element posts no STREAM_STATUS messages for this thread.
   *
   * Since: 0.1
   */
  install->boolean("share-thread", "Share thread",
                   "Push the buffers of all pads from one thread, in place of a task for each pad "
                   "(needs batch-time)",
                   &Settings::share_thread);
  /**
   * GstRtmsSrc:replay-wait:
   *
   * The time in ms for which a pad pushes no GAP events after the loss of its connection. After a
   * loss the service replays the media that it has buffered, and no buffer starts before the end of
   * a GAP that was pushed. With 0 the pad waits while the connection is lost (at most 65000 ms),
   * for 2 s after the reconnect, and while replayed media arrive; the wait ends early when new
   * media arrive. With 1 the pad continues at once, which suits live pipelines: replayed media then
   * move to the end of the last GAP.
   *
   * Valid: 0 to 65000 ms.
   *
   * Since: 0.1
   */
  install->uint("replay-wait", "Replay wait",
                "Time in ms for which a pad pushes no GAP events after the loss of its connection, "
                "because the service replays media (0 = until the replay is over)",
                &Settings::replay_wait, kReplayWaits);
}

void install_reconnecting(Installer *install) {
  /**
   * GstRtmsSrc:signaling-reconnect-window:
   *
   * The time in ms after the loss of the signaling connection within which the element tries to
   * restore it; 0 disables reconnecting. When the time has passed, the element posts an error.
   *
   * Valid: 0 ms and more.
   *
   * Since: 0.1
   */
  install->uint("signaling-reconnect-window", "Signaling reconnect window",
                "Time in ms within which the element tries to restore a lost signaling connection "
                "(0 = no reconnecting)",
                &Settings::signaling_reconnect_window, kAny);
  /**
   * GstRtmsSrc:media-reconnect-window:
   *
   * The time in ms after the loss of a media connection within which the element tries to restore
   * it; 0 disables reconnecting. When the time has passed, the element pushes EOS on the pads of
   * that connection and posts a warning, or an error where no other media are left.
   *
   * Valid: 0 ms and more.
   *
   * Since: 0.1
   */
  install->uint("media-reconnect-window", "Media reconnect window",
                "Time in ms within which the element tries to restore a lost media connection "
                "(0 = no reconnecting)",
                &Settings::media_reconnect_window, kAny);
  /**
   * GstRtmsSrc:retry-delay:
   *
   * The delay in ms before the second attempt to reconnect; the delay doubles with each further
   * attempt. The first attempt follows the loss sooner. A delay is at most half of the rest of the
   * reconnect window, or 5 s where that is more, because the service replays at most one minute of
   * media.
   *
   * Valid: 1 ms to #GstRtmsSrc:retry-delay-max.
   *
   * Since: 0.1
   */
  install->uint("retry-delay", "Retry delay",
                "Delay in ms before the second attempt to reconnect; doubles with each further "
                "attempt",
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
   * The time limit in ms for one connection attempt, including its handshake.
   *
   * Valid: 1 ms and more.
   *
   * Since: 0.1
   */
  install->uint("timeout", "Timeout",
                "Time limit in ms for one connection attempt, including its handshake",
                &Settings::timeout, kDelays);
  /**
   * GstRtmsSrc:keep-alive-timeout:
   *
   * The time in ms without a received byte after which a connection counts as lost. With 0 the
   * element derives the time from the interval of the server's keep-alive requests: 35 s where that
   * is at most 15 s, else 65 s. The element sends a WebSocket ping before it gives the connection
   * up. The bytes of an incomplete message count.
   *
   * Valid: 0 ms and more.
   *
   * Since: 0.1
   */
  install->uint(
      "keep-alive-timeout", "Keep-alive timeout",
      "Time in ms without a received byte after which a connection counts as lost (0 = 35 s "
      "or 65 s, by the interval of the server's keep-alives)",
      &Settings::keep_alive_timeout, kAny);
  /**
   * GstRtmsSrc:connect-window:
   *
   * The time in ms after the first failed attempt within which the element repeats the attempt, for
   * the signaling connection and for each media connection that has not been established before; 0
   * means one attempt. The element repeats an attempt after a transient failure only: a host name
   * that does not resolve, a connection that is refused or reset, a time-out, a failure of TLS
   * other than a refused certificate, HTTP status 429 and 5xx, and the service's status codes 8, 16
   * and 45. Another failure is an error at once. PROGRESS messages report each attempt, and the
   * final error names the last cause.
   *
   * Valid: 0 ms and more.
   *
   * Since: 0.1
   */
  install->uint(
      "connect-window", "Connect window",
      "Time in ms within which the element repeats a first connection attempt that failed "
      "(0 = one attempt)",
      &Settings::connect_window, kAny);
  install_reconnecting(install);
}

}  // namespace rtms
