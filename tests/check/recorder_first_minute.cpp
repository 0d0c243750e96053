// SPDX-License-Identifier: LGPL-2.1-or-later
// A meeting one of whose connections has trouble at its start is recorded, all of it that comes.
// RTMS_FAULT_SECONDS: each trouble on each connection, once and for so long; the table goes into
// docs/reliability.md.
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <list>

#include "faults.h"
#include "recorder_run.h"

#include <json-glib/json-glib.h>

namespace {

using namespace rtmscheck;

const std::vector<Where> kWhere = {Signaling,        Media::Audio,      Media::Video,
                                   Media::Deskshare, Media::Transcript, Media::Chat};
constexpr const char *kNames[] = {"audio", "video", "screen", "transcript", "chat"};
// Among the faults.
constexpr std::size_t kReset = 0, kStatus45 = 15;
constexpr std::size_t kAtATime = 24;

struct Row {
  const Fault *fault;
  Where where;
  int64_t for_ms;
  std::unique_ptr<FlawedMeeting> meeting;
  std::string problem;  // empty: recorded

  Row(const Fault &what, Where at, int64_t for_how_long)
      : fault(&what), where(at), for_ms(for_how_long) {}
};

int64_t messages_in(JsonObject *stats, const char *media) {
  JsonObject *one = json_object_get_object_member(stats, media);
  return one ? json_object_get_int_member_with_default(one, "messages", 0) : 0;
}

// What the recording's meeting.json has against it.
std::string problem_of(const Row &row, JsonObject *report, const std::string &folder) {
  const FlawedMeeting &meeting = *row.meeting;
  const std::string state = json_object_get_string_member_with_default(report, "state", "none");
  if (state != "finished")
    return state + ": " + json_object_get_string_member_with_default(report, "error", "");
  JsonObject *stats = json_object_get_object_member(report, "stats");
  for (Media m : kAllMedia) {
    const char *name = kNames[static_cast<std::size_t>(m)];
    const int64_t got = messages_in(stats, name);
    if (got == 0 || got != static_cast<int64_t>(meeting.sent(m)))
      return std::to_string(got) + " of " + std::to_string(meeting.sent(m)) + " messages of " +
             name;
  }
  if (size_of(folder + "/meeting.mkv") == 0)
    return "no file";
  return meeting.faults() > (row.for_ms ? 1 : 0) ? "" : "no fault";
}

void read_reports(const RecorderRun &run, const std::vector<Row *> &rows) {
  for (Row *row : rows)
    row->problem = "no recording";
  for (const std::string &folder : run.folders()) {
    ObjectPtr<JsonParser> parser(json_parser_new());
    const std::string text = run.text_of(folder + "/meeting.json");
    ck_assert(json_parser_load_from_data(parser.get(), text.c_str(), -1, nullptr));
    JsonObject *report = json_node_get_object(json_parser_get_root(parser.get()));
    const std::string id = json_object_get_string_member_with_default(report, "stream_id", "none");
    for (Row *row : rows)
      if (row->meeting->stream_id() == id)
        row->problem = problem_of(*row, report, folder);
  }
}

// All at once, by one recorder.
void record(const std::vector<Row *> &rows) {
  constexpr int kLongestMs = 60000;
  RecorderRun run({"--screen", "--video-resolution=hd"});
  for (Row *row : rows) {
    row->meeting = std::make_unique<FlawedMeeting>(*row->fault, row->where, row->for_ms);
    ck_assert_int_eq(post_signed(run.url(), row->meeting->webhook_json()).status, 200);
  }
  run.program().wait_until(
      [&] { return run.events("finished").size() + run.events("failed").size() >= rows.size(); },
      kLongestMs * slowness());
  run.program().send(SIGTERM);
  run.expect_end();
  read_reports(run, rows);
}

void record_all(std::list<Row> *rows) {
  std::vector<Row *> some;
  for (Row &row : *rows) {
    some.push_back(&row);
    if (some.size() < kAtATime && &row != &rows->back())
      continue;
    record(some);
    some.clear();
  }
}

std::string name(const Where &where) {
  return where ? kNames[static_cast<std::size_t>(*where)] : "signaling";
}

void expect_recorded(const std::list<Row> &rows) {
  std::string problems;
  for (const Row &row : rows)
    if (!row.problem.empty())
      problems += std::string(row.fault->name) + " on " + name(row.where) + " for " +
                  std::to_string(row.for_ms) + " ms: " + row.problem + "\n";
  ck_assert_msg(problems.empty(), "%s", problems.c_str());
}

// One row for each fault; "yes" stands for both, once and for long.
void print_table(const std::list<Row> &rows) {
  std::string table = "| fault |", rule = "|---|";
  for (const Where &where : kWhere) {
    table += " " + name(where) + " |";
    rule += "---|";
  }
  table += "\n" + rule + "\n";
  for (const Fault &fault : passing_faults()) {
    table += std::string("| ") + fault.name + " |";
    for (const Where &where : kWhere) {
      std::string cell;
      for (const Row &row : rows)
        if (row.fault == &fault && row.where == where)
          cell +=
              std::string(cell.empty() ? " " : ", ") + (row.problem.empty() ? "yes" : row.problem);
      table += cell + " |";
    }
    table += "\n";
  }
  std::fputs(table.c_str(), stdout);
}

}  // namespace

// On each connection.
GST_START_TEST(test_once) {
  std::list<Row> rows;
  for (const Where &where : kWhere)
    for (const std::size_t index : {kReset, kStatus45})
      rows.emplace_back(passing_faults()[index], where, 0);
  record_all(&rows);
  expect_recorded(rows);
}
GST_END_TEST;

GST_START_TEST(test_each) {
  const int64_t for_ms = std::atoll(g_getenv("RTMS_FAULT_SECONDS")) * 1000;
  std::list<Row> rows;
  for (const int64_t one : {int64_t{0}, for_ms})
    for (const Fault &fault : passing_faults())
      for (const Where &where : kWhere)
        rows.emplace_back(fault, where, one);
  record_all(&rows);
  print_table(rows);
  expect_recorded(rows);
}
GST_END_TEST;

static Suite *recorder_first_minute_suite() {
  Suite *suite = suite_create("recorder_first_minute");
  if (g_getenv("RTMS_FAULT_SECONDS"))
    add_case(suite, "each", test_each);
  else
    add_case(suite, "once", test_once);
  return suite;
}

GST_CHECK_MAIN(recorder_first_minute)
