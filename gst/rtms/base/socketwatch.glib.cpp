// SPDX-License-Identifier: LGPL-2.1-or-later
#include "socketwatch.h"

#include <utility>

namespace rtms {
namespace {

class Unknown final : public SocketsServed {
 public:
  int64_t until_us() const override { return g_get_monotonic_time(); }
};

}  // namespace

std::shared_ptr<const SocketsServed> SocketsServed::here() {
  return std::make_shared<Unknown>();
}

class SocketWatch::Entry {
 public:
  Entry(GSocket *socket, GIOCondition wanted, Fn fn)
      : fn_(std::make_shared<const Fn>(std::move(fn))),
        wanted_(wanted),
        source_(g_socket_create_source(socket, wanted, nullptr)) {
    const GSocketSourceFunc ready = [](GSocket *, GIOCondition condition,
                                       gpointer self) -> gboolean {
      static_cast<Entry *>(self)->call(condition);
      return G_SOURCE_CONTINUE;
    };
    g_source_set_callback(source_.get(), G_SOURCE_FUNC(ready), this, nullptr);
    attach(source_.get());
  }
  Entry(const Entry &) = delete;
  Entry &operator=(const Entry &) = delete;

  void again() {
    again_.reset(g_idle_source_new());
    g_source_set_priority(again_.get(), G_PRIORITY_DEFAULT);
    const GSourceFunc ready = [](gpointer data) -> gboolean {
      auto self = static_cast<Entry *>(data);
      self->again_.reset();
      self->call(G_IO_IN);
      return G_SOURCE_REMOVE;
    };
    g_source_set_callback(again_.get(), ready, this, nullptr);
    attach(again_.get());
  }

 private:
  // A callback may run the loop; all other sockets must work in it.
  static void attach(GSource *source) {
    g_source_set_can_recurse(source, TRUE);
    g_source_attach(source, g_main_context_get_thread_default());
  }

  void call(GIOCondition condition) {
    const bool broken = condition & (G_IO_ERR | G_IO_HUP);
    const auto fn = fn_;
    (*fn)(broken ? wanted_ : static_cast<GIOCondition>(condition & (G_IO_IN | G_IO_OUT)));
  }

  const std::shared_ptr<const Fn> fn_;
  const GIOCondition wanted_;
  AttachedSource source_, again_;
};

SocketWatch::SocketWatch() = default;
SocketWatch::~SocketWatch() = default;

bool SocketWatch::start(GSocket *socket, GIOCondition wanted, Fn fn) {
  entry_ = std::make_unique<Entry>(socket, wanted, std::move(fn));
  return true;
}

void SocketWatch::again() {
  if (entry_)
    entry_->again();
}

void SocketWatch::set_round(unsigned) {}

void SocketWatch::stop() {
  entry_.reset();
}

}  // namespace rtms
