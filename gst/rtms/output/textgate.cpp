// SPDX-License-Identifier: LGPL-2.1-or-later
#include "textgate.h"

namespace rtms {

void TextGate::accept(const MediaData &data) {
  bool is_shown = false;
  show(texts_.add(data, g_get_monotonic_time(), &is_shown));
  if (is_shown)
    show_(data);
  else if (!timer_.running())  // others' interim texts must not put it off
    watch();
}

void TextGate::forget() {
  timer_.stop();
  texts_.all();
}

void TextGate::show(const InterimTexts::Texts &texts) {
  for (const auto &text : texts)
    show_(text->data);
}

void TextGate::watch() {
  constexpr unsigned kLook_ms = 500;
  timer_.start(kLook_ms, [this] {
    show(texts_.overdue(g_get_monotonic_time()));
    if (!texts_.empty())
      watch();
  });
}

}  // namespace rtms
