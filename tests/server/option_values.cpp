// SPDX-License-Identifier: LGPL-2.1-or-later
#include "option_values.h"

#include <glib.h>

#include <cstdio>
#include <cstdlib>

#include "glib_ptr.h"
#include "rules.h"

namespace rtmstest {

namespace {

// "NAME:REST"
bool cut(const std::string &part, std::string *name, std::string *rest) {
  const std::size_t colon = part.find(':');
  if (colon == std::string::npos)
    return false;
  *name = part.substr(0, colon);
  *rest = part.substr(colon + 1);
  return true;
}

bool parse_span(const std::string &text, Span *span) {
  double from_s = 0, to_s = 0;
  if (std::sscanf(text.c_str(), "%lf-%lf", &from_s, &to_s) != 2 || from_s >= to_s)
    return false;
  *span = {static_cast<int64_t>(from_s * 1000), static_cast<int64_t>(to_s * 1000)};
  return true;
}

bool refuse(const std::string &name, int status, Config *config) {
  const std::optional<Media> m = media_named(name);
  if (m)
    config->status_media[*m] = status;
  else if (name == "signaling")
    config->status_signaling = status;
  else if (name == "http-signaling")
    config->upgrade_status_signaling = status;
  else if (name == "http-media")
    config->upgrade_status_media = status;
  else
    return false;
  return true;
}

}  // namespace

void set(std::string *to, const char *from, const char *variable) {
  const char *fallback = variable ? g_getenv(variable) : nullptr;
  if (from)
    *to = from;
  else if (fallback)
    *to = fallback;
}

std::vector<std::string> split(const char *list) {
  Ptr<char *, g_strfreev> parts(g_strsplit(list ? list : "", ",", -1));
  return std::vector<std::string>(parts.get(), parts.get() + g_strv_length(parts.get()));
}

std::optional<Media> media_named(const std::string &name) {
  for (Media m : kAllMedia)
    if (name == media_name(m))
      return m;
  return std::nullopt;
}

bool parse_media(const char *list, std::set<Media> *media, std::string *error) {
  if (!list)
    return true;
  media->clear();
  for (const std::string &name : split(list)) {
    std::optional<Media> m = media_named(name);
    if (!m) {
      *error = "unknown media: " + name;
      return false;
    }
    media->insert(*m);
  }
  return true;
}

bool parse_numbers(const char *list, std::vector<int> *numbers, std::string *error) {
  for (const std::string &part : split(list)) {
    char *end = nullptr;
    numbers->push_back(static_cast<int>(std::strtol(part.c_str(), &end, 10)));
    if (end != part.c_str() && *end == 0)
      continue;
    *error = "not a number: " + part;
    return false;
  }
  return true;
}

bool parse_spans(const char *list, std::vector<std::pair<Where, Span>> *spans, std::string *error) {
  for (const std::string &part : split(list)) {
    std::string name, times;
    Span span;
    const bool readable = cut(part, &name, &times) && parse_span(times, &span);
    const std::optional<Media> m = media_named(name);
    if (!readable || (!m && name != "signaling")) {
      *error = "not NAME:FROM-TO: " + part;
      return false;
    }
    spans->emplace_back(m, span);
  }
  return true;
}

bool parse_off(const char *list, std::map<Media, std::vector<Span>> *off, std::string *error) {
  std::vector<std::pair<Where, Span>> spans;
  if (!parse_spans(list, &spans, error))
    return false;
  for (const auto &[where, span] : spans) {
    if (!where) {
      *error = "signaling is not a medium";
      return false;
    }
    (*off)[*where].push_back(span);
  }
  return true;
}

bool parse_refusals(const char *list, Config *config, std::string *error) {
  for (const std::string &part : split(list)) {
    std::string name, status;
    std::vector<int> number;
    if (cut(part, &name, &status) && parse_numbers(status.c_str(), &number, error) &&
        number.size() == 1 && refuse(name, number[0], config))
      continue;
    *error = "not NAME:STATUS: " + part;
    return false;
  }
  return true;
}

}  // namespace rtmstest
