// The content coding br. Builds without HON_BROTLI: decode_brotli_none.cc.

#include <brotli/decode.h>

#include "client/decode.h"

namespace hon::client {
namespace {

class BrotliDecoder final : public Decoder {
 public:
  explicit BrotliDecoder(BrotliDecoderState* state) : state_(state) {}
  ~BrotliDecoder() override { BrotliDecoderDestroyInstance(state_); }

  Step Decode(std::string_view in, std::span<char> into) override {
    if (ended_) return {.failed = !in.empty()};  // bytes behind the end of the stream
    size_t in_left = in.size();
    size_t room_left = into.size();
    const auto* next_in = reinterpret_cast<const uint8_t*>(in.data());
    auto* next_out = reinterpret_cast<uint8_t*>(into.data());
    begun_ = begun_ || !in.empty();
    const BrotliDecoderResult result =
        BrotliDecoderDecompressStream(state_, &in_left, &next_in, &room_left, &next_out, nullptr);
    ended_ = result == BROTLI_DECODER_RESULT_SUCCESS;
    return {.consumed = in.size() - in_left,
            .produced = into.size() - room_left,
            .failed = result == BROTLI_DECODER_RESULT_ERROR};
  }
  [[nodiscard]] bool MayEnd() const override { return ended_ || !begun_; }

 private:
  BrotliDecoderState* state_;
  bool begun_ = false;
  bool ended_ = false;
};

}  // namespace

std::unique_ptr<Decoder> NewBrotliDecoder() {
  BrotliDecoderState* const state = BrotliDecoderCreateInstance(nullptr, nullptr, nullptr);
  if (state == nullptr) return nullptr;
  return std::make_unique<BrotliDecoder>(state);
}

}  // namespace hon::client
