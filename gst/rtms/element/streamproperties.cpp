// SPDX-License-Identifier: LGPL-2.1-or-later
// Properties about the stream and the credentials.
#include "installer.h"

namespace rtms {
namespace {

void install_ids(Installer *install) {
  /**
   * GstRtmsSrc:meeting-uuid:
   *
   * The UUID of the meeting or webinar. Set exactly one of #GstRtmsSrc:meeting-uuid,
   * #GstRtmsSrc:session-id, #GstRtmsSrc:engagement-id and #GstRtmsSrc:call-id, by product; a
   * webhook sets the one of its product.
   *
   * Default: `meeting_uuid` of the webhook. Errors: two of the four, or none, are RESOURCE/SETTINGS
   * at the state change to PAUSED.
   *
   * Since: 0.1
   */
  install->string("meeting-uuid", "Meeting UUID",
                  "UUID of the meeting or webinar (meeting_uuid of the webhook)",
                  &Settings::meeting_uuid);
  /**
   * GstRtmsSrc:session-id:
   *
   * The id of the Video SDK session, in place of #GstRtmsSrc:meeting-uuid.
   *
   * Default: `session_id` of the webhook.
   *
   * Since: 0.1
   */
  install->string("session-id", "Session id",
                  "Id of the Video SDK session (session_id of the webhook); replaces meeting-uuid",
                  &Settings::session_id);
  /**
   * GstRtmsSrc:engagement-id:
   *
   * The id of the Contact Center engagement, in place of #GstRtmsSrc:meeting-uuid.
   *
   * Default: `engagement_id` of the webhook.
   *
   * Since: 0.1
   */
  install->string("engagement-id", "Engagement id",
                  "Id of the Contact Center engagement (engagement_id of the webhook); replaces "
                  "meeting-uuid",
                  &Settings::engagement_id);
  /**
   * GstRtmsSrc:call-id:
   *
   * The id of the phone call, in place of #GstRtmsSrc:meeting-uuid.
   *
   * Default: `call_id` of the webhook.
   *
   * Since: 0.1
   */
  install->string("call-id", "Call id",
                  "Id of the phone call (call_id of the webhook); replaces meeting-uuid",
                  &Settings::call_id);
}

void install_credentials(Installer *install) {
  /**
   * GstRtmsSrc:client-id:
   *
   * The client id of the Zoom app; for the Video SDK, the SDK key.
   *
   * Default: the environment variable `ZM_RTMS_CLIENT`, else `ZOOM_CLIENT_ID`, read when the
   * element is created.
   *
   * Since: 0.1
   */
  install->string("client-id", "Client id",
                  "Client id (SDK key) of the Zoom app; default: the environment variable "
                  "ZM_RTMS_CLIENT, else ZOOM_CLIENT_ID",
                  &Settings::client_id);
  /**
   * GstRtmsSrc:client-secret:
   *
   * The client secret of the Zoom app; for the Video SDK, the SDK secret. The element signs its
   * handshakes with it. The secret cannot be read back and is never logged. Prefer the environment
   * variable to a command line: other users of the machine can see command lines, and GStreamer's
   * own parser logs them.
   *
   * Default: the environment variable `ZM_RTMS_SECRET`, else `ZOOM_CLIENT_SECRET`, read at the
   * state change to PAUSED.
   *
   * Since: 0.1
   */
  install->secret("client-secret", "Client secret",
                  "Client secret (SDK secret) of the Zoom app; default: the environment variable "
                  "ZM_RTMS_SECRET, else ZOOM_CLIENT_SECRET (safer than a command line)",
                  &Settings::client_secret);
  /**
   * GstRtmsSrc:signature:
   *
   * A signature of the stream that was computed elsewhere, in lower-case hexadecimal, in place of
   * #GstRtmsSrc:client-id and #GstRtmsSrc:client-secret.
   *
   * Default: computed from the client id and the client secret; where one of them is missing, the
   * `signature` of the webhook.
   *
   * Since: 0.1
   */
  install->secret("signature", "Signature",
                  "Signature of the stream, computed elsewhere (lower-case hexadecimal); replaces "
                  "client-id and client-secret",
                  &Settings::signature);
}

}  // namespace

void install_stream_properties(Installer *install) {
  /**
   * GstRtmsSrc:webhook:
   *
   * The `*.rtms_started` webhook with which the service announces a stream, as JSON text: the whole
   * body, its `payload`, or the payload's inner `object`. The webhook fills
   * #GstRtmsSrc:signaling-url, #GstRtmsSrc:stream-id, the id of the product and the signature; a
   * property that you set takes precedence over the webhook. Reading the property shows "…" in
   * place of a signature.
   *
   * Default: none. #GstRtmsSrc:webhook takes precedence over #GstRtmsSrc:webhook-location.
   *
   * Since: 0.1
   */
  install->string("webhook", "Webhook",
                  "The *.rtms_started webhook as JSON text; fills signaling-url, stream-id, the "
                  "product's id and the signature",
                  &Settings::webhook);
  /**
   * GstRtmsSrc:webhook-location:
   *
   * The path of a file that holds the value of #GstRtmsSrc:webhook. The file is read at the state
   * change to PAUSED.
   *
   * Default: none. Errors: a file that cannot be read, or holds no such webhook, is
   * RESOURCE/SETTINGS at the state change.
   *
   * Since: 0.1
   */
  install->string("webhook-location", "Webhook location",
                  "Path of a file with the *.rtms_started webhook as JSON text",
                  &Settings::webhook_location);
  /**
   * GstRtmsSrc:signaling-url:
   *
   * The URL of the signaling server. It must be a `wss://` URL; `ws://` is accepted for this
   * machine, or with #GstRtmsSrc:allow-insecure. Of a comma-separated list the first URL is used.
   *
   * Default: `server_urls` of the webhook. Errors: a URL that cannot be used is RESOURCE/SETTINGS
   * at the state change to PAUSED.
   *
   * Since: 0.1
   */
  install->string("signaling-url", "Signaling URL",
                  "wss:// URL of the signaling server (server_urls of the webhook)",
                  &Settings::signaling_url);
  /**
   * GstRtmsSrc:stream-id:
   *
   * The id of the stream. The service allows one connection to a stream: a second element of the
   * same process with the same stream id fails.
   *
   * Default: `rtms_stream_id` of the webhook. Errors: RESOURCE/BUSY for the second element.
   *
   * Since: 0.1
   */
  install->string("stream-id", "Stream id", "Id of the stream (rtms_stream_id of the webhook)",
                  &Settings::stream_id);
  install_ids(install);
  install_credentials(install);
}

}  // namespace rtms
