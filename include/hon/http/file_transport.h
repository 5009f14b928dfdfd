#pragma once

// A tree of files as a transport of http::Client, Go's http.NewFileTransport.

#include <concepts>
#include <memory>
#include <utility>

#include "hon/http/fs.h"
#include "hon/http/round_tripper.h"

namespace hon::http {

/// A RoundTripper that answers from `fs` as a FileServer does; the host of the URL is ignored. An
/// answer is in HTTP/1.0 and has ContentLength -1, as Go's. The Body reads the file where the Body
/// is read, without a copy of the whole in memory, and may block the thread for the disk.
///
///     auto transport = std::make_shared<client::Transport>();
///     transport->RegisterProtocol("file", http::NewFileTransport(http::Dir("/srv/data")));
///     http::Client client{.Transport = transport};
///     auto answer = client.Get("file:///list.txt");
[[nodiscard]] std::shared_ptr<RoundTripper> NewFileTransport(std::shared_ptr<const FS> fs);
template <std::derived_from<FS> F>
[[nodiscard]] std::shared_ptr<RoundTripper> NewFileTransport(F fs) {
  return NewFileTransport(std::make_shared<const F>(std::move(fs)));
}

}  // namespace hon::http
