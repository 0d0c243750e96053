// SPDX-License-Identifier: LGPL-2.1-or-later
#include "mediascan.h"

#include "json_read.h"
#include "shorten.h"

#include <glib.h>
#include <cstring>
#include <utility>

namespace rtms {
namespace {

// Fits into 63 bits without looking.
constexpr ptrdiff_t kMaxDigits = 18;

bool is_valid(std::string_view string) {
  bool ascii = true;
  for (char c : string) {
    if (static_cast<unsigned char>(c) < 0x20)
      return false;
    ascii &= static_cast<unsigned char>(c) < 0x80;
  }
  return ascii || g_utf8_validate_len(string.data(), string.size(), nullptr);
}

// Reads a text from its front. After nothing, or a false, the place is undefined: the text is left
// to the parser.
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

  // A string without escapes; what it holds is not checked.
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
    uint64_t value = 0;  // of too many digits it is refused
    for (; at_ != end_ && *at_ >= '0' && *at_ <= '9'; at_++)
      value = value * 10 + static_cast<uint64_t>(*at_ - '0');
    const auto digits = at_ - start;
    if (digits == 0 || digits > kMaxDigits || (digits > 1 && *start == '0'))
      return std::nullopt;
    return static_cast<int64_t>(value);
  }

  // A value that nobody asks for.
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

  // Calls member(key) for each of an object: it reads the value.
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

// Each member once: the parser knows which of two counts.
template <typename T>
bool set(std::optional<T> *field, std::optional<T> value) {
  const bool first = !*field;
  *field = value;
  return first && value;
}

// Members that mean something, somewhere; those that are not valid might.
bool is_known(std::string_view key) {
  for (std::string_view known :
       {"msg_type", "content", "data", "user_id", "user_name", "channel_id", "timestamp", "length",
        "start_time", "end_time", "language", "is_final", "attribute"})
    if (key == known)
      return true;
  return !is_valid(key);
}

struct Content {
  std::optional<std::string_view> payload, user_name, channel_id;
  std::optional<int64_t> user_id, timestamp, length;
};

bool scan_content(Scanner *scanner, Content *content) {
  return scanner->object([&](std::string_view key) {
    if (key == "data")
      return set(&content->payload, scanner->raw_string());
    if (key == "user_id")
      return set(&content->user_id, scanner->number());
    if (key == "user_name")
      return set(&content->user_name, scanner->short_string());
    if (key == "timestamp")
      return set(&content->timestamp, scanner->number());
    if (key == "length")
      return set(&content->length, scanner->number());
    if (key == "channel_id")
      return set(&content->channel_id, scanner->short_string());
    return !is_known(key) && scanner->skip();
  });
}

std::optional<Media> media_of(std::optional<int64_t> type) {
  switch (static_cast<MsgType>(type.value_or(0))) {
    case MsgType::MediaDataAudio:
      return Media::Audio;
    case MsgType::MediaDataVideo:
      return Media::Video;
    case MsgType::MediaDataShare:
      return Media::Screen;
    default:
      return std::nullopt;
  }
}

std::optional<MediaData> media_data(Media media, const Content &content) {
  if (!content.payload || content.timestamp > kLastTime_ms)
    return std::nullopt;
  MediaData data;
  data.media = media;
  data.payload = *content.payload;
  data.user_id = static_cast<uint64_t>(content.user_id.value_or(0));
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
    if (key == "msg_type")
      return set(&media, media_of(scanner.number()));
    if (key == "content")
      return !std::exchange(has_content, true) && scan_content(&scanner, &content);
    // Older servers have its members beside the content.
    return !is_known(key) && scanner.skip();
  });
  if (!scanned || !scanner.at_end() || !media)
    return std::nullopt;
  return media_data(*media, content);
}

}  // namespace rtms
