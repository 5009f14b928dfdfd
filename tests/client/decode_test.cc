// The content codings, with their limits. Linked with every decoder whose library is there.

#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <string>

#ifdef HON_TEST_BROTLI
#include <brotli/encode.h>
#endif
#ifdef HON_TEST_ZSTD
#include <zstd.h>
#endif

#include "client/decode.h"
#include "hon/client/transport.h"
#include "hon/http/client_error.h"

namespace hon::client {
namespace {

std::string Gzip(std::string_view text) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, MAX_WBITS | 16, 9, Z_DEFAULT_STRATEGY), Z_OK);
  std::string packed(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

#ifdef HON_TEST_BROTLI
std::string Brotli(std::string_view text) {
  size_t size = BrotliEncoderMaxCompressedSize(text.size()) + 64;
  std::string packed(size, '\0');
  EXPECT_EQ(BrotliEncoderCompress(5, 22, BROTLI_MODE_GENERIC, text.size(),
                                  reinterpret_cast<const uint8_t*>(text.data()), &size,
                                  reinterpret_cast<uint8_t*>(packed.data())),
            BROTLI_TRUE);
  packed.resize(size);
  return packed;
}
#endif

#ifdef HON_TEST_ZSTD
std::string Zstd(std::string_view text, int window_log = 0) {
  ZSTD_CCtx* const context = ZSTD_createCCtx();
  if (window_log != 0) {
    ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, window_log);
    ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 0);
  }
  std::string packed(ZSTD_compressBound(text.size()), '\0');
  // Streamed, so that the frame has the window that was asked for.
  ZSTD_inBuffer from = {text.data(), text.size(), 0};
  ZSTD_outBuffer to = {packed.data(), packed.size(), 0};
  while (ZSTD_compressStream2(context, &to, &from, ZSTD_e_continue) != 0 || from.pos < from.size) {
  }
  EXPECT_EQ(ZSTD_compressStream2(context, &to, &from, ZSTD_e_end), 0U);
  packed.resize(to.pos);
  ZSTD_freeCCtx(context);
  return packed;
}
#endif

struct Coding {
  std::string name;
  std::string (*pack)(std::string_view);
  bool many = false;  // the coded text may have several parts
};

std::vector<Coding> Codings() {
  std::vector<Coding> all = {{"gzip", Gzip, true}};
#ifdef HON_TEST_BROTLI
  all.push_back({"br", Brotli, false});
#endif
#ifdef HON_TEST_ZSTD
  all.push_back({"zstd", [](std::string_view text) { return Zstd(text); }, true});
#endif
  return all;
}

/// Gives a text in pieces of `piece` bytes.
class PieceSource final : public http::BodySource {
 public:
  PieceSource(std::string text, size_t piece) : text_(std::move(text)), piece_(piece) {}
  io::IoResult Read(std::span<char> into) override {
    if (at_ == text_.size()) return {0, io::ErrEof};
    const size_t n = text_.copy(into.data(), std::min(piece_, into.size()), at_);
    at_ += n;
    return {n, {}};
  }
  Error Close() override { return {}; }

 private:
  std::string text_;
  size_t piece_;
  size_t at_ = 0;
};

http::Response Coded(std::string_view coding, std::string packed, size_t piece = SIZE_MAX) {
  http::Response answer;
  answer.Header.Set("Content-Encoding", coding);
  answer.Header.Set("Content-Length", std::to_string(packed.size()));
  answer.ContentLength = static_cast<int64_t>(packed.size());
  answer.Body = http::Body(std::make_shared<PieceSource>(std::move(packed), piece));
  DecodeBody(answer);
  return answer;
}

struct Outcome {
  size_t bytes = 0;
  Error err;
};

Outcome ReadToEnd(http::Response& answer) {
  Outcome outcome;
  std::vector<char> into(64 * 1024);
  for (;;) {
    const io::IoResult got = answer.Body.Read(into);
    outcome.bytes += got.n;
    if (got.err) {
      outcome.err = got.err;
      return outcome;
    }
  }
}

TEST(Codings, AreNamedInOrder) {
  std::string all;
  for (const Coding& one : Codings()) all.append(all.empty() ? "" : ", ").append(one.name);
  EXPECT_EQ(AcceptedCodings(), all);
}

