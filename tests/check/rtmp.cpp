// SPDX-License-Identifier: LGPL-2.1-or-later
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "rtmp.h"

#include "recording.h"

namespace rtmscheck {

namespace {

constexpr const char *kModule = "/usr/lib/nginx/modules/ngx_rtmp_module.so";

// Listens before nginx runs, which takes the socket over: nobody else can take the port, and who
// connects early waits.
using SocketPtr = ObjectPtr<GSocket>;
SocketPtr listen_on_loopback(uint16_t *port) {  // 0: a free one
  GError *failure = nullptr;
  SocketPtr socket(
      g_socket_new(G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT, nullptr));
  ObjectPtr<GInetAddress> loopback(g_inet_address_new_loopback(G_SOCKET_FAMILY_IPV4));
  ObjectPtr<GSocketAddress> any_port(g_inet_socket_address_new(loopback.get(), *port));
  const bool listening = g_socket_bind(socket.get(), any_port.get(), TRUE, &failure) &&
                         g_socket_listen(socket.get(), &failure);
  ErrorPtr owned(failure);
  ck_assert_msg(listening, "%s", failure ? failure->message : "");
  ObjectPtr<GSocketAddress> address(g_socket_get_local_address(socket.get(), nullptr));
  *port = g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(address.get()));
  return socket;
}

// A worker of root's would be nobody, and could not write into the test's folder. Without a worker
// nginx cannot take over a socket.
std::string user() {
  return geteuid() == 0 ? "user root;" : "";
}

void write_configuration(const std::string &file, uint16_t port) {
  std::ofstream(file) << user() << "daemon off; worker_processes 1;\n"
                      << "pid nginx.pid; error_log error.log info;\n"
                      << "load_module " << kModule << ";\n"
                      << "events { worker_connections 64; }\n"
                      << "rtmp { server { listen 127.0.0.1:" << port << ";\n"
                      << "  application live { live on;\n"
                      << "    record all; record_path .; record_suffix .flv; } } }\n";
}

}  // namespace

RtmpServer::RtmpServer(const std::string &folder) {
  start(folder);
}

void RtmpServer::start(const std::string &folder) {
  folder_ = folder;
  SocketPtr socket = listen_on_loopback(&port_);
  write_configuration(folder + "/nginx.conf", port_);
  run(g_socket_get_fd(socket.get()));
}

void RtmpServer::run(int listening) {
  Program::Options options;
  options.arguments = {"/usr/sbin/nginx", "-p", folder_, "-c", folder_ + "/nginx.conf"};
  options.folder = folder_;
  options.environment = {{"NGINX", std::to_string(listening) + ";"}};
  options.inherited_fd = listening;
  nginx_.emplace(options);
}

std::string RtmpServer::url() const {
  return "rtmp://127.0.0.1:" + std::to_string(port_) + "/live/meeting";
}

void RtmpServer::freeze() {
  nginx_->send_to_child(SIGSTOP);
}

void RtmpServer::go_on() {
  nginx_->send_to_child(SIGCONT);
}

std::string RtmpServer::log() const {
  CharPtr text;
  char *contents = nullptr;
  if (g_file_get_contents((folder_ + "/error.log").c_str(), &contents, nullptr, nullptr))
    text.reset(contents);
  return nginx_->output() + (text ? text.get() : "");
}

void RtmpServer::stop() {
  nginx_->send(SIGTERM);
  ck_assert_msg(nginx_->wait(kDeadlineMs), "nginx goes on\n%s", log().c_str());
}

Viewer::Viewer(const std::string &url)
    : pipeline_(parse_launch(("rtmp2src location=" + url +
                              " ! flvdemux name=demux demux.video ! queue ! "
                              "fakesink name=sink signal-handoffs=true sync=false async=false")
                                 .c_str())) {
  ElementPtr sink(gst_bin_get_by_name(GST_BIN(pipeline_.get()), "sink"));
  g_signal_connect(sink.get(), "handoff", G_CALLBACK(on_picture), this);
  gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING);
}

Viewer::~Viewer() {
  gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
}

void Viewer::on_picture(GstElement *, GstBuffer *, GstPad *, gpointer self) {
  auto viewer = static_cast<Viewer *>(self);
  std::lock_guard<std::mutex> lock(viewer->mutex_);
  viewer->arrivals_us_.push_back(g_get_monotonic_time());
}

double Viewer::longest_wait() {
  std::lock_guard<std::mutex> lock(mutex_);
  int64_t longest_ms = 0;
  for (std::size_t i = 1; i < arrivals_us_.size(); i++)
    longest_ms = std::max(longest_ms, awake_.ms_between(arrivals_us_[i - 1], arrivals_us_[i]));
  return static_cast<double>(longest_ms) / 1000;
}

unsigned Viewer::pictures() {
  std::lock_guard<std::mutex> lock(mutex_);
  return static_cast<unsigned>(arrivals_us_.size());
}

}  // namespace rtmscheck
