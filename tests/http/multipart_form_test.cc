// Reading forms within their limits, and the files of forms.

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <string>
#include <vector>

#include "hon/http/multipart.h"
#include "support/temp_dir.h"

namespace hon::multipart {
namespace {

std::string Value(const std::string& name, const std::string& value) {
  return "--B\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + value + "\r\n";
}

std::string FilePart(const std::string& name, const std::string& content,
                     const std::string& header = "") {
  return "--B\r\nContent-Disposition: form-data; name=\"" + name + "\"; filename=\"" + name +
         ".bin\"\r\n" + header + "\r\n" + content + "\r\n";
}

const char kEnd[] = "--B--\r\n";

class ReadForm : public testing::Test {
 protected:
  ReadForm() { limits_.temp_dir = dir_.Path(); }

  Result<std::unique_ptr<Form>> Read(const std::string& body) {
    io::StringReader text(body);
    Reader reader(text, "B", limits_);
    return reader.ReadForm();
  }

  // "" when the form is read, else the reason of the failure.
  std::string Why(const std::string& body) {
    const Result<std::unique_ptr<Form>> form = Read(body);
    EXPECT_EQ(dir_.Count(), 0U);
    if (form) return "";
    EXPECT_TRUE(form.error().Is(ErrMessageTooLarge)) << form.error().Message();
    return form.error().Message();
  }

  static std::string Content(const FileHeader& file) { return io::ReadAll(**file.Open()).value(); }

