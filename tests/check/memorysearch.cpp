// SPDX-License-Identifier: LGPL-2.1-or-later
#include "memorysearch.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <unistd.h>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>

namespace rtmscheck {
namespace {

constexpr size_t kPart = 8, kPiece = 1 << 20;
constexpr uint64_t kWideMask = 0x0101010101010101u * Hidden::kMask;

struct Region {
  uint64_t from = 0, to = 0;
  std::string name;
};

std::vector<Region> readable_regions() {
  std::vector<Region> all;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    Region region;
    char rights[5] = "";
    int name_at = 0;
    if (std::sscanf(line.c_str(), "%lx-%lx %4s %*s %*s %*s %n", &region.from, &region.to, rights,
                    &name_at) < 3 ||
        rights[0] != 'r')
      continue;
    region.name = line.substr(static_cast<size_t>(name_at));
    if (region.name.compare(0, 2, "[v") != 0)  // [vvar], [vdso], [vsyscall]
      all.push_back(region);
  }
  return all;
}

// Of those whose lowest byte a part has, one in a hundred bytes or so.
class Parts {
 public:
  explicit Parts(const std::vector<unsigned char> &bytes) {
    for (size_t at = 0; at + kPart <= bytes.size(); at += kPart / 2) {
      uint64_t part = 0;
      std::memcpy(&part, bytes.data() + at, kPart);
      parts_.push_back(part);
      possible_[part & 0xff] = true;
    }
  }
  bool has(uint64_t hidden) const {
    if (!possible_[hidden & 0xff])
      return false;
    for (const uint64_t part : parts_)
      if (part == hidden)
        return true;
    return false;
  }

 private:
  std::vector<uint64_t> parts_;
  std::array<bool, 256> possible_{};
};

}  // namespace

Hidden::Hidden(const std::string &hex) {
  for (size_t at = 0; at + 1 < hex.size(); at += 2)
    bytes_.push_back(
        static_cast<unsigned char>(std::strtoul(hex.substr(at, 2).c_str(), nullptr, 16)));
}

std::string Hidden::hide(const std::string &text) {
  std::string hex;
  for (const char c : text) {
    char digits[3];
    std::snprintf(digits, sizeof digits, "%02x", static_cast<unsigned char>(c) ^ kMask);
    hex += digits;
  }
  return hex;
}

void Hidden::wipe(char *bytes, size_t size) {
  OPENSSL_cleanse(bytes, size);
}

std::vector<std::string> places_of(const Hidden &text) {
  const Parts parts(text.bytes());
  const int memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
  // On no heap, so that it is not read itself.
  static unsigned char piece[kPiece + kPart];
  const auto own = reinterpret_cast<uint64_t>(piece);
  std::vector<std::string> found;
  uint64_t last = 0;
  for (const Region &region : readable_regions())
    for (uint64_t at = region.from; at < region.to; at += kPiece) {
      if (at < own + sizeof piece && at + kPiece + kPart > own)
        std::memset(piece, 0, sizeof piece);
      const ssize_t size = pread(memory, piece, sizeof piece, static_cast<off_t>(at));
      for (ssize_t i = 0; i + static_cast<ssize_t>(kPart) <= size; i++) {
        uint64_t bytes = 0;
        std::memcpy(&bytes, piece + i, kPart);
        const uint64_t where = at + static_cast<uint64_t>(i);
        if (!parts.has(bytes ^ kWideMask) || (where >= own && where < own + sizeof piece))
          continue;
        if (where > last + 2 * text.bytes().size()) {
          std::ostringstream line;
          line << std::hex << where << " " << region.name;
          found.push_back(line.str());
        }
        last = where;
      }
    }
  OPENSSL_cleanse(piece, sizeof piece);
  close(memory);
  return found;
}

}  // namespace rtmscheck
