#include "client/decode.h"

namespace hon::client {

std::unique_ptr<Decoder> NewZstdDecoder() { return nullptr; }

}  // namespace hon::client
