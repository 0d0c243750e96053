// SPDX-License-Identifier: LGPL-2.1-or-later
#include "console.h"

#include "common/names.h"

#include <sys/ioctl.h>
#include <unistd.h>
#include <algorithm>
#include <cstdio>

namespace rtms::recorder {
namespace {

constexpr unsigned kRows = 24, kColumns = 80;

std::string row(const std::string &name, const std::string &state, const std::string &time,
                const std::string &rate, const std::string &size, const std::string &voices,
                const std::string &reconnects, const std::string &dropped) {
  char text[256];
  std::snprintf(text, sizeof text, "%-36.36s %-10s %8s %7s %8s %6s %5s %7s", name.c_str(),
                state.c_str(), time.c_str(), rate.c_str(), size.c_str(), voices.c_str(),
                reconnects.c_str(), dropped.c_str());
  return text;
}

std::string row(const Status &status) {
  char size[32];
  std::snprintf(size, sizeof size, "%.1f MB", static_cast<double>(status.file_bytes) / 1e6);
  return row(status.name, status.state, clock_text(status.seconds),
             std::to_string(status.bits_per_second / 1000), size, std::to_string(status.voices),
             std::to_string(counter(status.stats.get(), "reconnects")),
             std::to_string(counter(status.stats.get(), "dropped"))) +
         (status.pushing ? (status.pushed ? " push" : " no push") : "");
}

}  // namespace

std::string table(const std::vector<Status> &all, const Totals &totals, unsigned rows,
                  unsigned columns) {
  constexpr unsigned kOthers = 3;  // headings, totals, and the cursor's line
  const size_t most = rows > kOthers + 1 ? rows - kOthers : 1;
  std::vector<std::string> lines = {
      row("recording", "state", "time", "kbit/s", "file", "voices", "reconn", "dropped")};
  for (size_t i = 0; i < std::min(all.size(), most); i++)
    lines.push_back(row(all[i]));
  std::string sum = std::to_string(all.size()) + " now, " + std::to_string(totals.finished) +
                    " finished, " + std::to_string(totals.failed) + " failed, " +
                    std::to_string(totals.refused) + " refused";
  if (all.size() > most)
    sum += ", " + std::to_string(all.size() - most) + " not shown";
  lines.push_back(sum);
  std::string text;
  for (const std::string &line : lines)
    text += line.substr(0, columns ? columns - 1 : 0) + "\n";
  return text;
}

void Console::show(const std::string &line) {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0)
    size = {kRows, kColumns, 0, 0};
  const std::string clear = lines_ ? "\033[" + std::to_string(lines_) + "A\033[J" : "";
  const std::vector<Status> running = recorder_->meetings().statuses();
  const std::string below = table(running, recorder_->totals(running), size.ws_row, size.ws_col);
  if (output_->write(clear + line + below))
    lines_ = static_cast<size_t>(std::count(below.begin(), below.end(), '\n'));
}

void Console::draw() {
  if (!output_->waiting())
    show("");
}

}  // namespace rtms::recorder
