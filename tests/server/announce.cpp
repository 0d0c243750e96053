#include "announce.h"

#include <libsoup/soup.h>

#include "crypto.h"
#include "glib_ptr.h"

namespace rtmstest {

std::string announce(const std::string &url, const std::string &secret_token,
                     const std::string &body) {
  const std::string stamp = std::to_string(g_get_real_time() / G_USEC_PER_SEC);
  const std::string signature = "v0=" + hmac_sha256_hex(secret_token, "v0:" + stamp + ":" + body);
  ObjectPtr<SoupMessage> message(soup_message_new("POST", url.c_str()));
  if (!message)
    return url + " is not a URL";
  SoupMessageHeaders *headers = soup_message_get_request_headers(message.get());
  soup_message_headers_append(headers, "x-zm-request-timestamp", stamp.c_str());
  soup_message_headers_append(headers, "x-zm-signature", signature.c_str());
  Ptr<GBytes, g_bytes_unref> bytes(g_bytes_new(body.data(), body.size()));
  soup_message_set_request_body_from_bytes(message.get(), "application/json", bytes.get());
  ObjectPtr<SoupSession> session(soup_session_new());
  GError *failure = nullptr;
  Ptr<GBytes, g_bytes_unref> answer(
      soup_session_send_and_read(session.get(), message.get(), nullptr, &failure));
  ErrorPtr owned(failure);
  if (failure)
    return failure->message;
  const guint status = soup_message_get_status(message.get());
  return status == SOUP_STATUS_OK ? "" : "it answered " + std::to_string(status);
}

}  // namespace rtmstest