TEST(Codings, AreDecodedWhateverThePieces) {  // T63
  std::string text;
  for (int i = 0; i < 5000; ++i) text.append(std::to_string(i * i)).append(" ");
  for (const Coding& one : Codings()) {
    for (const size_t piece : {size_t{1}, size_t{7}, size_t{1000}, SIZE_MAX}) {
      http::Response answer = Coded(one.name, one.pack(text), piece);
      EXPECT_TRUE(answer.Uncompressed);
      EXPECT_EQ(answer.ContentLength, -1);
      EXPECT_FALSE(answer.Header.Has("Content-Encoding"));
      EXPECT_FALSE(answer.Header.Has("Content-Length"));
      EXPECT_EQ(answer.Body.ReadAll().value_or("failed"), text) << one.name << " " << piece;
    }
    http::Response upper = Coded(one.name == "br"     ? "BR"
                                 : one.name == "gzip" ? "GZip"
                                                      : "ZSTD",
                                 one.pack(text));
    EXPECT_EQ(upper.Body.ReadAll().value_or("failed"), text);
  }
}

TEST(Codings, OthersAreLeftAlone) {  // T63
  for (const char* const other : {"deflate", "x-gzip", "gzip, gzip", "identity"}) {
    http::Response answer = Coded(other, "text");
    EXPECT_FALSE(answer.Uncompressed) << other;
    EXPECT_EQ(answer.Body.ReadAll().value_or("failed"), "text");
    EXPECT_EQ(answer.Header.Get("Content-Encoding"), other);
  }
}

TEST(Codings, CutAndInvalidTextsAreErrors) {
  const std::string text(3000, 'x');
  for (const Coding& one : Codings()) {
    const std::string packed = one.pack(text);
    for (size_t cut = 1; cut < packed.size(); ++cut) {
      http::Response answer = Coded(one.name, packed.substr(0, cut), 1);
      EXPECT_TRUE(ReadToEnd(answer).err.Is(io::ErrUnexpectedEof)) << one.name << " " << cut;
    }
    http::Response garbage = Coded(one.name, "\xFFno coded text at all");
    const Error invalid = ReadToEnd(garbage).err;
    EXPECT_TRUE(invalid.Is(http::ErrMalformedResponse)) << one.name << invalid.Message();
    http::Response behind = Coded(one.name, packed + "\xFFrubbish");
    const Outcome outcome = ReadToEnd(behind);
    EXPECT_EQ(outcome.bytes, text.size());
    EXPECT_TRUE(outcome.err.Is(http::ErrMalformedResponse)) << one.name;
    if (!one.many) continue;
    http::Response twice = Coded(one.name, packed + packed, 5);
    EXPECT_EQ(twice.Body.ReadAll().value_or("failed"), text + text);
  }
}

TEST(Codings, ABombIsRefusedOnePastTheFreeBytes) {
  for (const Coding& one : Codings()) {
    const std::string zeros(kDecodedFreeBytes + 1, '\0');
    const std::string most = one.pack(std::string_view(zeros).substr(1));
    const std::string more = one.pack(zeros);
    ASSERT_GT(kDecodedFreeBytes / kDecodedRatioMax, more.size()) << "no bomb";
    http::Response fits = Coded(one.name, most);
    const Outcome whole = ReadToEnd(fits);
    EXPECT_EQ(whole.bytes, kDecodedFreeBytes) << one.name;
    EXPECT_TRUE(whole.err.Is(io::ErrEof)) << one.name;
    http::Response bomb = Coded(one.name, more);
    const Outcome refused = ReadToEnd(bomb);
    EXPECT_LE(refused.bytes, kDecodedFreeBytes) << one.name;
    EXPECT_TRUE(refused.err.Is(http::ErrDecodedTooLong)) << one.name << refused.err.Message();
    EXPECT_EQ(http::KindOf(refused.err), http::ErrorKind::kLimit);
  }
}

TEST(Codings, TheRatioCountsPastTheFreeBytes) {
  // Half of the bytes cannot be compressed: far from the ratio.
  std::string text;
  uint32_t random = 1;
  while (text.size() < kDecodedFreeBytes + (size_t{4} << 20)) {
    for (int i = 0; i < 512; ++i)
      text += static_cast<char>((random = random * 1664525 + 1013904223) >> 24);
    text.append(512, 'x');
  }
  http::Response answer = Coded("gzip", Gzip(text));
  const Outcome outcome = ReadToEnd(answer);
  EXPECT_EQ(outcome.bytes, text.size());
  EXPECT_TRUE(outcome.err.Is(io::ErrEof));
}

#ifdef HON_TEST_ZSTD
TEST(Codings, TheWindowOfZstdIsLimited) {
  const std::string text(1000, 'x');
  http::Response most = Coded("zstd", Zstd(text, kZstdWindowLogMax));
  EXPECT_EQ(most.Body.ReadAll().value_or("failed"), text);
  http::Response more = Coded("zstd", Zstd(text, kZstdWindowLogMax + 1));
  EXPECT_TRUE(ReadToEnd(more).err.Is(http::ErrMalformedResponse));
}
#endif

}  // namespace
}  // namespace hon::client
