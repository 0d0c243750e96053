// SPDX-License-Identifier: LGPL-2.1-or-later
// libFuzzer: base64 against a decoder that takes one character after the other, then what is read
// from the bytes.
#include "media/decode.h"
#include "media/gstptr.h"
#include "media/picture.h"
#include "media/picturesize.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
// GLib leaks its table of quarks on purpose when that grows, and GStreamer makes it grow: leaks are
// valgrind's business.
extern "C" int __lsan_is_turned_off();

namespace {

using namespace rtms;

void expect(bool holds, const char *what) {
  if (holds)
    return;
  std::fprintf(stderr, "violated: %s\n", what);
  std::abort();
}

int value_of(char c) {
  static const std::string alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const size_t at = alphabet.find(c);
  return at == std::string::npos ? -1 : static_cast<int>(at);
}

// False where it is not base64, or nothing. `canonical`: no bits are set that padding cuts off.
bool reference(std::string_view text, std::string *bytes, bool *canonical) {
  if (text.empty() || text.size() % 4 != 0)
    return false;
  size_t length = text.size();
  while (length > text.size() - 2 && text[length - 1] == '=')
    length--;
  unsigned bits = 0, count = 0;
  for (char c : text.substr(0, length)) {
    const int value = value_of(c);
    if (value < 0)
      return false;
    bits = (bits << 6 | static_cast<unsigned>(value)) & 0xfff;
    count += 6;
    if (count >= 8) {
      count -= 8;
      *bytes += static_cast<char>(bits >> count & 0xff);
    }
  }
  *canonical = (bits & ((1u << count) - 1)) == 0;
  return true;
}

void read_audio(GstBuffer *buffer) {
  for (ContentType content : {ContentType::RawAudio, ContentType::Rtp})
    for (Codec codec : {Codec::L16, Codec::G711, Codec::G722, Codec::Opus})
      for (int channels : {1, 2}) {
        const AudioParams params{content, codec, 16000, channels, DataOpt::AudioMixed, 20};
        audio_duration(params, buffer);
        audio_is_whole(params, buffer);
        rtp_payload_type(buffer);
      }
}

void read_picture(GstBuffer *buffer) {
  plain_codec(buffer);
  begins_oversized(buffer);
  for (Codec codec : {Codec::H264, Codec::Jpeg, Codec::Png}) {
    picture_kind(codec, buffer);
    const auto size = picture_size(codec, buffer);
    if (!size)
      continue;
    expect(size->width > 0 && size->height > 0, "a size");
    if (codec == Codec::H264 && !size->is_sane())
      expect(begins_oversized(buffer), "too large for each reader");
  }
}

void expect_bytes(GstBuffer *buffer, const std::string &bytes) {
  ReadMap map(buffer);
  expect(map.size() == bytes.size() && memcmp(map.data(), bytes.data(), map.size()) == 0,
         "the bytes");
}

}  // namespace

extern "C" int __lsan_is_turned_off() {
  return 1;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const bool ready = gst_init_check(nullptr, nullptr, nullptr);
  expect(ready, "GStreamer");
  const std::string_view text(reinterpret_cast<const char *>(data), size);
  static PacketPool pool(PacketSizes{1, 1 << 20, 64, 1 << 20});
  BufferPtr buffer = decode_base64(text);
  const BufferPtr pooled = decode_base64(text, &pool);
  std::string bytes;
  bool canonical = true;
  const bool valid = reference(text, &bytes, &canonical);
  // RFC 4648 3.5 leaves it to the decoder what it does with bits that padding cuts off.
  if (canonical)
    expect(valid == (buffer != nullptr), "what is base64");
  expect((buffer != nullptr) == (pooled != nullptr), "the same with a pool");
  if (buffer) {
    expect_bytes(buffer.get(), bytes);
    expect_bytes(pooled.get(), bytes);
  } else if (size > 0) {
    // Else a mutation would have to find base64 to come further.
    buffer = text_buffer(text);
  }
  if (buffer) {
    read_audio(buffer.get());
    read_picture(buffer.get());
  }
  return 0;
}
