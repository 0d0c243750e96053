// SPDX-License-Identifier: LGPL-2.1-or-later
#include "properties.h"

#include "installer.h"
#include "protocol/webhook.h"

namespace rtms {
namespace {

struct Setter {
  Settings *settings;
  const GValue *value;

  void operator()(std::string Settings::*member) const { settings->*member = text(); }
  void operator()(Secret Settings::*member) const { settings->*member = Secret(text()); }
  void operator()(bool Settings::*member) const { settings->*member = g_value_get_boolean(value); }
  void operator()(int Settings::*member) const {
    settings->*member =
        G_VALUE_HOLDS_ENUM(value) ? g_value_get_enum(value) : g_value_get_int(value);
  }
  void operator()(unsigned Settings::*member) const {
    settings->*member =
        G_VALUE_HOLDS_FLAGS(value) ? g_value_get_flags(value) : g_value_get_uint(value);
  }
  void operator()(uint64_t Settings::*member) const {
    settings->*member = g_value_get_uint64(value);
  }

  const char *text() const {
    const char *string = g_value_get_string(value);
    return string ? string : "";
  }
};

struct Getter {
  const Settings &settings;
  GValue *value;

  void operator()(std::string Settings::*member) const {
    const std::string &text = settings.*member;
    if (member == &Settings::webhook)
      g_value_set_string(value, text.empty() ? nullptr : redact_webhook(text).c_str());
    else if (member == &Settings::proxy)
      g_value_set_string(value, text.empty() ? nullptr : shown_proxy(settings).c_str());
    else
      g_value_set_string(value, text.empty() ? nullptr : text.c_str());
  }
  void operator()(Secret Settings::*) const {}  // write-only
  void operator()(bool Settings::*member) const { g_value_set_boolean(value, settings.*member); }
  void operator()(int Settings::*member) const {
    if (G_VALUE_HOLDS_ENUM(value))
      g_value_set_enum(value, settings.*member);
    else
      g_value_set_int(value, settings.*member);
  }
  void operator()(unsigned Settings::*member) const {
    if (G_VALUE_HOLDS_FLAGS(value))
      g_value_set_flags(value, settings.*member);
    else
      g_value_set_uint(value, settings.*member);
  }
  void operator()(uint64_t Settings::*member) const { g_value_set_uint64(value, settings.*member); }
};

void install_settings(GObjectClass *klass) {
  Installer install(klass);
  install_stream_properties(&install);
  install_webhook_properties(&install);
  install_media_properties(&install);
  install_network_properties(&install);
  install_timing_properties(&install);
}

}  // namespace

void install_properties(GObjectClass *klass) {
  install_settings(klass);
  constexpr auto read_write = static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
                                                       GST_PARAM_MUTABLE_READY);
  constexpr auto read_only = static_cast<GParamFlags>(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  /**
   * GstRtmsSrc:tls-database:
   *
   * The database of certificate authorities to trust.
   *
   * Default: the authorities in #GstRtmsSrc:tls-ca-file, else the system's.
   *
   * Since: 0.1
   */
  g_object_class_install_property(
      klass, kTlsDatabaseProperty,
      g_param_spec_object("tls-database", "TLS database",
                          "Database of certificate authorities to trust; default: the authorities "
                          "in tls-ca-file, else the system's",
                          G_TYPE_TLS_DATABASE, read_write));
  /**
   * GstRtmsSrc:stats:
   *
   * A structure `rtms-stats` with the totals since the last state change to PAUSED. It contains one
   * structure for each kind of media (`audio`, `video`, `screen`, `transcript`, `chat`) with the
   * same fields and a few more. Every field exists from the start, with the value 0.
   *
   * - `messages`: number of media messages received for a linked pad
   * - `bytes`: size of their buffers
   * - `dropped`: number of buffers that were not pushed, because the pipeline was too slow, the
   *   payload was damaged, the frame was larger than 8192x4352 pixels or of unknown size, or the
   *   keyframe before it was missing
   * - `discontinuities`: number of interruptions: data was lost with a connection or dropped from
   *   a full queue, or a timestamp did not fit the others
   * - `reconnects`: number of connections that were lost and restored
   * - `keep-alives`: number of keep-alive requests answered
   * - `ignored`: number of messages that were damaged, of an unknown type, or came before
   * - `queue-bytes`: queue level of the pads now, in bytes
   * - `queue-time`: queue level of the pads now, in ns of running time
   * - `last-timestamp`: time of capture of the newest message, in Unix ms
   * - `latency`: delay between capture and arrival of the newest message, minus that of the first
   *   message, in ns; negative where the delay of the newest message is shorter
   *
   * Since: 0.1
   */
  g_object_class_install_property(
      klass, kStatsProperty,
      g_param_spec_boxed(
          "stats", "Statistics",
          "Number of messages, bytes, dropped buffers and reconnects, and queue levels, "
          "in total and for each kind of media",
          GST_TYPE_STRUCTURE, read_only));
  /**
   * GstRtmsSrc:webhook-url:
   *
   * The URL at which the element accepts webhooks: #GstRtmsSrc:webhook-listen, with the port that
   * the system chose where the property has port 0. %NULL while the element does not listen.
   *
   * Since: 0.1
   */
  g_object_class_install_property(
      klass, kWebhookUrlProperty,
      g_param_spec_string(
          "webhook-url", "Webhook URL",
          "URL at which the element accepts webhooks: webhook-listen with the port in "
          "use; NULL while the element does not listen",
          nullptr, read_only));
  /**
   * GstRtmsSrc:connect-until:
   *
   * Until when the element may be connected, in ns of `CLOCK_BOOTTIME`, which goes on while the
   * process or the machine sleeps; 0 sets no limit. After that time the element makes no
   * connection and sends nothing: it closes its connections, pushes the media that the service has
   * sent already, for 0.3 s at most, and posts an error. Applications that share streams with
   * others, and may use one only as long as they hold a lease of it, set the end of the lease here,
   * again and again. A new value holds at once, in each state.
   *
   * Valid: 0 ns and more. Errors: RESOURCE/NOT_AUTHORIZED when the time has passed.
   *
   * Since: 0.1
   */
  g_object_class_install_property(
      klass, kConnectUntilProperty,
      g_param_spec_uint64("connect-until", "Connect until",
                          "Until when the element may be connected, in ns of CLOCK_BOOTTIME; then "
                          "it closes its connections and posts an error (0 = no limit)",
                          0, G_MAXUINT64, 0,
                          static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
                                                   GST_PARAM_MUTABLE_PLAYING)));
}

bool set_setting(Settings *settings, guint id, const GValue *value) {
  if (id == 0 || id > Installer::members().size())
    return false;
  std::visit(Setter{settings, value}, Installer::members()[id - 1]);
  return true;
}

bool get_setting(const Settings &settings, guint id, GValue *value) {
  if (id == 0 || id > Installer::members().size())
    return false;
  std::visit(Getter{settings, value}, Installer::members()[id - 1]);
  return true;
}

}  // namespace rtms
