// The content coding zstd. Builds without HON_ZSTD: decode_zstd_none.cc.

#include <zstd.h>

#include "client/decode.h"
#include "hon/client/transport.h"

namespace hon::client {
namespace {

class ZstdDecoder final : public Decoder {
 public:
  explicit ZstdDecoder(ZSTD_DCtx* context) : context_(context) {}
  ~ZstdDecoder() override { ZSTD_freeDCtx(context_); }

  Step Decode(std::string_view in, std::span<char> into) override {
    if (in.empty() && !in_frame_) return {};
    ZSTD_inBuffer from = {in.data(), in.size(), 0};
    ZSTD_outBuffer to = {into.data(), into.size(), 0};
    const size_t result = ZSTD_decompressStream(context_, &to, &from);
    in_frame_ = result != 0;  // 0: the end of a frame, completely flushed
    return {.consumed = from.pos, .produced = to.pos, .failed = ZSTD_isError(result) != 0};
  }
  [[nodiscard]] bool MayEnd() const override { return !in_frame_; }

 private:
  ZSTD_DCtx* context_;
  bool in_frame_ = false;
};

}  // namespace

std::unique_ptr<Decoder> NewZstdDecoder() {
  ZSTD_DCtx* const context = ZSTD_createDCtx();
  if (context == nullptr) return nullptr;
  auto decoder = std::make_unique<ZstdDecoder>(context);
  const size_t result = ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, kZstdWindowLogMax);
  if (ZSTD_isError(result) != 0) return nullptr;
  return decoder;
}

}  // namespace hon::client
