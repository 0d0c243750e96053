// SPDX-License-Identifier: LGPL-2.1-or-later
// The element's signals.
#include "gstrtmssrcprivate.h"

namespace rtms {
namespace {

void subscribe_video(GstRtmsSrc *self, guint64 user_id, gboolean subscribe) {
  RunLock lock(self);
  if (self->run)
    self->run->subscribe_video(user_id, subscribe);
}

void close_stream(GstRtmsSrc *self) {
  RunLock lock(self);
  if (self->run)
    self->run->close_stream();
}

// Returns why the stream cannot be rejoined.
std::optional<BadSetting> try_rejoin(GstRtmsSrc *self, const char *webhook) {
  const Settings settings = copy_settings(self);
  RunLock lock(self);
  if (!self->run)
    return BadSetting{"There is no stream to rejoin: the element is stopped."};
  return self->run->rejoin(settings, webhook ? webhook : "");
}

void rejoin(GstRtmsSrc *self, const char *webhook) {
  if (auto bad = try_rejoin(self, webhook))
    GST_ELEMENT_WARNING(self, RESOURCE, SETTINGS, ("Rejoining failed: %s", bad->text.c_str()),
                        (nullptr));
}

// Returns why the webhook cannot be used.
std::optional<BadSetting> try_notify(GstRtmsSrc *self, const char *webhook) {
  RunLock lock(self);
  if (!self->run)
    return BadSetting{"The element is stopped. Set it to PAUSED or PLAYING first."};
  return self->run->notify(webhook ? webhook : "");
}

void notify_webhook(GstRtmsSrc *self, const char *webhook) {
  if (auto bad = try_notify(self, webhook))
    GST_ELEMENT_WARNING(self, RESOURCE, SETTINGS,
                        ("A webhook cannot be used: %s", bad->text.c_str()), (nullptr));
}

}  // namespace

void install_signals(GType type) {
  /**
   * GstRtmsSrc::subscribe-video:
   * @rtmssrc: the element
   * @user_id: the id of the participant, as in the field `user-id` of the bus messages
   * @subscribe: %TRUE to start the subscription, %FALSE to end it
   *
   * Selects the participant whose camera the pad `video` carries; requires
   * #GstRtmsSrc:video-streams=individual. A new subscription replaces the previous one. You can
   * emit the signal from the state change to PAUSED on, also before the element is connected; while
   * the element waits for a stream to be announced, the signal does nothing. The element renews the
   * subscription after each reconnect.
   *
   * Errors: without `video-streams=individual`, without video in #GstRtmsSrc:media-types, or where
   * the service does not grant individual video, the element posts a warning (RESOURCE/SETTINGS)
   * and sends nothing. Where the service refuses the request, the element posts a warning with
   * `status-code` and `status-name` in its details.
   *
   * Since: 0.1
   */
  g_signal_new_class_handler("subscribe-video", type,
                             static_cast<GSignalFlags>(G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION),
                             G_CALLBACK(subscribe_video), nullptr, nullptr, nullptr, G_TYPE_NONE, 2,
                             G_TYPE_UINT64, G_TYPE_BOOLEAN);
  /**
   * GstRtmsSrc::close-stream:
   * @rtmssrc: the element
   *
   * Asks the service to end the stream. When the service has ended it, the element pushes EOS on
   * all pads. In the state READY or NULL, and while the element waits for a stream, the signal does
   * nothing.
   *
   * Errors: where the service refuses, the element posts a warning with `status-code` and
   * `status-name` in its details, and the stream goes on. Where the service does not answer, the
   * stream goes on.
   *
   * Since: 0.1
   */
  g_signal_new_class_handler("close-stream", type,
                             static_cast<GSignalFlags>(G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION),
                             G_CALLBACK(close_stream), nullptr, nullptr, nullptr, G_TYPE_NONE, 0);
  /**
   * GstRtmsSrc::rejoin:
   * @rtmssrc: the element
   * @webhook: the new `*.rtms_started` webhook, as JSON text
   *
   * Connects to the same stream at other URLs. Emit the signal when the service has failed and
   * announces the stream again with a new webhook: the element closes all connections and opens new
   * ones to the URLs of that webhook. Pads and timestamps continue; the next buffer of each pad has
   * the flag DISCONT. The element does so whatever the webhook says, even if it is older, or has
   * the URLs of the present connections: an application that passes on all webhooks emits
   * #GstRtmsSrc::notify-webhook. With #GstRtmsSrc:webhook-listen the element does this by itself.
   *
   * Errors: where the webhook cannot be used or announces another stream, or where the element has
   * no stream yet, the element posts a warning (RESOURCE/SETTINGS) and changes nothing.
   *
   * Since: 0.1
   */
  g_signal_new_class_handler(
      "rejoin", type, static_cast<GSignalFlags>(G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION),
      G_CALLBACK(rejoin), nullptr, nullptr, nullptr, G_TYPE_NONE, 1, G_TYPE_STRING);
  /**
   * GstRtmsSrc::notify-webhook:
   * @rtmssrc: the element
   * @webhook: the body of the webhook, as JSON text; verify its signature before you emit the
   *   signal, because the element does not
   *
   * Passes a webhook about the running stream to the element, for applications that receive the
   * webhooks of the service themselves. `*.rtms_started` acts like #GstRtmsSrc::rejoin if
   * it has other URLs and is not older than the last one. `*.rtms_interrupted` makes the element
   * check a connection that seems to be open, and restore a lost one at once. `*.rtms_stopped` ends
   * the stream; its reason is posted as `rtms-stream-state`, unless the service has told it before.
   * A webhook about another stream of the same meeting is reported as `rtms-new-stream`; one about
   * another meeting changes nothing.
   *
   * Errors: where the webhook cannot be used, or the element is in the state READY or NULL, the
   * element posts a warning (RESOURCE/SETTINGS) and changes nothing.
   *
   * Since: 0.1
   */
  g_signal_new_class_handler(
      "notify-webhook", type, static_cast<GSignalFlags>(G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION),
      G_CALLBACK(notify_webhook), nullptr, nullptr, nullptr, G_TYPE_NONE, 1, G_TYPE_STRING);
  /**
   * GstRtmsSrc::audio-received:
   * @rtmssrc: the element
   * @pad: (transfer none): the audio pad that will push the buffer
   * @buffer: (transfer none): the audio, read-only and valid during the emission
   *
   * Is emitted for each audio buffer when it has arrived, before it waits for the streaming thread
   * of its pad (#GstRtmsSrc:batch-time), for applications that must not lose received audio, or
   * that measure levels without delay. The buffer has its capture time in a
   * #GstReferenceTimestampMeta `timestamp/x-unix`. The pad may still drop or move the buffer.
   *
   * Handlers run on the thread that receives the media of all elements with the same
   * #GstRtmsSrc:context: they must not block. The signal is emitted if a handler is connected when
   * the element changes from READY to PAUSED.
   *
   * Since: 0.1
   */
  g_signal_new("audio-received", type, G_SIGNAL_RUN_LAST, 0, nullptr, nullptr, nullptr, G_TYPE_NONE,
               2, GST_TYPE_PAD, GST_TYPE_BUFFER | G_SIGNAL_TYPE_STATIC_SCOPE);
}

}  // namespace rtms
