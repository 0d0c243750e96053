// SPDX-License-Identifier: LGPL-2.1-or-later
// libFuzzer: a stranger's HTTP request. Read at once and in two pieces it must mean the same; its
// bounds hold; a request that is accepted has no second meaning: one length, no transfer coding, no
// control characters.
#include "http/httpreader.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

namespace {

using rtms::HttpReader;
using State = HttpReader::State;

void expect(bool holds, const char *what) {
  if (holds)
    return;
  std::fprintf(stderr, "violated: %s\n", what);
  std::abort();
}

bool is_control(char c) {
  return (static_cast<unsigned char>(c) < ' ' && c != '\t') || c == 0x7f;
}

void expect_sound(const HttpReader &reader) {
  if (reader.state() == State::Refused) {
    expect(reader.status() >= 400 && reader.status() < 600, "a refusal has a status");
    expect(*reader.why(), "a refusal has a reason");
  }
  if (reader.state() != State::Body && reader.state() != State::Complete)
    return;
  const rtms::HttpHead &head = reader.head();
  expect(head.headers.size() <= rtms::kMaxHttpHeaders, "the number of headers");
  expect(head.header("transfer-encoding").empty(), "no transfer coding");
  expect(std::none_of(head.path.begin(), head.path.end(), is_control), "the path");
  for (const auto &[name, value] : head.headers) {
    expect(!name.empty() && std::none_of(name.begin(), name.end(), is_control), "a header's name");
    expect(std::none_of(value.begin(), value.end(), is_control), "a header's value");
  }
  expect(reader.body().size() <= head.content_length, "the body's size");
  expect((reader.body().size() == head.content_length) == (reader.state() == State::Complete),
         "the body's end");
}

}  // namespace

// The first byte says where it is cut.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0)
    return 0;
  const std::string_view text(reinterpret_cast<const char *>(data + 1), size - 1);
  const size_t cut = text.size() * data[0] / 255;
  HttpReader whole, pieces;
  whole.add(text);
  pieces.add(text.substr(0, cut));
  pieces.add(text.substr(cut));
  expect_sound(whole);
  expect(whole.state() == pieces.state() && whole.status() == pieces.status(), "the same state");
  if (whole.state() == State::Complete) {
    expect(whole.head().method == pieces.head().method, "the same method");
    expect(whole.head().path == pieces.head().path, "the same path");
    expect(whole.head().headers == pieces.head().headers, "the same headers");
    expect(whole.body() == pieces.body(), "the same body");
  }
  whole.clear();
  return 0;
}
