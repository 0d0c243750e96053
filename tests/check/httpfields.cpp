// SPDX-License-Identifier: LGPL-2.1-or-later
// What some headers of a stranger's request mean: Range, Host, Authorization.
#include "http/httpfields.h"

#include "gst_check.h"

#include <string>

using namespace rtms;

namespace {

using Kind = HttpRange::Kind;

void expect_range(const char *value, uint64_t file, Kind kind, uint64_t first = 0,
                  uint64_t size = 0) {
  const HttpRange range = range_of(value, file);
  fail_unless(range.kind == kind && range.first == first && range.size == size,
              "%s of %d: %d, %d bytes from %d", value, static_cast<int>(file),
              static_cast<int>(range.kind), static_cast<int>(range.size),
              static_cast<int>(range.first));
}

void expect_host(const char *value, const char *host) {
  fail_unless(host_of(value) == host, "%s: %s", value, host_of(value).c_str());
}

void expect_token(const std::string &value, const char *token) {
  const auto got = token_of(value);
  fail_unless(token ? got && *got == token : !got, "%s: %s", value.c_str(),
              got ? got->c_str() : "nothing");
}

}  // namespace

GST_START_TEST(test_range) {
  constexpr uint64_t kLargest = UINT64_MAX;
  expect_range("bytes=0-0", 10, Kind::Part, 0, 1);
  expect_range("bytes=2-", 10, Kind::Part, 2, 8);
  expect_range("bytes=2-99", 10, Kind::Part, 2, 8);
  expect_range("bytes=-3", 10, Kind::Part, 7, 3);
  expect_range("bytes=-11", 10, Kind::Part, 0, 10);
  expect_range("Bytes=00002-0003", 10, Kind::Part, 2, 2);
  expect_range("bytes=0-18446744073709551615", kLargest, Kind::Part, 0, kLargest);
  expect_range("bytes=10-", 10, Kind::Outside);
  expect_range("bytes=-0", 10, Kind::Outside);
  expect_range("bytes=0-", 0, Kind::Outside);
  expect_range("bytes=-5", 0, Kind::Outside);
  for (const char *value : {"", "bytes", "bytes=", "bytes=-", "bytes=3-2", "bytes=0-1,2-3",
                            "bytes=0-1,", "bytes=a-", "bytes=+1-2", "bytes=1-2 ", "bytes= 1-2",
                            "bytes=18446744073709551616-", "items=0-1", "0-1", "bytes=0--1"})
    expect_range(value, 10, Kind::Whole);
}
GST_END_TEST;

GST_START_TEST(test_host) {
  expect_host("localhost", "localhost");
  expect_host("LOCALHOST:9090", "localhost");
  expect_host("127.0.0.1:1", "127.0.0.1");
  expect_host("[::1]", "::1");
  expect_host("[FE80::1]:80", "fe80::1");
  expect_host("under_score.example", "under_score.example");
  for (const char *value : {"", ":80", "a b", "a/b", "user@localhost", "localhost:", "localhost:8a",
                            "a, b", "[::1", "::1]", "[]", "[::1]x", "[localhost]",
                            "[::1]:", "a:1:2", "[fe80::1%25eth0]", "h\xc3\xb6st"})
    expect_host(value, "");
  expect_host(std::string(256, 'a').c_str(), "");
}
GST_END_TEST;

GST_START_TEST(test_token) {
  expect_token("Bearer secret", "secret");
  expect_token("BEARER   secret", "secret");
  expect_token("Bearer two words", "two words");
  expect_token("Basic YTpi", "b");
  expect_token("basic OnNlY3JldA==", "secret");
  expect_token("Basic YTpiOmM=", "b:c");
  expect_token("Basic YTo=", "");
  for (const char *value :
       {"", "Bearer", "Bearersecret", "Basic", "Basic YQ==", "Basic YTpi=", "Basic YTpi YTpi",
        "Basic !!!!", "Basic YTp", "Digest secret", "secret", "Bearer\tsecret"})
    expect_token(value, nullptr);
}
GST_END_TEST;

static Suite *httpfields_suite(void) {
  Suite *suite = suite_create("httpfields");
  TCase *tc = tcase_create("fields");
  suite_add_tcase(suite, tc);
  tcase_add_test(tc, test_range);
  tcase_add_test(tc, test_host);
  tcase_add_test(tc, test_token);
  return suite;
}

GST_CHECK_MAIN(httpfields)
