// SPDX-License-Identifier: LGPL-2.1-or-later
#include "captions.h"

#include <glib.h>

#include <algorithm>

namespace rtms::program {
namespace {

constexpr uint64_t kMillisecond = 1000000;
constexpr uint64_t kLeast = 1000 * kMillisecond;          // the minimum time of a page
constexpr uint64_t kPerColumn = 50 * kMillisecond;        // and its reading time
constexpr uint64_t kMostDelay = 6000 * kMillisecond;      // earlier pages are dropped beyond that
constexpr uint64_t kMostDuration = 20000 * kMillisecond;  // limits a wrong end time
constexpr const char *kRightToLeft = "\xe2\x80\x8f";      // U+200F

using Ucs4 = std::u32string;

Ucs4 to_ucs4(const std::string &text) {
  glong length = 0;
  gunichar *characters =
      g_utf8_to_ucs4_fast(text.c_str(), static_cast<glong>(text.size()), &length);
  Ucs4 result(characters, characters + length);
  g_free(characters);
  return result;
}

std::string to_utf8(const Ucs4 &text) {
  std::string result;
  for (char32_t character : text) {
    char bytes[6];
    const int length = g_unichar_to_utf8(character, bytes);
    result.append(bytes, static_cast<std::size_t>(length));
  }
  return result;
}

unsigned width_of(char32_t character) {
  return g_unichar_iszerowidth(character) ? 0 : g_unichar_iswide(character) ? 2 : 1;
}

unsigned columns_of(const Ucs4 &text) {
  unsigned columns = 0;
  for (char32_t character : text)
    columns += width_of(character);
  return columns;
}

bool is_directional(char32_t character) {
  return (character >= 0x202a && character <= 0x202e) ||
         (character >= 0x2066 && character <= 0x2069);
}

bool is_right_to_left(const Ucs4 &text) {
  unsigned right = 0, left = 0;
  for (char32_t character : text) {
    if (!g_unichar_isalpha(character))
      continue;
    switch (g_unichar_get_script(character)) {
      case G_UNICODE_SCRIPT_ARABIC:
      case G_UNICODE_SCRIPT_HEBREW:
      case G_UNICODE_SCRIPT_SYRIAC:
      case G_UNICODE_SCRIPT_THAANA:
      case G_UNICODE_SCRIPT_NKO:
        right++;
        break;
      default:
        left++;
    }
  }
  return right > left;
}

// Returns the end of the line that begins at `from`: at most `columns` wide, but not empty.
std::size_t end_of_line(const Ucs4 &text, std::size_t from, unsigned columns) {
  unsigned used = 0;
  std::size_t place = 0;  // where to break; 0: nowhere yet
  std::size_t at = from;
  for (; at < text.size(); at++) {
    const unsigned width = width_of(text[at]);
    if (text[at] == ' ' || (at > from && width > 0 && g_unichar_iswide(text[at - 1])))
      place = at;
    if (used + width > columns)
      break;
    used += width;
  }
  if (at == text.size())
    return at;
  if (place > from)
    return place;
  return std::max(at, from + 1);
}

unsigned widest_word(const Ucs4 &text) {
  unsigned widest = 2, width = 0;
  for (char32_t character : text) {
    width = character == ' ' || g_unichar_iswide(character) ? 0 : width + width_of(character);
    widest = std::max(widest, width);
  }
  return widest;
}

}  // namespace

std::string clean_text(const std::string &text) {
  gchar *valid = g_utf8_make_valid(text.c_str(), static_cast<gssize>(text.size()));
  Ucs4 result;
  for (char32_t character : to_ucs4(valid)) {
    if (is_directional(character))
      continue;
    const bool space = g_unichar_isspace(character) || g_unichar_iscntrl(character);
    if (!space)
      result += character;
    else if (!result.empty() && result.back() != ' ')
      result += U' ';
  }
  g_free(valid);
  while (!result.empty() && result.back() == ' ')
    result.pop_back();
  return to_utf8(result);
}

namespace {

std::vector<std::string> broken(const Ucs4 &characters, unsigned columns) {
  const std::string mark = is_right_to_left(characters) ? kRightToLeft : "";
  std::vector<std::string> lines;
  for (std::size_t from = 0; from < characters.size();) {
    const std::size_t end = end_of_line(characters, from, columns);
    lines.push_back(mark + to_utf8(characters.substr(from, end - from)));
    from = end;
    while (from < characters.size() && characters[from] == ' ')
      from++;
  }
  return lines;
}

}  // namespace

// Makes lines as narrow as their number allows without breaking words: lines of equal length are
// easier to read.
std::vector<std::string> wrap(const std::string &text, unsigned columns) {
  const Ucs4 characters = to_ucs4(clean_text(text));
  std::vector<std::string> lines = broken(characters, columns);
  const unsigned narrowest = widest_word(characters);
  while (columns > narrowest) {
    std::vector<std::string> narrower = broken(characters, --columns);
    if (narrower.size() > lines.size())
      break;
    lines = std::move(narrower);
  }
  return lines;
}

void Captions::add(uint64_t start, uint64_t duration, const std::string &text) {
  const std::vector<std::string> lines = wrap(text, kColumns);
  if (lines.empty())
    return;
  duration = std::min(duration, kMostDuration);
  const uint64_t end = start + duration;
  while (!pages_.empty() && pages_.back().readable > start + kMostDelay)
    pages_.pop_back();
  const std::size_t count = (lines.size() + kLines - 1) / kLines;
  for (std::size_t page = 0; page < count; page++) {
    std::string shown;
    unsigned columns = 0;
    for (std::size_t line = page * kLines; line < std::min((page + 1) * kLines, lines.size());
         line++) {
      shown += (shown.empty() ? "" : "\n") + lines[line];
      columns += columns_of(to_ucs4(lines[line]));
    }
    const uint64_t planned = start + duration * page / count;
    const uint64_t from = pages_.empty() ? planned : std::max(planned, pages_.back().readable);
    if (!pages_.empty())
      pages_.back().end = std::min(pages_.back().end, from);
    const uint64_t readable = from + std::max(kLeast, kPerColumn * columns);
    pages_.push_back({from, std::max(end, readable), readable, shown});
  }
}

std::string Captions::at(uint64_t time) {
  while (!pages_.empty() && pages_.front().end <= time)
    pages_.pop_front();
  return pages_.empty() || pages_.front().start > time ? "" : pages_.front().text;
}

}  // namespace rtms::program
