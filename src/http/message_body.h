#pragma once

#include <cstdint>
#include <string>

#include "hon/http/body.h"
#include "hon/http/header.h"
#include "hon/io/io.h"

namespace hon::http::internal {

/// "Trailer: a, b" with its line end, each name once; "" for no fields.
[[nodiscard]] std::string TrailerLine(const Header& trailer);

/// Writes all of `body` unframed. Fails with ErrBodyLength when `length` is not negative and the
/// body has another one.
Error WriteBody(io::Writer& to, Body& body, int64_t length);
/// Writes all of `body` in chunks, and `trailer` behind them (RFC 9112 §7.1).
Error WriteChunks(io::Writer& to, Body& body, const Header& trailer);

}  // namespace hon::http::internal
