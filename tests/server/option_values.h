// SPDX-License-Identifier: LGPL-2.1-or-later
// Reads the values of command line options. Each function leaves what it fills alone where there is
// no text, and says in `error` what it cannot read.
#pragma once

#include "config.h"

namespace rtmstest {

// A named value of an enumeration.
template <class T>
struct Choice {
  const char *name;
  T value;
};
template <class T, std::size_t N>
bool choose(const char *name, const Choice<T> (&choices)[N], T *value, std::string *error) {
  if (!name)
    return true;
  for (const Choice<T> &choice : choices) {
    if (std::string_view(name) != choice.name)
      continue;
    *value = choice.value;
    return true;
  }
  *error = std::string("unknown value: ") + name;
  return false;
}

// The variable of the environment is read where there is no text.
void set(std::string *to, const char *from, const char *variable = nullptr);
std::vector<std::string> split(const char *list);
std::optional<Media> media_named(const std::string &name);
bool parse_media(const char *list, std::set<Media> *media, std::string *error);
bool parse_numbers(const char *list, std::vector<int> *numbers, std::string *error);
// MEDIA:FROM-TO,…
bool parse_off(const char *list, std::map<Media, std::vector<Span>> *off, std::string *error);
// signaling:FROM-TO,…, or a medium's name
bool parse_spans(const char *list, std::vector<std::pair<Where, Span>> *spans, std::string *error);
// signaling:STATUS,…, a medium's name, http-signaling or http-media
bool parse_refusals(const char *list, Config *config, std::string *error);

}  // namespace rtmstest
