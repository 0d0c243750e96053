// SPDX-License-Identifier: LGPL-2.1-or-later
// The element's action signals.
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
    return BadSetting{"The element is stopped."};
  return self->run->notify(webhook ? webhook : "");
}

void notify_webhook(GstRtmsSrc *self, const char *webhook) {
  if (auto bad = try_notify(self, webhook))
    GST_ELEMENT_WARNING(self, RESOURCE, SETTINGS,
                        ("A webhook cannot be used: %s", bad->text.c_str()), (nullptr));
}

}  // namespace

void install_actions(GType type) {
  /**
   * GstRtmsSrc::subscribe-video:
   * @rtmssrc: the element
   * @user_id: the participant, `user-id` of the messages
   * @subscribe: %TRUE to start, %FALSE to end
   *
   * Asks for one participant's video on the pad `video`; with #GstRtmsSrc:video-streams=individual
   * only. A newer subscription replaces the older. It can come from the PAUSED state on, before
   * there is a connection, and is renewed after each reconnect.
   *
   * Errors: with another #GstRtmsSrc:video-streams it is a warning on the bus (RESOURCE/SETTINGS),
   * and nothing is sent. A refusal of the service is a warning on the bus, with `status-code` and
   * `status-name` in its details.
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
   * Asks the service to end the stream. EOS follows when it has. Without a stream nothing happens.
   *
   * Errors: none. If the service does not answer, nothing happens.
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
   * For when the service fails and announces the same stream again, at other URLs: all connections
   * are closed and made anew over there. Pads and timeline go on; what comes next is DISCONT. With
   * #GstRtmsSrc:webhook-listen the element does this by itself.
   *
   * Errors: a webhook that cannot be used, or is for another stream, is a warning on the bus
   * (RESOURCE/SETTINGS) and changes nothing.
   *
   * Since: 0.1
   */
  g_signal_new_class_handler(
      "rejoin", type, static_cast<GSignalFlags>(G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION),
      G_CALLBACK(rejoin), nullptr, nullptr, nullptr, G_TYPE_NONE, 1, G_TYPE_STRING);
  /**
   * GstRtmsSrc::notify-webhook:
   * @rtmssrc: the element
   * @webhook: the webhook, as JSON text; its signature is not checked here
   *
   * Hands on what the service tells of the stream while it runs, for applications that take its
   * webhooks themselves: `*.rtms_started` is a #GstRtmsSrc::rejoin, `*.rtms_interrupted` has a
   * silent connection looked at and a lost one made anew at once, `*.rtms_stopped` ends the stream.
   * One about another stream changes nothing.
   *
   * Errors: a webhook that cannot be used, or comes while the element is stopped, is a warning on
   * the bus (RESOURCE/SETTINGS) and changes nothing.
   *
   * Since: 0.1
   */
  g_signal_new_class_handler(
      "notify-webhook", type, static_cast<GSignalFlags>(G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION),
      G_CALLBACK(notify_webhook), nullptr, nullptr, nullptr, G_TYPE_NONE, 1, G_TYPE_STRING);
}

}  // namespace rtms
