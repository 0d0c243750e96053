// SPDX-License-Identifier: LGPL-2.1-or-later
// Properties about connections: TLS, proxy, headers, threads.
#include "installer.h"

namespace rtms {

void install_network_properties(Installer *install) {
  /**
   * GstRtmsSrc:max-message-size:
   *
   * The largest message that the element accepts, in bytes. The element closes a connection that
   * carries a larger message, and reconnects.
   *
   * Valid: 1024 bytes and more.
   *
   * Since: 0.1
   */
  install->uint("max-message-size", "Max. message size",
                "Largest message to accept, in bytes; on a larger message the element closes the "
                "connection and reconnects",
                &Settings::max_message_size, kMessageSizes);
  /**
   * GstRtmsSrc:tls-ca-file:
   *
   * The path of a PEM file with the certificate authorities to trust, instead of the system's.
   * Unlike #GstRtmsSrc:tls-database, which takes precedence, this property can be set on a command
   * line.
   *
   * Default: none. Errors: a file that cannot be used is RESOURCE/SETTINGS at the state change to
   * PAUSED.
   *
   * Since: 0.1
   */
  install->string("tls-ca-file", "TLS CA file",
                  "Path of a PEM file with the certificate authorities to trust instead of the "
                  "system's; tls-database takes precedence",
                  &Settings::tls_ca_file);
  /**
   * GstRtmsSrc:tls-validation-flags:
   *
   * The checks that the certificate of a server must pass.
   *
   * Default: `validate-all`.
   *
   * Since: 0.1
   */
  install->flags("tls-validation-flags", "TLS validation flags",
                 "Checks that the certificate of a server must pass", G_TYPE_TLS_CERTIFICATE_FLAGS,
                 &Settings::tls_validation_flags);
  /**
   * GstRtmsSrc:allow-insecure:
   *
   * Whether the element connects to `ws://` URLs of other hosts than this machine. Such a
   * connection is not encrypted: everybody on the network path can read and change its data.
   * Without it, a service whose signaling is encrypted may not offer media at `ws://` URLs of this
   * machine either.
   *
   * Since: 0.1
   */
  install->boolean("allow-insecure", "Allow insecure",
                   "Allow unencrypted connections (ws://) to other hosts than this machine",
                   &Settings::allow_insecure);
  /**
   * GstRtmsSrc:uri-hosts:
   *
   * The hosts to which an `rtms://` or `rtmss://` URI can send the element with the credentials of
   * the environment, joined by commas: names, addresses, or `*.example.org` for all names that end
   * so. A URI may come from a stranger, and the element signs a handshake for the host that the URI
   * names.
   *
   * Default: `*.zoom.us,localhost,127.0.0.1,::1`. Errors: a URI with another host is
   * RESOURCE/SETTINGS at the state change to PAUSED, unless #GstRtmsSrc:client-secret or
   * #GstRtmsSrc:signature is set.
   *
   * Since: 0.1
   */
  install->string("uri-hosts", "URI hosts",
                  "Hosts to which an rtms:// URI can send the element with the credentials of the "
                  "environment, joined by commas; *.example.org stands for all names that end so",
                  &Settings::uri_hosts);
  /**
   * GstRtmsSrc:proxy:
   *
   * The URI of the proxy for all connections: `http://host:port` or `socks5://host:port`. Who reads
   * the property gets *** in place of a password.
   *
   * Default: the system's proxy settings. Errors: text that is not a URI is RESOURCE/SETTINGS at
   * the state change to PAUSED.
   *
   * Since: 0.1
   */
  install->string("proxy", "Proxy",
                  "URI of the proxy for all connections, http://host:port or socks5://host:port; "
                  "default: the system's proxy settings",
                  &Settings::proxy);
  /**
   * GstRtmsSrc:user-agent:
   *
   * The User-Agent header of the element's HTTP requests.
   *
   * Default: `gst-rtms/` and the version.
   *
   * Since: 0.1
   */
  install->string("user-agent", "User agent",
                  "User-Agent header of the HTTP requests; default: gst-rtms and its version",
                  &Settings::user_agent);
  /**
   * GstRtmsSrc:context:
   *
   * The name of the thread that serves the element's connections. All elements of a process with
   * the same name share one thread, like the elements of GStreamer's threadshare plugin; one
   * processor core serves hundreds of meetings. An element cannot be stopped from a callback that
   * runs on this thread, for example a synchronous bus handler or a `pad-added` handler of any
   * element with the same name.
   *
   * Default: none, a thread for this element alone.
   *
   * Since: 0.1
   */
  install->string("context", "Context",
                  "Name of the thread that serves the connections; elements with the same name "
                  "share one thread; default: a thread for this element alone",
                  &Settings::context);
}

}  // namespace rtms
