// SPDX-License-Identifier: LGPL-2.1-or-later
// hotpath SIZE COUNT: what each media message takes on the loop thread, from the bytes of the
// socket to a buffer in a queue, COUNT times. instructions.py counts.
#include "media/decode.h"
#include "pad/buffers.h"
#include "pad/participantmeta.h"
#include "pad/queue.h"
#include "protocol/parse.h"
#include "transport/frames.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

using namespace rtms;

std::string frame_of(size_t size) {
  std::string payload(size, 'x');
  if (size > 2000)
    payload.replace(0, 6, std::string("\0\0\0\1\x65\x88", 6));
  StringPtr base64(g_base64_encode(reinterpret_cast<const guchar *>(payload.data()), size));
  const std::string text =
      std::string(R"({"msg_type":)") + (size > 2000 ? "15" : "14") +
      R"(,"content":{"user_id":16778240,"user_name":"John Smith","timestamp":1738392033000,"data":")" +
      base64.get() + R"("}})";
  std::string header = {'\x81', '\x7f', 0, 0, 0, 0};
  for (int shift = 24; shift >= 0; shift -= 8)
    header += static_cast<char>(text.size() >> shift);
  return header + text;
}

// As the element does it with a message; the queue's other end takes the buffer at once.
void take(const MediaData &data, PacketPool *pool, Queue *queue) {
  BufferPtr buffer = make_buffer(data, {}, {}, 0, pool);
  g_assert(buffer);
  g_assert(!GST_BUFFER_FLAG_IS_SET(buffer.get(), GST_BUFFER_FLAG_DELTA_UNIT));
  add_capture_time(buffer.get(), data.timestamp, GST_CLOCK_TIME_NONE);
  add_participant(buffer.get(), data.speaker());
  queue->push(std::move(buffer));
  EventPtr event;
  queue->pop(&buffer, &event);
}

}  // namespace

int main(int argc, char **argv) {
  g_assert(argc == 3);
  gst_init(nullptr, nullptr);
  const size_t payload = std::strtoul(argv[1], nullptr, 10);
  const std::string frame = frame_of(payload);
  const long count = std::strtol(argv[2], nullptr, 10);
  Parser parser;
  FrameReader reader(16 << 20);
  PacketPool pool(payload > kSoundSizes.most ? kPictureSizes : kSoundSizes);
  Queue queue(Queue::Policy::Oldest, {});
  register_participant_meta();
  for (long taken = 0; taken < count;) {
    for (size_t at = 0; at < frame.size();) {
      const FrameReader::Room room = reader.room();
      const size_t size = std::min(room.size, frame.size() - at);
      memcpy(room.data, frame.data() + at, size);
      reader.filled(size);
      at += size;
    }
    for (FrameEvent event = reader.next(); event.kind == FrameEvent::Kind::Data;
         event = reader.next(), taken++) {
      const Message message = parser.parse_padded(event.data);
      take(std::get<MediaData>(message), &pool, &queue);
    }
  }
  return 0;
}
