#pragma once

#include <string>

#include "bench/beast/stream.h"
#include "hon/io/event_conn.h"

namespace hon::beast {

/// Gives the connection to `sink`, which the io_context of its socket calls from now on; `unread`
/// is the first input. Returns after OnOpen.
void RunEvented(Stream stream, const std::string& unread, io::ConnSink& sink);

}  // namespace hon::beast
