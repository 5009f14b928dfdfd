#include "client/decode.h"

namespace hon::client {

std::unique_ptr<Decoder> NewBrotliDecoder() { return nullptr; }

}  // namespace hon::client
