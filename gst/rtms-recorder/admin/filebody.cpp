// SPDX-License-Identifier: LGPL-2.1-or-later
#include "filebody.h"

#include <algorithm>

namespace rtms::recorder {
namespace {

// The memory per client, even if the client reads nothing.
constexpr uint64_t kPiece = 32 << 10;

}  // namespace

void FileBody::next(Done done) {
  const size_t most = std::min(kPiece, left_);
  piece_->resize(most);
  // A file that was truncated cannot fill the announced size.
  const auto read = [piece = piece_, file = file_, at = next_] {
    if (!file->read(at, piece.get()))
      piece->clear();
  };
  next_ += most;
  left_ -= most;
  worker_->run(read, [piece = piece_, done = std::move(done)] { done(*piece); });
}

}  // namespace rtms::recorder
