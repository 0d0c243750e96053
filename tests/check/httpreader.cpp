// SPDX-License-Identifier: LGPL-2.1-or-later
// One HTTP request of a stranger, read from pieces of any size; and who goes when all places are
// taken.
#include "http/httpreader.h"
#include "http/places.h"

#include "gst_check.h"

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <vector>

using namespace rtms;

namespace {

using State = HttpReader::State;

HttpReader read(const std::string &text) {
  HttpReader reader;
  reader.add(text);
  return reader;
}

void expect_refused(const std::string &text, unsigned status) {
  for (size_t size : {text.size(), size_t{1}, size_t{7}}) {
    HttpReader reader;
    for (size_t at = 0; at < text.size() && reader.state() != State::Refused; at += size)
      reader.add(std::string_view(text).substr(at, size));
    fail_unless(reader.state() == State::Refused && reader.status() == status,
                "%u instead of %u: %.80s", reader.status(), status, text.c_str());
    fail_unless(*reader.why());
  }
}

void expect_text(const std::string &got, const std::string &want) {
  fail_unless(got == want, "got '%s', expected '%s'", got.c_str(), want.c_str());
}

const std::string kLine = "POST /webhook?from=zoom HTTP/1.1\r\n";

}  // namespace

// Wherever TCP cuts it.
GST_START_TEST(test_any_pieces) {
  const std::string text =
      kLine +
      "Host: h\r\nX-ZM-Signature:\t v0=1 \r\nx-a: 1\r\nX-A: 2\r\ncontent-length: 5\r\n\r\nhello";
  for (size_t first = 0; first <= text.size(); first++) {
    for (size_t second = first; second <= text.size(); second += 3) {
      HttpReader reader;
      reader.add(std::string_view(text).substr(0, first));
      reader.add(std::string_view(text).substr(first, second - first));
      fail_unless(reader.add(text.substr(second) + "POST / HTTP") == State::Complete);
      expect_text(reader.head().method, "POST");
      expect_text(reader.head().path, "/webhook");
      expect_text(reader.head().header("x-zm-signature"), "v0=1");
      expect_text(reader.head().header("x-a"), "1, 2");
      expect_text(reader.head().header("x-b"), "");
      expect_text(reader.body(), "hello");
    }
  }
}
GST_END_TEST;

GST_START_TEST(test_states) {
  HttpReader reader;
  fail_unless(reader.add(kLine) == State::Head);
  fail_unless(reader.add("Content-Length: 2\r\nExpect: 100-Continue\r\n\r\n") == State::Body);
  fail_unless(reader.head().expects_continue && reader.head().content_length == 2);
  fail_unless(reader.add("a") == State::Body);
  fail_unless(reader.add("bc") == State::Complete);
  expect_text(reader.body(), "ab");
  fail_unless(read(kLine + "\r\n").state() == State::Complete);
  expect_text(read("GET http://host:1/a/b?c HTTP/1.0\r\n\r\n").head().path, "/a/b");
  expect_text(read("GET https://host HTTP/1.1\r\n\r\n").head().path, "/");
  expect_text(read("OPTIONS * HTTP/1.1\r\n\r\n").head().path, "*");
}
GST_END_TEST;

GST_START_TEST(test_refused) {
  for (const char *line :
       {"nonsense", "", "GET", "GET /", " / HTTP/1.1", "GET  HTTP/1.1", "G\x01T / HTTP/1.1",
        "GET /a b HTTP/1.1", "GET /\x7f HTTP/1.1", "GET /\xc3\xa4 HTTP/1.1"})
    expect_refused(std::string(line) + "\r\n\r\n", 400);
  for (const char *version : {"HTTP/2.0", "HTTP/1.2", "http/1.1", "HTTP/1.1 "})
    expect_refused(std::string("PRI * ") + version + "\r\n\r\n",
                   std::string(version).back() == ' ' ? 400 : 505);
  for (const char *header : {"Host", ": value", "A B: c", "A : c", " folded: x", "A: \x01",
                             "A: a\nb", "A: \x7f", "\xc3\xa4: x"})
    expect_refused(kLine + header + "\r\n\r\n", 400);
  expect_refused(kLine + std::string("A: a\0b\r\n\r\n", 10), 400);
  for (const char *length :
       {"-1", "+1", "1x", "0x10", "1, 1", "18446744073709551616", "1 1", "\"1\""})
    expect_refused(kLine + "Content-Length: " + length + "\r\n\r\n", 400);
  expect_refused(kLine + "Content-Length: 1\r\nContent-Length: 2\r\n\r\n", 400);
  for (const char *coding : {"gzip", "chunked, gzip", "identity", "xchunked"})
    expect_refused(kLine + "Transfer-Encoding: " + coding + "\r\n\r\n", 501);
  expect_refused(kLine + "Transfer-Encoding: Chunked\r\nContent-Length: 3\r\n\r\n", 411);
}
GST_END_TEST;

