#pragma once

// The text of server-sent events (WHATWG HTML, section 9.2 "Server-sent events"). Independent of
// connections: writer.h sends the text, broadcaster.h keeps it.

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "hon/base/error.h"

namespace hon::sse {

/// A field that the format cannot carry: a line break or NUL in an id or event type, a negative
/// retry time, an id that could not come back (Event::id). Nothing of the event is sent.
inline constexpr Sentinel ErrBadField{"sse: a field holds what the format cannot carry"};
/// An id or event type past kFieldBytesMax, or an event past kEventBytesMax. Nothing of it is sent.
inline constexpr Sentinel ErrTooLarge{"sse: event too large"};

/// Bytes of an id or event type. An id returns in a request header, where other servers and proxies
/// have limits too.
inline constexpr size_t kFieldBytesMax = 1024;
/// One event or comment in its encoded form, with the names and line ends that the format adds.
inline constexpr size_t kEventBytesMax = size_t{1} << 20;

/// One event. The views are borrowed for the duration of a call.
struct Event {
  /// Any text; each of its lines (ended by CR, LF or CRLF) becomes a line of the event. The client
  /// gets the lines joined by LF. Should be UTF-8. Without data the client stores the id and the
  /// retry time, and dispatches no event.
  std::optional<std::string_view> data{};
  /// The event's type; "" is the type "message" in browsers.
  std::string_view event{};
  /// The Last-Event-ID that the client sends when it reconnects; "" makes the client forget its
  /// last id. Must be text that a field of a request can carry unchanged (RFC 9110 §5.5): UTF-8,
  /// without a space or tab at either end, and without control characters but tabs.
  std::optional<std::string_view> id{};
  /// The client's wait before it reconnects.
  std::optional<std::chrono::milliseconds> retry{};
};

/// Appends the event's lines to `out`, with the empty line at their end. On failure `out` is
/// unchanged.
Error AppendEvent(const Event& event, std::string& out);

/// Appends a comment, which clients ignore, a line for each of its lines.
Error AppendComment(std::string_view text, std::string& out);

}  // namespace hon::sse
