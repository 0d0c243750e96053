// SPDX-License-Identifier: LGPL-2.1-or-later
#include "natsservers.h"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tls.h"
#include "webhooks.h"

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

// Of the first member with that name.
double number_in(const std::string &json, const std::string &name) {
  const std::size_t at = json.find("\"" + name + "\":");
  return at == std::string::npos ? 0 : std::strtod(json.c_str() + at + name.size() + 3, nullptr);
}

constexpr char kGuards[] = CHECK_SOURCE_ROOT "/tests/check/nats/";

}  // namespace

NatsServers::NatsServers(const Setup &setup)
    : setup_(setup),
      ports_(free_ports(3 * setup.count)),
      cluster_ports_(ports_.begin() + setup.count, ports_.begin() + 2 * setup.count),
      monitor_ports_(ports_.begin() + 2 * setup.count, ports_.end()),
      servers_(setup.count) {
  ports_.resize(setup.count);
  if (setup.guarded) {
    const SelfSigned made = make_self_signed();
    ck_assert_msg(made.error.empty(), "%s", made.error.c_str());
    std::ofstream(ca_file()) << made.certificate;
    std::ofstream(directory_.file("key.pem")) << made.key;
    set_account(true);
  }
  for (unsigned i = 0; i < setup.count; i++)
    start(i);
  wait_ready();
}

std::string NatsServers::urls() const {
  std::string all;
  for (unsigned port : ports_)
    all += std::string(all.empty() ? "" : ",") + (setup_.guarded ? "tls://" : "nats://") +
           address(port);
  return all;
}

std::string NatsServers::credentials_file() {
  return std::string(kGuards) + "recorder.creds";
}

void NatsServers::start(unsigned which) {
  const std::string folder = directory_.file(std::to_string(which));
  std::filesystem::create_directories(folder);
  std::ofstream config(folder + "/config");
  config << "server_name: server-" << which << "\nlisten: \"" << address(ports_[which])
         << "\"\nhttp: \"127.0.0.1:" << monitor_ports_[which] << "\"\njetstream { store_dir: \""
         << folder << "/store\", max_mem: 64M, max_file: 256M }\n";
  if (setup_.guarded)
    config << "tls { cert_file: \"" << ca_file() << "\", key_file: \"" << directory_.file("key.pem")
           << "\" }\ninclude ../accounts.conf\n";
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

void NatsServers::set_account(bool exists) {
  std::ofstream file(directory_.file("accounts.conf"));
  if (exists)
    file << std::ifstream(std::string(kGuards) + "accounts.conf").rdbuf();
  else
    file << "authorization { user: somebody, password: else }\n";
}

NatsServers::Figures NatsServers::figures() const {
  Figures all;
  for (unsigned i = 0; i < count(); i++) {
    const std::string url = "http://127.0.0.1:" + std::to_string(monitor_ports_[i]);
    const auto ask = [&](const std::string &path) {
      HttpClient client(url);
      client.send(request_text("GET", path, {{"Connection", "close"}}, ""));
      return client.read().body;
    };
    const std::string varz = ask("/varz"), jsz = ask("/jsz");
    all.in_messages += number_in(varz, "in_msgs");
    all.out_messages += number_in(varz, "out_msgs");
    all.in_bytes += number_in(varz, "in_bytes");
    all.out_bytes += number_in(varz, "out_bytes");
    // Each has a replica.
    all.kept_messages = number_in(jsz, "messages");
    all.kept_bytes = number_in(jsz, "bytes");
    all.cpu_s += servers_[i]->cpu_s();
  }
  return all;
}

void NatsServers::empty(unsigned which) {
  std::filesystem::remove_all(directory_.file(std::to_string(which)) + "/store");
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
