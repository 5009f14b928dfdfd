#pragma once

// Bodies of requests that clients send. A body that can be read a second time lets a request be
// sent again, behind a redirect (307, 308) or on another connection; Go's Request.GetBody.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "hon/base/result.h"
#include "hon/http/body.h"
#include "hon/io/io.h"

namespace hon::http {

/// A source that knows its length and can be read again from the start.
class ReplayableSource : public BodySource {
 public:
  /// Bytes in total; -1: unknown.
  [[nodiscard]] virtual int64_t Length() const = 0;
  /// Whether Again works.
  [[nodiscard]] virtual bool Replayable() const { return true; }
  /// The bytes, when they are in memory and not read yet. Valid as long as the source.
  [[nodiscard]] virtual std::string_view Memory() const { return {}; }
  /// Another Body with the same bytes from the start, and with a lifetime of its own.
  [[nodiscard]] virtual Result<Body> Again() const = 0;
};

/// The length of `body`, 0 for none, -1 when it is unknown.
[[nodiscard]] int64_t LengthOf(const Body& body);
/// Whether GetBody works.
[[nodiscard]] bool IsReplayable(const Body& body);
/// A new Body with the bytes of `body` from the start. ErrBodyReadAfterClose when it cannot be read
/// again.
[[nodiscard]] Result<Body> GetBody(const Body& body);

/// A body that is read from `reader`, once. `length` is the number of its bytes; -1: unknown.
/// `reader` is used where the request is sent: on the calling fiber's loop, or the calling thread.
[[nodiscard]] Body ReaderBody(std::shared_ptr<io::Reader> reader, int64_t length = -1);
/// A replayable body: `get` makes a reader each time.
[[nodiscard]] Body ReaderBody(std::function<Result<std::shared_ptr<io::Reader>>()> get,
                              int64_t length = -1);
/// The bytes of a file from the start; replayable. Fails when the file cannot be opened.
[[nodiscard]] Result<Body> FileBody(const std::string& path);

}  // namespace hon::http
