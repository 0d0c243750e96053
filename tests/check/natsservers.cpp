// SPDX-License-Identifier: LGPL-2.1-or-later
#include "natsservers.h"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace rtmscheck {
namespace {

// Nobody else gets them soon: the system hands out others first.
std::vector<unsigned> free_ports(unsigned count) {
  std::vector<ObjectPtr<GSocket>> sockets;
  std::vector<unsigned> ports;
  for (unsigned i = 0; i < count; i++) {
    sockets.emplace_back(
        g_socket_new(G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, nullptr));
    ObjectPtr<GSocketAddress> any(g_inet_socket_address_new_from_string("127.0.0.1", 0));
    ck_assert(g_socket_bind(sockets.back().get(), any.get(), FALSE, nullptr));
    ObjectPtr<GSocketAddress> bound(g_socket_get_local_address(sockets.back().get(), nullptr));
    ports.push_back(g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(bound.get())));
  }
  return ports;
}

std::string address(unsigned port) {
  return "127.0.0.1:" + std::to_string(port);
}

}  // namespace

NatsServers::NatsServers(unsigned count)
    : ports_(free_ports(count)), cluster_ports_(free_ports(count)), servers_(count) {
  for (unsigned i = 0; i < count; i++)
    start(i);
  wait_ready();
}

std::string NatsServers::urls() const {
  std::string all;
  for (unsigned port : ports_)
    all += (all.empty() ? "nats://" : ",nats://") + address(port);
  return all;
}

void NatsServers::start(unsigned which) {
  const std::string folder = directory_.file(std::to_string(which));
  std::filesystem::create_directories(folder);
  std::ofstream config(folder + "/config");
  config << "server_name: server-" << which << "\nlisten: \"" << address(ports_[which])
         << "\"\njetstream { store_dir: \"" << folder
         << "/store\", max_mem: 64M, max_file: 256M }\n";
  if (count() > 1) {
    config << "cluster { name: check, listen: \"" << address(cluster_ports_[which])
           << "\", routes: [";
    for (unsigned port : cluster_ports_)
      config << "\"nats://" << address(port) << "\", ";
    config << "] }\n";
  }
  config.close();
  servers_[which] = std::make_unique<Program>(
      Program::Options{{"nats-server", "--config=" + folder + "/config"}, folder, {}});
}

void NatsServers::kill(unsigned which) {
  servers_[which]->send(SIGKILL);
  ck_assert(servers_[which]->wait(kDeadlineMs));
}

void NatsServers::wait_ready() {
  const char *sign = count() > 1 ? "JetStream cluster new metadata leader" : "Server is ready";
  const auto ready = [&] {
    for (const auto &server : servers_)
      if (contains(server->output(), sign))
        return true;
    return false;
  };
  ck_assert_msg(servers_[0]->wait_until(ready, 2 * kDeadlineMs), "%s",
                servers_[0]->output().c_str());
}

}  // namespace rtmscheck
