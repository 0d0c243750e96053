// SPDX-License-Identifier: LGPL-2.1-or-later
// Writes metrics in the text format of Prometheus.
#pragma once

#include <cstdint>
#include <string>

namespace rtms::recorder {

// Returns a label's value: escaped, valid UTF-8, of limited length.
std::string label(const std::string &value);

class Metrics {
 public:
  void family(const char *name, const char *type, const char *help) {
    name_ = name;
    text_ += "# HELP " + name_ + " " + help + "\n# TYPE " + name_ + " " + type + "\n";
  }
  void sample(uint64_t value, const std::string &labels = "") {
    text_ +=
        name_ + (labels.empty() ? "" : "{" + labels + "}") + " " + std::to_string(value) + "\n";
  }
  const std::string &text() const { return text_; }

 private:
  std::string name_, text_;
};

}  // namespace rtms::recorder
