// SPDX-License-Identifier: LGPL-2.1-or-later
#include "console.h"

#include "names.h"

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
  constexpr unsigned kOthers = 3;  // the headings, the sum, and where the cursor is
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

void Console::clear() {
  if (lines_)
    std::printf("\033[%uA\033[J", lines_);
  lines_ = 0;
}

void Console::draw() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0)
    size = {kRows, kColumns, 0, 0};
  clear();
  const std::string text =
      table(recorder_->statuses(), recorder_->totals(), size.ws_row, size.ws_col);
  lines_ = static_cast<unsigned>(std::count(text.begin(), text.end(), '\n'));
  std::fputs(text.c_str(), stdout);
  std::fflush(stdout);
}

}  // namespace rtms::recorder
