// SPDX-License-Identifier: LGPL-2.1-or-later
#include "site.h"

#include "assets.h"
#include "base/glibptr.h"
#include "filebody.h"
#include "http/httpfields.h"

namespace rtms::recorder {
namespace {

// Pages load nothing from other sites, and no other site may embed them.
constexpr std::pair<const char *, const char *> kHeaders[] = {
    {"Content-Security-Policy",
     "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; "
     "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"},
    {"Referrer-Policy", "no-referrer"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"Cache-Control", "no-store"},
};
// The main thread updates the snapshot each second.
constexpr int64_t kStale_us = 5 * G_USEC_PER_SEC;
// Limits requests that wait for a disk that does not answer.
constexpr size_t kMostWaiting = 64;

HttpAnswer plain(const char *type, std::string text) {
  return {200, type, std::move(text), "", {}, nullptr};
}

HttpAnswer safe(HttpAnswer answer) {
  for (const auto &[name, value] : kHeaders)
    answer.headers.emplace_back(name, value);
  if (answer.status == 405)
    answer.headers.emplace_back("Allow", "GET, HEAD");
  return answer;
}

HttpAnswer no_such_page() {
  return refusal_page(404, "there is no such page");
}

// Returns the text after a prefix; nothing if the prefix is another.
std::optional<std::string> behind(const std::string &beginning, const std::string &text) {
  if (text.compare(0, beginning.size(), beginning) != 0)
    return std::nullopt;
  return text.substr(beginning.size());
}

HttpAnswer file_answer(const FoundFile &found, const char *type, const std::string &range_text,
                       const std::shared_ptr<Worker> &worker) {
  const HttpRange range = range_of(range_text, found.size);
  const std::string size = std::to_string(found.size);
  if (range.kind == HttpRange::Kind::Outside) {
    HttpAnswer answer = refusal_page(416, "the file has " + size + " bytes");
    answer.headers.emplace_back("Content-Range", "bytes */" + size);
    return answer;
  }
  const bool part = range.kind == HttpRange::Kind::Part;
  HttpAnswer answer = plain(type, "");
  answer.headers.emplace_back("Accept-Ranges", "bytes");
  if (part) {
    answer.status = 206;
    answer.headers.emplace_back("Content-Range", "bytes " + std::to_string(range.first) + "-" +
                                                     std::to_string(range.first + range.size - 1) +
                                                     "/" + size);
  }
  answer.pieces = std::make_shared<FileBody>(worker, found.file, part ? range.first : 0,
                                             part ? range.size : found.size);
  return answer;
}

}  // namespace

Site::Site(std::unique_ptr<HttpServer> server, std::shared_ptr<const Archive> archive,
           Access access)
    : access_(std::move(access)), archive_(std::move(archive)), server_(std::move(server)) {}

Site::~Site() = default;

HttpAnswer Site::refusal(unsigned status, const char *why) {
  return safe(refusal_page(status, why));
}

std::optional<HttpAnswer> Site::head(const HttpHead &head) {
  if (head.method != "GET" && head.method != "HEAD")
    return refusal(405, "only GET and HEAD requests are accepted");
  if (head.content_length > 0)
    return refusal(413, "the request has a body");
  return std::nullopt;
}

std::optional<HttpAnswer> Site::request(const HttpRequest &request) {
  // A process monitor has no token, and gets only the health.
  const bool needs_token = request.head.path != "/healthz";
  if (auto refused =
          access_.refuse(request.head, request.from, needs_token, g_get_monotonic_time()))
    return safe(std::move(*refused));
  auto answer = page(request);
  if (!answer)
    return std::nullopt;
  return safe(std::move(*answer));
}

std::optional<HttpAnswer> Site::page(const HttpRequest &request) {
  const std::string &path = request.head.path;
  if (path == "/healthz")
    return health();
  if (path == "/metrics")
    return plain("text/plain; version=0.0.4; charset=utf-8", snapshot_.metrics);
  if (path == "/api/meetings")
    return plain("application/json", json_of(snapshot_, age_us() / 1000));
  if (path == "/api/recordings")
    return recordings(request.number, "");
  if (const auto before = behind("/api/recordings/before/", path))
    return recordings(request.number, *before);
  // If-Range needs a validator, which the server has not: such a request gets the whole file.
  if (const auto rest = behind("/recordings/", path))
    return file(request.number, *rest,
                request.head.header("if-range").empty() ? request.head.header("range") : "");
  if (auto asset = find_asset(path))
    return plain(asset->type.c_str(), std::move(asset->text));
  return no_such_page();
}

int64_t Site::age_us() const {
  return g_get_monotonic_time() - snapshot_.made_us;
}

HttpAnswer Site::health() const {
  const std::string sick = age_us() > kStale_us ? "the recorder does not answer" : snapshot_.sick;
  HttpAnswer answer = plain("text/plain; charset=utf-8", (sick.empty() ? "ok" : sick) + "\n");
  answer.status = sick.empty() ? 200 : 503;
  return answer;
}

std::optional<HttpAnswer> Site::recordings(uint64_t number, const std::string &before) {
  std::set<std::string> running;
  for (const LiveMeeting &meeting : snapshot_.meetings)
    running.insert(meeting.folder);
  return later(number, [archive = archive_, before, running = std::move(running)] {
    return plain("application/json", archive->list(before, running));
  });
}

std::optional<HttpAnswer> Site::file(uint64_t number, const std::string &path,
                                     const std::string &range) {
  const size_t slash = path.find('/');
  const StringPtr decoded(
      slash == std::string::npos ? nullptr : g_uri_unescape_string(path.c_str() + slash + 1, "/"));
  const std::string name = decoded ? decoded.get() : "";
  const char *type = archive_->type_of(name);
  if (!type)
    return no_such_page();
  return later(number, [archive = archive_, worker = worker_, folder = path.substr(0, slash), name,
                        type, range] {
    const FoundFile found = archive->open(folder, name);
    return found.file ? file_answer(found, type, range, worker) : no_such_page();
  });
}

std::optional<HttpAnswer> Site::later(uint64_t number, std::function<HttpAnswer()> work) {
  if (worker_->waiting() >= kMostWaiting)
    return refusal_page(503, "the disk does not answer");
  const auto answer = std::make_shared<HttpAnswer>();
  worker_->run([answer, work = std::move(work)] { *answer = safe(work()); },
               [this, alive = std::weak_ptr<Site *>(alive_), answer, number] {
                 if (!alive.expired())
                   server_->answer(number, *answer);
               });
  return std::nullopt;
}

}  // namespace rtms::recorder
