#pragma once

#include "hon/http/file_server.h"
#include "hon/http/request.h"
#include "hon/http/response_writer.h"

namespace hon::http::internal {

/// Sets X-Content-Type-Options where `options` ask for it and the handler has not set it.
void SetNosniff(ResponseWriter& w, const FileServerOptions& options);

/// Answers with the names in the directory `dir`, sorted, as a page of links.
void SendListing(ResponseWriter& w, Request& r, FsFile& dir, Time modtime,
                 const FileServerOptions& options);

}  // namespace hon::http::internal
