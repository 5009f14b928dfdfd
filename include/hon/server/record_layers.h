#pragma once

#include <functional>
#include <memory>

#include "hon/base/time.h"
#include "hon/io/record_layer.h"

namespace hon::server {

/// Makes the record layers of the connections that one loop accepts. Used on that loop's thread.
class RecordLayers {
 public:
  virtual ~RecordLayers() = default;
  virtual std::unique_ptr<io::RecordLayer> NewLayer() = 0;
  /// The time limit of a handshake.
  [[nodiscard]] virtual Duration HandshakeTimeout() const = 0;
};

/// Called once for each loop, on any thread.
using NewRecordLayers = std::function<std::unique_ptr<RecordLayers>()>;

}  // namespace hon::server