GST_START_TEST(test_bounds) {
  const std::string fits(kMaxHttpHead - kLine.size() - 7, 'x');
  fail_unless(read(kLine + "X: " + fits + "\r\n\r\n").state() == State::Complete);
  expect_refused(kLine + "X: " + fits + "y\r\n\r\n", 431);
  expect_refused(std::string(kMaxHttpHead, 'x'), 431);
  std::string many = kLine;
  for (size_t i = 0; i < kMaxHttpHeaders; i++)
    many += "A: b\r\n";
  fail_unless(read(many + "\r\n").state() == State::Complete);
  expect_refused(many + "A: b\r\n\r\n", 431);
}
GST_END_TEST;

// ---- places --------------------------------------------------------------------------

namespace {

constexpr auto kAnswered = Place::Stage::Answered, kConnected = Place::Stage::Connected,
               kHasHead = Place::Stage::HasHead;
constexpr int64_t kLong_us = kGrace_us, kNow_us = 100 * kGrace_us;

Place place(Place::Stage stage, const char *from, int64_t age_us) {
  return {stage, from, kNow_us - age_us};
}

Place ipv6(const char *address) {
  return {kConnected, address_group(address), kNow_us - kLong_us};
}

// Returns the part of the genuine clients that survive a flood of bare connections, one from each
// address, in the 200 ms that their request takes.
double survivors(size_t most, int flood_per_s) {
  constexpr int64_t kSecond_us = 1000000, kTakes_us = 200000, kEach_us = 50000;
  const int64_t step_us = kSecond_us / flood_per_s;
  std::mt19937 random(7);
  std::vector<Place> places;
  int came = 0, served = 0;
  for (int64_t now_us = 0; now_us < 5 * kSecond_us; now_us += step_us) {
    const auto arrive = [&](const std::string &from) {
      if (places.size() >= most) {
        std::vector<size_t> gone = who_goes(places, now_us, most / 32, &random);
        std::sort(gone.rbegin(), gone.rend());
        for (size_t index : gone)
          places.erase(places.begin() + static_cast<std::ptrdiff_t>(index));
      }
      places.push_back({kConnected, from, now_us, false});
    };
    if (now_us / kEach_us != (now_us - step_us) / kEach_us) {
      const auto is_ready = [&](const Place &place) {
        return place.from.front() == 'g' && now_us - place.since_us >= kTakes_us;
      };
      const auto ready = std::remove_if(places.begin(), places.end(), is_ready);
      served += static_cast<int>(places.end() - ready);
      places.erase(ready, places.end());
      came++;
      arrive("genuine " + std::to_string(came));
    }
    arrive(std::to_string(now_us));
  }
  return static_cast<double>(served) / came;
}

}  // namespace

