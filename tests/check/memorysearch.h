// SPDX-License-Identifier: LGPL-2.1-or-later
// Looks for texts in the memory of this process, without having them in its memory.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace rtmscheck {

// A text, each byte of it changed. What free() leaves of a string lacks its beginning, so that each
// eight bytes of it are looked for.
class Hidden {
 public:
  // As hide() has made it.
  explicit Hidden(const std::string &hex);
  static std::string hide(const std::string &text);

  // Gives the text away, in memory that is overwritten afterwards.
  template <typename Use>
  void use(Use use) const {
    std::vector<char> text(bytes_.size() + 1);
    for (size_t i = 0; i < bytes_.size(); i++)
      text[i] = static_cast<char>(bytes_[i] ^ kMask);
    use(text.data());
    wipe(text.data(), text.size());
  }
  const std::vector<unsigned char> &bytes() const { return bytes_; }

  static constexpr unsigned char kMask = 0x9d;

 private:
  static void wipe(char *bytes, size_t size);
  std::vector<unsigned char> bytes_;
};

// Where in all readable memory a part of it is: a line for each place.
std::vector<std::string> places_of(const Hidden &text);

}  // namespace rtmscheck
