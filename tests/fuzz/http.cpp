// SPDX-License-Identifier: LGPL-2.1-or-later
// libFuzzer: a stranger's HTTP request. Read at once and in two pieces it must mean the same; its
// bounds hold; a request that is accepted has no second meaning: one length, no transfer coding, no
// control characters. So do the headers that the admin port reads: a range lies in its file, a host
// is a name or an address, a token is what was encoded.
#include "http/httpfields.h"
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

void expect_range(const std::string &value, uint64_t file_size) {
  using Kind = rtms::HttpRange::Kind;
  const rtms::HttpRange range = rtms::range_of(value, file_size);
  if (range.kind != Kind::Part) {
    expect(range.first == 0 && range.size == 0, "nothing of a range that is none");
    return;
  }
  expect(range.size > 0 && range.first < file_size && range.size <= file_size - range.first,
         "the range in the file");
  expect(value.find(',') == std::string::npos, "one range");
  const std::string again =
      "bytes=" + std::to_string(range.first) + "-" + std::to_string(range.first + (range.size - 1));
  const rtms::HttpRange same = rtms::range_of(again, file_size);
  expect(same.kind == Kind::Part && same.first == range.first && same.size == range.size,
         "the same range in its plain spelling");
}

void expect_host(const std::string &value) {
  const std::string host = rtms::host_of(value);
  const auto valid = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           std::string_view("-._:").find(c) != std::string_view::npos;
  };
  expect(std::all_of(host.begin(), host.end(), valid), "the host's characters");
  const bool address = host.find(':') != std::string::npos;
  expect(host.empty() || rtms::host_of(address ? "[" + host + "]" : host) == host,
         "the same host again");
}

void expect_token(const std::string &value) {
  const auto token = rtms::token_of(value);
  if (!token)
    return;
  expect(token->size() < value.size(), "no more than was sent");
  if (token->empty() || std::any_of(token->begin(), token->end(), is_control) ||
      token->front() == ' ')
    return;
  const auto again = rtms::token_of("Bearer " + *token);
  expect(again && *again == *token, "the same token again");
}

void expect_fields(const rtms::HttpHead &head) {
  for (uint64_t file_size : {uint64_t{0}, uint64_t{1}, uint64_t{1000}, UINT64_MAX})
    expect_range(head.header("range"), file_size);
  expect_host(head.header("host"));
  expect_token(head.header("authorization"));
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
  if (whole.state() == State::Complete || whole.state() == State::Body)
    expect_fields(whole.head());
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