GST_START_TEST(test_who_goes) {
  const struct {
    std::vector<Place> places;
    std::vector<size_t> goes;  // one of them
  } cases[] = {
      // By what is lost: nothing, a connection, a head.
      {{place(kHasHead, "a", 3 * kLong_us), place(kConnected, "a", 2 * kLong_us),
        place(kAnswered, "a", kLong_us)},
       {2}},
      {{place(kHasHead, "a", 3 * kLong_us), place(kConnected, "a", 2 * kLong_us)}, {1}},
      // Of the client that has the most, whatever it has sent.
      {{place(kConnected, "a", 3 * kLong_us), place(kHasHead, "b", 2 * kLong_us),
        place(kHasHead, "b", kLong_us)},
       {1, 2}},
      // A new one has a moment, unless all are new.
      {{place(kHasHead, "a", 3 * kLong_us), place(kConnected, "a", 1)}, {0}},
      {{place(kHasHead, "a", 2), place(kConnected, "a", 1)}, {1}},
      // Of the larger network of IPv6, even if each of its clients has less.
      {{place(kConnected, "10.0.0.1", kLong_us), place(kAnswered, "10.0.0.2", kLong_us),
        ipv6("2001:db8:2:1::1"), ipv6("2001:db8:2:1::2"), ipv6("2001:db8:1:1::1"),
        ipv6("2001:db8:1:101::1"), ipv6("2001:db8:1:102::1")},
       {5, 6}},
      // Of the same /56, that of the /64 with more.
      {{ipv6("2001:db8:1:1::1"), ipv6("2001:db8:1:2::1"), ipv6("2001:db8:1:2::2")}, {1, 2}},
  };
  std::mt19937 random;
  for (const auto &c : cases) {
    const std::vector<size_t> gone = who_goes(c.places, kNow_us, 1, &random);
    fail_unless(gone.size() == 1 && std::count(c.goes.begin(), c.goes.end(), gone[0]) == 1);
  }
}
GST_END_TEST;

// The address with the most connections loses them until it has as many as others.
GST_START_TEST(test_who_goes_together) {
  std::vector<Place> places;
  for (const char *from : {"a", "a", "a", "b", "b", "c", "a"})
    places.push_back(place(kConnected, from, kLong_us));
  std::mt19937 random;
  std::map<std::string, int> left = {{"a", 4}, {"b", 2}, {"c", 1}};
  for (size_t index : who_goes(places, kNow_us, 4, &random))
    left[places[index].from]--;
  const std::map<std::string, int> one_each = {{"a", 1}, {"b", 1}, {"c", 1}};
  fail_unless(left == one_each);
}
GST_END_TEST;

GST_START_TEST(test_flood) {
  constexpr size_t kPlaces = 256;
  const double slow = survivors(kPlaces, 400), fast = survivors(kPlaces, 3000);
  // While any connection is older than kGrace_us, no genuine one is lost.
  fail_unless(slow > 0.95, "%g survive", slow);
  // e^(-rate * time / places) is 0.1. That of the oldest would lose all.
  fail_unless(fast > 0.03, "%g survive", fast);
}
GST_END_TEST;

GST_START_TEST(test_places_for) {
  fail_unless_equals_uint64(places_for(4096, 1024), 256);
  fail_unless_equals_uint64(places_for(4096, UINT64_MAX), 4096);
  fail_unless_equals_uint64(places_for(256, 524288), 256);
  fail_unless_equals_uint64(places_for(4096, 0), 1);
}
GST_END_TEST;

GST_START_TEST(test_groups) {
  expect_text(address_group("192.0.2.7"), "192.0.2.7");
  fail_unless(address_group("2001:db8:1:2::1") == address_group("2001:db8:1:2:ffff::9"));
  fail_unless(address_group("2001:db8:1:2::1") != address_group("2001:db8:1:3::1"));
  fail_unless(address_group("::ffff:192.0.2.7") != address_group("::ffff:192.0.2.8"));
  expect_text(address_group("no address"), "no address");
}
GST_END_TEST;

static Suite *httpreader_suite() {
  Suite *suite = suite_create("httpreader");
  TCase *tc = tcase_create("reader");
  suite_add_tcase(suite, tc);
  tcase_add_test(tc, test_any_pieces);
  tcase_add_test(tc, test_states);
  tcase_add_test(tc, test_refused);
  tcase_add_test(tc, test_bounds);
  tcase_add_test(tc, test_who_goes);
  tcase_add_test(tc, test_who_goes_together);
  tcase_add_test(tc, test_flood);
  tcase_add_test(tc, test_places_for);
  tcase_add_test(tc, test_groups);
  return suite;
}

GST_CHECK_MAIN(httpreader);
