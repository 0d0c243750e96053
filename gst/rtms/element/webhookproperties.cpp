// SPDX-License-Identifier: LGPL-2.1-or-later
// The built-in webhook: an HTTP server that waits for the service to announce a stream.
#include "installer.h"

namespace rtms {

void install_webhook_properties(Installer *install) {
  /**
   * GstRtmsSrc:webhook-listen:
   *
   * The URL at which the element listens for the service's webhooks, for example
   * `http://127.0.0.1:8080/webhook`. From the state change to PAUSED on, the element answers
   * requests there and waits, without a time limit, until the service announces a stream. The
   * element connects to the first stream that #GstRtmsSrc:webhook-meeting allows. The element
   * follows later webhooks about this stream: a newer `*.rtms_started` with other URLs acts like
   * #GstRtmsSrc::rejoin, `*.rtms_interrupted` restores a lost connection at once, `*.rtms_stopped`
   * ends the stream. The element answers webhooks about other streams and ignores them: each stream
   * needs an element of its own.
   *
   * The host is `localhost`, an IP address of this machine, or `0.0.0.0` or `[::]` for all
   * addresses. Port 0 selects a free port; the message `rtms-listening` and
   * #GstRtmsSrc:webhook-url report it. The service sends webhooks over https only. Put a reverse
   * proxy that terminates TLS in front of the element and let it pass body and headers on
   * unchanged, or use an `https://` URL with #GstRtmsSrc:webhook-tls-certificate. Plain http is
   * allowed on every address, because each request is authenticated by its signature.
   *
   * Cannot be combined with #GstRtmsSrc:webhook, #GstRtmsSrc:webhook-location,
   * #GstRtmsSrc:signaling-url, #GstRtmsSrc:stream-id and the ids of the products. A URL that cannot
   * be used, or a port in use, is RESOURCE/SETTINGS at the state change.
   *
   * Default: none.
   *
   * Since: 0.1
   */
  install->string("webhook-listen", "Webhook listen",
                  "URL at which the element accepts the service's webhooks, for example "
                  "http://127.0.0.1:8080/webhook; the element connects to the first stream that "
                  "the service announces there",
                  &Settings::webhook_listen);
  /**
   * GstRtmsSrc:webhook-meeting:
   *
   * With #GstRtmsSrc:webhook-listen, the only meeting to connect to: its meeting number
   * (`meeting_id` of the webhook, which is known before the meeting begins), or its UUID, session
   * id, engagement id or call id.
   *
   * Default: none, which allows any meeting.
   *
   * Since: 0.1
   */
  install->string("webhook-meeting", "Webhook meeting",
                  "With webhook-listen, the only meeting to connect to: its number, UUID, session "
                  "id, engagement id or call id; default: any meeting",
                  &Settings::webhook_meeting);
  /**
   * GstRtmsSrc:webhook-secret-token:
   *
   * The secret token of the Zoom app, with which the service signs its webhooks. The token cannot
   * be read back and is never logged; prefer the environment variable to a command line.
   *
   * Default: the environment variable `ZM_RTMS_WEBHOOK_SECRET`, else `ZOOM_SECRET_TOKEN`, read at
   * the state change to PAUSED.
   *
   * Since: 0.1
   */
  install->secret("webhook-secret-token", "Webhook secret token",
                  "Secret token of the Zoom app, with which webhooks are signed; default: the "
                  "environment variable ZM_RTMS_WEBHOOK_SECRET, else ZOOM_SECRET_TOKEN",
                  &Settings::webhook_secret_token);
  /**
   * GstRtmsSrc:webhook-tls-certificate:
   *
   * The path of a PEM file with the certificate for an `https://` URL in
   * #GstRtmsSrc:webhook-listen, followed by its intermediate certificates. The file is read at the
   * state change to PAUSED, and again when it or that of the key has changed.
   *
   * Default: none; an `https://` URL requires a certificate. Errors: a file that cannot be used is
   * RESOURCE/SETTINGS at the state change; later the earlier one stays in use, with a warning in
   * the log.
   *
   * Since: 0.1
   */
  install->string("webhook-tls-certificate", "Webhook TLS certificate",
                  "Path of a PEM file with the certificate chain for an https:// URL in "
                  "webhook-listen",
                  &Settings::webhook_tls_certificate);
  /**
   * GstRtmsSrc:webhook-tls-key:
   *
   * The path of a PEM file with the private key of #GstRtmsSrc:webhook-tls-certificate, without a
   * password.
   *
   * Default: the key is read from the certificate's file. It is read again when the certificate is.
   *
   * Since: 0.1
   */
  install->string("webhook-tls-key", "Webhook TLS key",
                  "Path of a PEM file with the private key for webhook-tls-certificate; default: "
                  "the certificate's own file",
                  &Settings::webhook_tls_key);
}

}  // namespace rtms
