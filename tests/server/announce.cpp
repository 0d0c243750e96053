// SPDX-License-Identifier: LGPL-2.1-or-later
#include "announce.h"

#include <libsoup/soup.h>

#include "crypto.h"
#include "glib_ptr.h"

namespace rtmstest {

namespace {

// A listener that is just being started may take so long.
constexpr gint64 kPatienceUs = 3 * G_USEC_PER_SEC;
constexpr gulong kPauseUs = G_USEC_PER_SEC / 10;

ObjectPtr<SoupMessage> signed_message(const std::string &url, const std::string &secret_token,
                                      const std::string &body) {
  const std::string stamp = std::to_string(g_get_real_time() / G_USEC_PER_SEC);
  const std::string signature = "v0=" + hmac_sha256_hex(secret_token, "v0:" + stamp + ":" + body);
  ObjectPtr<SoupMessage> message(soup_message_new("POST", url.c_str()));
  if (!message)
    return message;
  SoupMessageHeaders *headers = soup_message_get_request_headers(message.get());
  soup_message_headers_append(headers, "x-zm-request-timestamp", stamp.c_str());
  soup_message_headers_append(headers, "x-zm-signature", signature.c_str());
  Ptr<GBytes, g_bytes_unref> bytes(g_bytes_new(body.data(), body.size()));
  soup_message_set_request_body_from_bytes(message.get(), "application/json", bytes.get());
  return message;
}

}  // namespace

std::string announce(const std::string &url, const std::string &secret_token,
                     const std::string &body) {
  ObjectPtr<SoupSession> session(soup_session_new());
  const gint64 until = g_get_monotonic_time() + kPatienceUs;
  for (;;) {
    ObjectPtr<SoupMessage> message = signed_message(url, secret_token, body);
    if (!message)
      return url + " is not a URL";
    GError *failure = nullptr;
    Ptr<GBytes, g_bytes_unref> answer(
        soup_session_send_and_read(session.get(), message.get(), nullptr, &failure));
    ErrorPtr owned(failure);
    const guint status = soup_message_get_status(message.get());
    if (!failure)
      return status == SOUP_STATUS_OK ? "" : "it answered " + std::to_string(status);
    if (!g_error_matches(failure, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED) ||
        g_get_monotonic_time() > until)
      return failure->message;
    g_usleep(kPauseUs);
  }
}

}  // namespace rtmstest
