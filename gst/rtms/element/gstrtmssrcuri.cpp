// SPDX-License-Identifier: LGPL-2.1-or-later
// rtms:// and rtmss:// URIs: host and path of the signaling URL (ws, wss); the query sets
// properties by name.
#include "gstrtmssrcprivate.h"

#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

namespace rtms {
namespace {

struct UnsetValue {
  void operator()(GValue *value) const {
    g_value_unset(value);
    delete value;
  }
};
using ValuePtr = std::unique_ptr<GValue, UnsetValue>;
using Values = std::vector<std::pair<std::string, ValuePtr>>;

ValuePtr new_value(GType type) {
  ValuePtr value(new GValue(G_VALUE_INIT));
  g_value_init(value.get(), type);
  return value;
}

}  // namespace

// Guarded by the object lock.
struct UriState {
  std::string uri;
  Values before;  // values before the URI, of the properties that it set
};

namespace {

struct BadUri {
  std::string text;
};

// A URI may be from an untrusted source: it may set a stream and its media, but not TLS, proxies,
// files, listeners and limits.
bool uri_can_set(std::string_view name) {
  for (std::string_view prefix : {"audio-", "video-", "screen-", "transcript-"})
    if (name.substr(0, prefix.size()) == prefix)
      return true;
  for (std::string_view other :
       {"stream-id", "meeting-uuid", "session-id", "engagement-id", "call-id", "client-id",
        "media-types", "connection-mode", "buffer-data", "empty-pads", "fill", "latency",
        "text-wait", "replay-wait"})
    if (name == other)
      return true;
  return false;
}

// URIs are displayed, logged and passed on: secrets are refused, and webhooks with a signature.
std::variant<GParamSpec *, BadUri> property_of(GstRtmsSrc *self, const std::string &name) {
  GParamSpec *spec = g_object_class_find_property(G_OBJECT_GET_CLASS(self), name.c_str());
  const bool is_ours = spec && spec->owner_type == GST_TYPE_RTMS_SRC;
  const std::string_view known = is_ours ? spec->name : "";
  if (is_ours && (!(spec->flags & G_PARAM_READABLE) || known == "webhook"))
    return BadUri{
        "A URI must not hold a secret, as " + std::string(known) +
        " does, because URIs are shown and logged. Set the property, or an environment variable "
        "(ZM_RTMS_CLIENT, ZM_RTMS_SECRET, ZM_RTMS_WEBHOOK_SECRET)."};
  if (!is_ours || !(spec->flags & G_PARAM_WRITABLE) || !uri_can_set(known))
    return BadUri{"rtmssrc has no property \"" + name +
                  "\" that a URI can set. A query is made of NAME=VALUE, joined by &; it names the "
                  "stream and its media."};
  return spec;
}

std::variant<ValuePtr, BadUri> value_of(GParamSpec *spec, const char *text) {
  ValuePtr value = new_value(spec->value_type);
  if (spec->value_type == G_TYPE_STRING)
    g_value_set_string(value.get(), text);
  else if (!gst_value_deserialize_with_pspec(value.get(), text, spec))
    return BadUri{std::string("The value of ") + spec->name +
                  " in the URI is not valid. gst-inspect-1.0 rtmssrc lists the valid values."};
  return value;
}

std::optional<BadUri> read_query(GstRtmsSrc *self, const char *query, Values *values) {
  GUriParamsIter iter;
  g_uri_params_iter_init(&iter, query, -1, "&", G_URI_PARAMS_NONE);
  for (;;) {
    char *raw_name = nullptr, *raw_text = nullptr;
    GError *raw_error = nullptr;
    const bool more = g_uri_params_iter_next(&iter, &raw_name, &raw_text, &raw_error);
    StringPtr name(raw_name), text(raw_text);
    ErrorPtr error(raw_error);
    if (error)
      return BadUri{"The URI's query is not made of NAME=VALUE, joined by &."};
    if (!more)
      return std::nullopt;
    auto found = property_of(self, name.get());
    if (auto bad = std::get_if<BadUri>(&found))
      return *bad;
    GParamSpec *spec = std::get<GParamSpec *>(found);
    auto value = value_of(spec, text.get());
    if (auto bad = std::get_if<BadUri>(&value))
      return *bad;
    values->emplace_back(spec->name, std::get<ValuePtr>(std::move(value)));
  }
}

std::variant<Values, BadUri> read_uri(GstRtmsSrc *self, const char *text) {
  constexpr auto flags =
      static_cast<GUriFlags>(G_URI_FLAGS_ENCODED_PATH | G_URI_FLAGS_ENCODED_QUERY);
  UriPtr uri(g_uri_parse(text, flags, nullptr));
  const std::string_view scheme = uri ? g_uri_get_scheme(uri.get()) : "";
  if (scheme != "rtms" && scheme != "rtmss")
    return BadUri{"That is not an rtms:// or rtmss:// URI."};
  if (g_uri_get_userinfo(uri.get()))
    return BadUri{
        "A URI must not hold a user or password: the service does not use them. Remove them."};
  if (g_uri_get_fragment(uri.get()))
    return BadUri{"An rtms:// URI has no fragment: write # as %23."};
  Values values;
  const char *host = g_uri_get_host(uri.get());
  if (host && *host) {
    StringPtr url(g_uri_join(flags, scheme == "rtms" ? "ws" : "wss", nullptr, host,
                             g_uri_get_port(uri.get()), g_uri_get_path(uri.get()), nullptr,
                             nullptr));
    ValuePtr value = new_value(G_TYPE_STRING);
    g_value_set_string(value.get(), url.get());
    values.emplace_back("signaling-url", std::move(value));
  }
  if (const char *query = g_uri_get_query(uri.get()))
    if (auto bad = read_query(self, query, &values))
      return *bad;
  return values;
}

// Restores the last URI's properties, then sets `values`. Returns the previous values of those.
Values apply(GstRtmsSrc *self, const Values &values, Values before) {
  auto object = G_OBJECT(self);
  for (auto value = before.rbegin(); value != before.rend(); ++value)
    g_object_set_property(object, value->first.c_str(), value->second.get());
  before.clear();
  for (const auto &[name, value] : values) {
    before.emplace_back(name, new_value(G_VALUE_TYPE(value.get())));
    g_object_get_property(object, name.c_str(), before.back().second.get());
    g_object_set_property(object, name.c_str(), value.get());
  }
  return before;
}

gboolean set_uri(GstURIHandler *handler, const char *uri, GError **error) {
  GstRtmsSrc *self = GST_RTMS_SRC(handler);
  {
    RunLock lock(self);
    if (self->run) {
      g_set_error_literal(
          error, GST_URI_ERROR, GST_URI_ERROR_BAD_STATE,
          "The URI cannot be changed while the element runs: set the element to READY first.");
      return FALSE;
    }
  }
  auto read = read_uri(self, uri);
  const auto *values = std::get_if<Values>(&read);
  const bool has_host = values && std::any_of(values->begin(), values->end(), [](const auto &one) {
                          return one.first == "signaling-url";
                        });
  if (auto bad = std::get_if<BadUri>(&read)) {
    g_set_error_literal(error, GST_URI_ERROR, GST_URI_ERROR_BAD_URI, bad->text.c_str());
    return FALSE;
  }
  Values before;
  {
    ObjectLock lock(self);
    std::swap(before, self->uri->before);
  }
  before = apply(self, std::get<Values>(read), std::move(before));
  ObjectLock lock(self);
  self->settings->uri_signaling_url = has_host ? self->settings->signaling_url : "";
  self->uri->uri = uri;
  self->uri->before = std::move(before);
  return TRUE;
}

// Only properties that set_uri() accepts, which excludes secrets.
char *get_uri(GstURIHandler *handler) {
  GstRtmsSrc *self = GST_RTMS_SRC(handler);
  ObjectLock lock(self);
  return self->uri->uri.empty() ? nullptr : g_strdup(self->uri->uri.c_str());
}

GstURIType get_type(GType) {
  return GST_URI_SRC;
}

const char *const *get_protocols(GType) {
  static const char *const protocols[] = {"rtms", "rtmss", nullptr};
  return protocols;
}

}  // namespace

UriState *new_uri_state() {
  return new UriState;
}

void free_uri_state(UriState *state) {
  delete state;
}

void init_uri_handler(gpointer iface, gpointer) {
  auto handler = static_cast<GstURIHandlerInterface *>(iface);
  handler->get_type = get_type;
  handler->get_protocols = get_protocols;
  handler->get_uri = get_uri;
  handler->set_uri = set_uri;
}

}  // namespace rtms
