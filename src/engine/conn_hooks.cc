#include "hon/engine/conn_hooks.h"

#include "hon/netpoll/connection.h"

namespace hon::engine {

std::string_view String(ConnState state) {
  switch (state) {
    case ConnState::kNew:
      return "new";
    case ConnState::kActive:
      return "active";
    case ConnState::kIdle:
      return "idle";
    case ConnState::kHijacked:
      return "hijacked";
    case ConnState::kClosed:
      return "closed";
  }
  return "";
}

std::string ConnInfo::RemoteAddr() const {
  char text[netpoll::kAddressTextMax];
  return std::string(connection_->FormatRemoteAddr(text));
}

std::string ConnInfo::LocalAddr() const { return connection_->LocalAddr(); }

}  // namespace hon::engine
