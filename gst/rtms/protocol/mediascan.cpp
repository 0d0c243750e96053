// SPDX-License-Identifier: LGPL-2.1-or-later
#include "mediascan.h"

#include "json_read.h"
#include "mediaread.h"
#include "shorten.h"

#include <glib.h>
#include <cstring>
#include <utility>

namespace rtms {
namespace {

// Numbers up to this length fit into 63 bits.
constexpr ptrdiff_t kMaxDigits = 18;

// Strings with control characters are left to the parser, which replaces those.
bool is_valid(std::string_view string) {
  bool ascii = true;
  for (char c : string) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
      return false;
    ascii &= static_cast<unsigned char>(c) < 0x80;
  }
  return ascii ||
         (g_utf8_validate_len(string.data(), string.size(), nullptr) && !has_controls(string));
}

// Reads a text from its front. After a failure the position is undefined: the text is left to the
// parser.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : at_(text.data()), end_(at_ + text.size()) {}

  bool take(char wanted) {
    space();
    if (at_ == end_ || *at_ != wanted)
      return false;
    at_++;
    return true;
  }

  bool at_end() {
    space();
    return at_ == end_;
  }

  // A string without escapes; its contents are not checked.
  std::optional<std::string_view> raw_string() {
    const char *quote = nullptr;
    if (take('"'))
      quote = static_cast<const char *>(memchr(at_, '"', left()));
    if (!quote)
      return std::nullopt;
    const std::string_view string(at_, static_cast<size_t>(quote - at_));
    at_ = quote + 1;
    if (memchr(string.data(), '\\', string.size()))
      return std::nullopt;
    return string;
  }

  std::optional<std::string_view> short_string() {
    const auto text = raw_string();
    return text && text->size() <= kMaxShortText && is_valid(*text) ? text : std::nullopt;
  }

  // A whole number that is not negative.
  std::optional<int64_t> number() {
    space();
    const char *start = at_;
    uint64_t value = 0;  // may overflow: more than kMaxDigits are refused
    for (; at_ != end_ && *at_ >= '0' && *at_ <= '9'; at_++)
      value = value * 10 + static_cast<uint64_t>(*at_ - '0');
    const auto digits = at_ - start;
    if (digits == 0 || digits > kMaxDigits || (digits > 1 && *start == '0'))
      return std::nullopt;
    return static_cast<int64_t>(value);
  }

  // Skips an unused value.
  bool skip() {
    space();
    if (at_ != end_ && *at_ == '"')
      return short_string().has_value();
    for (std::string_view word : {"true", "false", "null"})
      if (std::string_view(at_, left()).substr(0, word.size()) == word) {
        at_ += word.size();
        return true;
      }
    return number().has_value();
  }

  // Calls member(key) for each member of an object; member() reads the value.
  template <typename Fn>
  bool object(Fn &&member) {
    if (!take('{'))
      return false;
    do {
      const auto key = raw_string();
      if (!key || !take(':') || !member(*key))
        return false;
    } while (take(','));
    return take('}');
  }

 private:
  size_t left() const { return static_cast<size_t>(end_ - at_); }

  void space() {
    while (at_ != end_ && *at_ <= ' ' &&
           (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t'))
      at_++;
  }

  const char *at_, *end_;
};

// Accepts each member once: the parser decides which of two counts.
template <typename T>
bool set(std::optional<T> *field, std::optional<T> value) {
  const bool first = !*field;
  *field = value;
  return first && value;
}

struct Content {
  std::optional<std::string_view> payload, user_name, channel_id;
  std::optional<int64_t> user_id, timestamp, length;
};

// Skips an unknown member. An invalid name is left to the parser: mended, it may be known.
bool skip_unknown(Scanner *scanner, std::string_view key) {
  return is_valid(key) && scanner->skip();
}

bool scan_content(Scanner *scanner, Content *content) {
  return scanner->object([&](std::string_view key) {
    switch (media_field(key)) {
      case MediaField::Data:
        return set(&content->payload, scanner->raw_string());
      case MediaField::UserId:
        return set(&content->user_id, scanner->number());
      case MediaField::UserName:
        return set(&content->user_name, scanner->short_string());
      case MediaField::Timestamp:
        return set(&content->timestamp, scanner->number());
      case MediaField::Length:
        return set(&content->length, scanner->number());
      case MediaField::ChannelId:
        return set(&content->channel_id, scanner->short_string());
      case MediaField::None:
        return skip_unknown(scanner, key);
      default:
        return false;
    }
  });
}

// Audio, video and screen; texts are left to the parser.
std::optional<Media> scanned_media(std::optional<int64_t> type) {
  const auto media = media_of(type.value_or(0));
  return media == Media::Transcript || media == Media::Chat ? std::nullopt : media;
}

std::optional<MediaData> media_data(Media media, const Content &content) {
  if (!content.payload || content.timestamp > kLastTime_ms)
    return std::nullopt;
  MediaData data;
  data.media = media;
  data.payload = *content.payload;
  data.user_id = user_of(static_cast<uint64_t>(content.user_id.value_or(0)));
  data.user_name = content.user_name.value_or("");
  data.channel_id = content.channel_id.value_or("");
  data.timestamp = content.timestamp.value_or(0);
  data.length = content.length;
  return data;
}

}  // namespace

std::optional<MediaData> scan_media(std::string_view text) {
  Scanner scanner(text);
  Content content;
  bool has_content = false;
  std::optional<Media> media;
  const bool scanned = scanner.object([&](std::string_view key) {
    switch (media_field(key)) {
      case MediaField::MsgType:
        return set(&media, scanned_media(scanner.number()));
      case MediaField::Content:
        return !std::exchange(has_content, true) && scan_content(&scanner, &content);
      case MediaField::None:
        return skip_unknown(&scanner, key);
      default:  // Older servers send the content's members beside it.
        return false;
    }
  });
  if (!scanned || !scanner.at_end() || !media)
    return std::nullopt;
  return media_data(*media, content);
}

}  // namespace rtms
