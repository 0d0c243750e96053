// SPDX-License-Identifier: LGPL-2.1-or-later
#include "reportfile.h"

#include "base/glibptr.h"
#include "common/reserve.h"

#include <glib/gstdio.h>
#include <mutex>
#include <utility>

namespace rtms::recorder {
namespace {

// Returns the error, or empty.
std::string replace_file(const std::string &path, const std::string &text) {
  GError *raw_error = nullptr;
  g_file_set_contents_full(path.c_str(), text.data(), static_cast<gssize>(text.size()),
                           G_FILE_SET_CONTENTS_CONSISTENT, 0644, &raw_error);
  ErrorPtr error(raw_error);
  return error ? error->message : "";
}

}  // namespace

struct ReportFile::Waiting {
  std::mutex mutex;
  Text text;  // or null

  Text take() {
    std::lock_guard<std::mutex> lock(mutex);
    return std::exchange(text, nullptr);
  }
};

ReportFile::ReportFile(std::string folder)
    : path_(folder + "/meeting.json"),
      reserve_(std::move(folder) + "/.reserve"),
      waiting_(std::make_shared<Waiting>()) {
  worker_.run([path = reserve_] { make_reserve(path); });
}

void ReportFile::write(Text text) {
  std::lock_guard<std::mutex> lock(waiting_->mutex);
  const bool waits = waiting_->text != nullptr;
  waiting_->text.swap(text);
  if (waits)
    return;
  worker_.run([path = path_, waiting = waiting_] {
    if (const auto last = waiting->take())
      replace_file(path, last());
  });
}

void ReportFile::close(Text text, std::function<void(const std::string &problem)> done) {
  waiting_->take();
  const auto problem = std::make_shared<std::string>();
  worker_.run(
      [path = path_, reserve = reserve_, text = std::move(text), problem] {
        g_unlink(reserve.c_str());
        *problem = replace_file(path, text());
      },
      [problem, done = std::move(done)] { done(*problem); });
}

}  // namespace rtms::recorder