  support::TempDir dir_;
  Limits limits_;
};

TEST_F(ReadForm, KeepsValuesAndFilesInOrder) {
  const auto form = Read(Value("a", "1") + FilePart("f", "one", "X-Y: z\r\n") + Value("a", "2") +
                         FilePart("f", "two") + kEnd);
  ASSERT_TRUE(form.has_value());
  EXPECT_EQ((*form)->Value.All("a"), (std::vector<std::string>{"1", "2"}));
  const std::vector<FileHeader>& files = (*form)->File.at("f");
  ASSERT_EQ(files.size(), 2U);
  EXPECT_EQ(files[0].Filename, "f.bin");
  EXPECT_EQ(files[0].Header.Get("X-Y"), "z");
  EXPECT_EQ(files[0].Size, 3);
  EXPECT_EQ(Content(files[0]), "one");
  EXPECT_EQ(Content(files[1]), "two");
}

TEST_F(ReadForm, SpillsToDiskPastTheMemoryLimit) {
  limits_.memory_bytes_max = 100;
  const std::string large(100'001, 'L');
  const std::string larger(200'003, 'M');
  const auto form = Read(FilePart("small", std::string(60, 's')) + FilePart("large", large) +
                         FilePart("rest", std::string(40, 'r')) + FilePart("none", "") +
                         FilePart("larger", larger) + kEnd);
  ASSERT_TRUE(form.has_value());
  EXPECT_EQ(Content((*form)->File.at("small").front()), std::string(60, 's'));
  EXPECT_EQ(Content((*form)->File.at("large").front()), large);
  EXPECT_EQ(Content((*form)->File.at("rest").front()), std::string(40, 'r'));
  EXPECT_EQ(Content((*form)->File.at("none").front()), "");
  EXPECT_EQ(Content((*form)->File.at("larger").front()), larger);
  EXPECT_EQ((*form)->File.at("larger").front().Size, 200'003);
  EXPECT_EQ(dir_.Count(), 0U);
}

TEST_F(ReadForm, FilesAreReadAtAnyPlace) {
  for (const int64_t memory : {0, 1000}) {
    limits_.memory_bytes_max = memory;
    const auto form =
        Read(FilePart("x", "before") + FilePart("f", "0123456789") + FilePart("y", "after") + kEnd);
    ASSERT_TRUE(form.has_value());
    const FileHeader& header = (*form)->File.at("f").front();
    const std::unique_ptr<File> file = header.Open().value();
    const std::unique_ptr<File> other = header.Open().value();
    char buffer[100];
    EXPECT_EQ(file->Read(buffer).n, 10U) << "no further than its end";
    EXPECT_TRUE(file->Read(buffer).err.Is(io::ErrEof));
    EXPECT_EQ(file->Read({}).n, 0U);
    EXPECT_FALSE(file->Read({}).err);
    EXPECT_EQ(file->Seek(-4, io::Whence::kEnd).value(), 6);
    EXPECT_EQ(file->Seek(1, io::Whence::kCurrent).value(), 7);
    EXPECT_EQ(io::ReadAll(*file).value(), "789");
    EXPECT_EQ(file->Seek(20, io::Whence::kStart).value(), 20);
    EXPECT_TRUE(file->Read(buffer).err.Is(io::ErrEof));
    EXPECT_FALSE(file->Seek(-1, io::Whence::kStart).has_value());
    EXPECT_FALSE(file->Seek(INT64_MAX, io::Whence::kCurrent).has_value());
    EXPECT_EQ(file->ReadAt(std::span(buffer, 2), 3).n, 2U);
    EXPECT_EQ(std::string_view(buffer, 2), "34");
    EXPECT_TRUE(file->ReadAt(buffer, 10).err.Is(io::ErrEof));
    EXPECT_TRUE(file->ReadAt(buffer, -1).err);
    EXPECT_EQ(io::ReadAll(*other).value(), "0123456789") << "each has its own position";
  }
}

TEST_F(ReadForm, AnOpenFileOutlivesItsForm) {
  for (const int64_t memory : {0, 1000}) {
    limits_.memory_bytes_max = memory;
    auto form = Read(FilePart("f", "content") + kEnd);
    const std::unique_ptr<File> file = (*form)->File.at("f").front().Open().value();
    EXPECT_FALSE((*form)->RemoveAll());
    EXPECT_FALSE((*form)->File.at("f").front().Open().has_value());
    form->reset();
    EXPECT_EQ(io::ReadAll(*file).value(), "content");
  }
}

TEST_F(ReadForm, CountsParts) {
  std::string body;
  for (int i = 0; i < 1000; ++i) body += i % 2 == 0 ? Value("a", "") : "--B\r\n\r\nnameless\r\n";
  EXPECT_EQ(Why(body + kEnd), "");
  EXPECT_EQ(Why(body + Value("a", "") + kEnd),
            "multipart: message too large: form of more than 1000 parts");
  limits_.parts_max = 1;
  EXPECT_EQ(Why(Value("a", "") + kEnd), "");
  EXPECT_EQ(Why(Value("a", "") + Value("a", "") + kEnd),
            "multipart: message too large: form of more than 1 parts");
}

TEST_F(ReadForm, CountsHeadersOfFiles) {
  limits_.headers_max = 4;
  const std::string file = FilePart("f", "", "X-Y: z\r\n");  // two fields
  EXPECT_EQ(Why(file + file + kEnd), "");
  EXPECT_NE(Why(file + file + file + kEnd), "");
  EXPECT_EQ(Why(Value("a", "") + Value("a", "") + Value("a", "") + Value("a", "") + Value("a", "") +
                kEnd),
            "")
      << "those of values are not kept";
}

TEST_F(ReadForm, CountsValueBytes) {
  limits_.memory_bytes_max = 0;
  limits_.value_bytes_max = 2000;
  // The name, its entry and the value are kept.
  const size_t room = 2000 - 1 - kEntryBytes;
  EXPECT_EQ(Why(Value("a", std::string(room, 'v')) + kEnd), "");
  EXPECT_EQ(Why(Value("a", std::string(room + 1, 'v')) + kEnd),
            "multipart: message too large: values and part headers of more than 2000 bytes");
  // The unused part of the memory for files is available to values.
  limits_.memory_bytes_max = 500;
  EXPECT_EQ(Why(Value("a", std::string(room + 500, 'v')) + kEnd), "");
  EXPECT_NE(Why(Value("a", std::string(room + 501, 'v')) + kEnd), "");
}

TEST_F(ReadForm, CountsManySmallValues) {
  limits_.memory_bytes_max = 0;
  limits_.parts_max = SIZE_MAX;
  limits_.value_bytes_max = 100 * (kEntryBytes + 1) + 1000;  // and room for a part's header
  std::string body;
  for (int i = 0; i < 100; ++i) body += Value("a", "");
  EXPECT_EQ(Why(body + kEnd), "");
  for (int i = 0; i < 5; ++i) body += Value("a", "");
  EXPECT_NE(Why(body + kEnd), "");
}

TEST_F(ReadForm, CountsFileBytes) {
  limits_.file_bytes_max = 1000;
  for (const int64_t memory : {0, 10'000}) {
    limits_.memory_bytes_max = memory;
    const std::string most = FilePart("f", std::string(1000, 'x'));
    EXPECT_EQ(Why(most + most + kEnd), "");
    EXPECT_EQ(Why(most + FilePart("f", std::string(1001, 'x')) + kEnd),
              "multipart: message too large: file of more than 1000 bytes");
  }
}

TEST_F(ReadForm, CountsDiskBytes) {
  limits_.memory_bytes_max = 0;
  limits_.disk_bytes_max = 100'000;
  const std::string half = FilePart("f", std::string(50'000, 'x'));
  EXPECT_EQ(Why(half + half + kEnd), "");
  EXPECT_EQ(Why(half + half + FilePart("f", "x") + kEnd),
            "multipart: message too large: files on disk of more than 100000 bytes");
}

TEST_F(ReadForm, TakesLimitsWithoutEnd) {
  limits_ = {.memory_bytes_max = INT64_MAX,
             .value_bytes_max = INT64_MAX,
             .parts_max = SIZE_MAX,
             .headers_max = SIZE_MAX,
             .header_bytes_max = INT64_MAX,
             .temp_dir = dir_.Path()};
  EXPECT_EQ(Why(Value("a", "1") + FilePart("f", "content") + kEnd), "");
}

TEST_F(ReadForm, AFailedUploadLeavesNoFiles) {
  limits_.memory_bytes_max = 0;
  const std::string body = FilePart("f", std::string(100'000, 'x'));
  for (const size_t cut : {size_t{50'000}, body.size() - 1, body.size()}) {
    const auto form = Read(body.substr(0, cut));
    ASSERT_FALSE(form.has_value());
    EXPECT_TRUE(form.error().Is(io::ErrUnexpectedEof)) << form.error().Message();
    EXPECT_EQ(dir_.Count(), 0U);
  }
}

TEST_F(ReadForm, SaysWhereItCouldNotWrite) {
  limits_.memory_bytes_max = 0;
  limits_.temp_dir = dir_.Path("missing");
  const auto form = Read(FilePart("f", "x") + kEnd);
  ASSERT_FALSE(form.has_value());
  EXPECT_EQ(form.error().SystemCode(), ENOENT);
  EXPECT_NE(form.error().Message().find("missing"), std::string::npos);
}

TEST_F(ReadForm, AFullDiskIsAnError) {
  limits_.memory_bytes_max = 0;
  rlimit before = {};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  rlimit small = before;
  small.rlim_cur = 10'000;
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const auto old_action = std::signal(SIGXFSZ, SIG_IGN);
  const auto form = Read(FilePart("f", std::string(100'000, 'x')) + kEnd);
  std::signal(SIGXFSZ, old_action);
  ::setrlimit(RLIMIT_FSIZE, &before);
  ASSERT_FALSE(form.has_value());
  EXPECT_EQ(form.error().SystemCode(), EFBIG);
  EXPECT_EQ(dir_.Count(), 0U);
}

TEST_F(ReadForm, HoldsNoDescriptorWithoutNeed) {
  const auto next_fd = [] {
    const int fd = ::dup(0);
    ::close(fd);
    return fd;
  };
  const int before = next_fd();
  limits_.memory_bytes_max = 0;
  {
    const auto form = Read(FilePart("f", "x") + FilePart("g", "y") + kEnd);
    EXPECT_EQ(next_fd(), before + 1) << "one for all files";
  }
  EXPECT_EQ(next_fd(), before);
}

}  // namespace
}  // namespace hon::multipart
