// SPDX-License-Identifier: LGPL-2.1-or-later
// A webhook listener on a thread of its own, and what it told.
#pragma once

#include "base/loopthread.h"
#include "webhook/listener.h"
#include "webhooks.h"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

namespace rtmscheck {

inline rtms::ListenConfig config_for(const std::string &url = "http://127.0.0.1:0/webhook") {
  rtms::ListenConfig config;
  config.url = url;
  config.secret_token = rtms::Secret(std::string_view(kWebhookToken));
  config.client_timeout_ms = static_cast<unsigned>(kDeadlineMs);
  return config;
}

// A listener on a thread of its own, and what it told.
class Listening {
 public:
  explicit Listening(const rtms::ListenConfig &config = config_for(),
                     std::function<void()> on_notice = nullptr,
                     rtms::WebhookListener::Pages pages = nullptr)
      : on_notice_(std::move(on_notice)), thread_(std::make_unique<rtms::LoopThread>("listener")) {
    auto opened = rtms::WebhookListener::open(config);
    auto error = std::get_if<rtms::ListenError>(&opened);
    ck_assert_msg(!error, "%s", error ? error->text.c_str() : "");
    listener_ = std::get<std::unique_ptr<rtms::WebhookListener>>(std::move(opened));
    url_ = listener_->url();
    if (pages)
      listener_->set_pages(std::move(pages));
    run([this] { listener_->start(nullptr, [this](const rtms::WebhookNotice &n) { note(n); }); });
  }
  ~Listening() {
    const Awake awake;
    run([this] { listener_.reset(); });
    expect_prompt("closed", awake, kPromptMs);
  }

  const std::string &url() const { return url_; }
  // Waits until it is done on the listener's thread.
  void run(const std::function<void()> &fn) {
    bool done = false;
    thread_->post([&] {
      fn();
      std::lock_guard<std::mutex> lock(mutex_);
      done = true;
      changed_.notify_all();
    });
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [&] { return done; });
  }
  // Waits until no more than so many connections are left.
  bool wait_connections(std::size_t most, int64_t for_ms = kDeadlineMs) {
    const int64_t deadline = g_get_monotonic_time() + for_ms * 1000;
    std::size_t count = most + 1;
    do
      run([&] { count = listener_->connections(); });
    while (count > most && g_get_monotonic_time() < deadline);
    return count <= most;
  }
  void destroy() { listener_.reset(); }  // in a handler
  bool wait_notices(std::size_t count) {
    std::unique_lock<std::mutex> lock(mutex_);
    return changed_.wait_for(lock, std::chrono::milliseconds(kDeadlineMs),
                             [&] { return notices_.size() >= count; });
  }
  std::vector<rtms::WebhookNotice> notices() {
    std::lock_guard<std::mutex> lock(mutex_);
    return notices_;
  }

 private:
  void note(const rtms::WebhookNotice &notice) {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      notices_.push_back(notice);
      changed_.notify_all();
    }
    if (on_notice_)
      on_notice_();
  }

  std::function<void()> on_notice_;
  std::string url_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<rtms::WebhookNotice> notices_;
  std::unique_ptr<rtms::WebhookListener> listener_;
  std::unique_ptr<rtms::LoopThread> thread_;
};

}  // namespace rtmscheck
