#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

#include "hon/http/form.h"
#include "hon/httptest/request.h"
#include "http/request_form_cases.h"
#include "support/temp_dir.h"

namespace hon::http {
namespace {

using httptest::NewRequest;

Request FormRequest(std::string_view method, std::string_view target, std::string_view type,
                    std::string body) {
  Request r = NewRequest(method, target, std::move(body));
  if (!type.empty()) r.Header.Set("Content-Type", type);
  return r;
}

std::string Expand(std::string_view body) {
  std::string expanded;
  for (size_t i = 0; i < body.size(); ++i) {
    if (body[i] == '~') {
      expanded += "\r\n";
    } else if (body.substr(i, 3) == "CD ") {
      expanded += "Content-Disposition: form-data; name=";
      i += 2;
    } else {
      expanded += body[i];
    }
  }
  return expanded;
}

Outcome OutcomeOf(const Error& err) {
  if (!err) return Outcome::kOk;
  if (err.Is(ErrNotMultipart)) return Outcome::kNotMultipart;
  if (err.Is(ErrMissingBoundary)) return Outcome::kNoBoundary;
  if (err.Is(url::ErrSemicolon)) return Outcome::kSemicolon;
  if (err.Is(url::ErrEscape)) return Outcome::kEscape;
  if (err.Is(multipart::ErrMalformed)) return Outcome::kMalformed;
  if (err.Is(io::ErrUnexpectedEof)) return Outcome::kCutShort;
  if (err.Is(mime::ErrInvalidMediaType) || err.Is(mime::ErrInvalidMediaParameter)) {
    return Outcome::kMedia;
  }
  ADD_FAILURE() << err.Message();
  return Outcome::kOk;
}

TEST(ParseForm, ReadsWhatGoReads) {
  for (const FormCase& c : kFormCases) {
    Request r = FormRequest(c.method, c.target, c.content_type, std::string(c.body));
    const std::string what = std::string(c.method) + ' ' + std::string(c.target) + ' ' +
                             std::string(c.content_type) + ' ' + std::string(c.body);
    EXPECT_EQ(OutcomeOf(r.ParseForm()), c.outcome) << what;
    EXPECT_EQ(r.Form().Encode(), c.form) << what;
    EXPECT_EQ(r.PostForm().Encode(), c.post_form) << what;
    EXPECT_EQ(r.Body.ReadAll().value(), c.body_read ? "" : c.body) << what;
    // A second call changes nothing and returns the same.
    EXPECT_EQ(OutcomeOf(r.ParseForm()), c.outcome) << what;
    EXPECT_EQ(r.Form().Encode(), c.form) << what;
  }
}

std::string ShowFiles(const multipart::Form* form) {
  std::string shown;
  if (form == nullptr) return shown;
  for (const auto& [name, files] : form->File) {
    for (const multipart::FileHeader& file : files) {
      const std::string content = io::ReadAll(**file.Open()).value();
      shown += name + '=' + file.Filename + ':' + content + std::to_string(file.Size);
    }
  }
  return shown;
}

TEST(ParseMultipartForm, ReadsWhatGoReads) {
  for (const MultipartCase& c : kMultipartCases) {
    Request r = FormRequest(c.method, c.target, c.content_type, Expand(c.body));
    const std::string what =
        std::string(c.target) + ' ' + std::string(c.content_type) + ' ' + std::string(c.body);
    EXPECT_EQ(OutcomeOf(r.ParseMultipartForm(100)), c.outcome) << what;
    EXPECT_EQ(r.Form().Encode(), c.form) << what;
    EXPECT_EQ(r.PostForm().Encode(), c.post_form) << what;
    EXPECT_EQ(ShowFiles(r.MultipartForm()), c.files) << what;
  }
}

// Go takes this for the regular end and keeps the parts.
TEST(ParseMultipartForm, ABodyThatEndsInAHeaderIsCutShort) {
  Request r = FormRequest("POST", "/", kFormData, Expand("--B~CD \"a\"~~1~--B~Content-Dis"));
  EXPECT_TRUE(r.ParseMultipartForm(100).Is(io::ErrUnexpectedEof));
  EXPECT_EQ(r.MultipartForm(), nullptr);
  EXPECT_TRUE(r.PostForm().Empty());
}

// A body of a given length, too long to be read in the test.
class LongBody final : public BodySource {
 public:
  explicit LongBody(size_t bytes, bool limited = false) : left_(bytes), limited_(limited) {}
  io::IoResult Read(std::span<char> into) override {
    if (left_ == 0) return {0, io::ErrEof};
    const size_t n = std::min(left_, into.size());
    std::fill_n(into.begin(), n, 'x');
    left_ -= n;
    return {n, {}};
  }
  Error Close() override { return {}; }
  [[nodiscard]] bool HasLimit() const override { return limited_; }

 private:
  size_t left_;
  bool limited_;
};

Error ParseLong(size_t bytes, bool limited) {
  LongBody body(bytes, limited);
  Request r = NewRequest("POST", "/?q=1", Body(&body));
  r.Header.Set("Content-Type", kUrlEncoded);
  Error err = r.ParseForm();
  EXPECT_EQ(r.FormValue("q"), "1");
  return err;
}

TEST(ParseForm, TakesTenMebibytes) {
  EXPECT_FALSE(ParseLong(kFormBytesMax, false));
  const Error err = ParseLong(kFormBytesMax + 1, false);
  EXPECT_TRUE(err.Is(ErrFormTooLarge));
  EXPECT_EQ(err.Message(), "http: POST too large");
  EXPECT_FALSE(ParseLong(kFormBytesMax + 1, true)) << "the handler's limit is the only one then";
}

TEST(ParseForm, TakesTenThousandPairs) {
  std::string query;
  for (size_t i = 0; i < url::kQueryParametersMax; ++i) query += i == 0 ? "a=1" : "&a=1";
  Request most = FormRequest("POST", "/", kUrlEncoded, query);
  EXPECT_FALSE(most.ParseForm());
  EXPECT_EQ(most.Form().All("a").size(), url::kQueryParametersMax);
  Request more = FormRequest("POST", "/?q=1", kUrlEncoded, query + "&a=1");
  EXPECT_TRUE(more.ParseForm().Is(url::ErrTooManyParameters));
  EXPECT_EQ(more.Form().Encode(), "q=1");
}

TEST(FormValue, ParsesByItself) {
  Request r = FormRequest("POST", "/?a=0&q=1", kFormData, Expand(kAll));
  EXPECT_EQ(r.FormValue("a"), "0");
  EXPECT_EQ(r.PostFormValue("a"), "1");
  EXPECT_EQ(r.FormValue("q"), "1");
  EXPECT_EQ(r.FormValue("missing"), "");
  EXPECT_EQ(r.PostFormValue("missing"), "");

  Request plain = FormRequest("POST", "/?a=0", kUrlEncoded, "a=1");
  EXPECT_EQ(plain.PostFormValue("a"), "1");
  EXPECT_EQ(plain.FormValue("a"), "1");
}

TEST(FormFile, OpensTheFirstFileOfAField) {
  Request r = FormRequest("POST", "/", kFormData, Expand(kAll));
  Result<multipart::FormFile> file = r.FormFile("f");
  ASSERT_TRUE(file.has_value());
  EXPECT_EQ(file->header->Filename, "x.txt");
  EXPECT_EQ(file->header->Size, 4);
  EXPECT_EQ(io::ReadAll(*file->file).value(), "file");
  EXPECT_TRUE(r.FormFile("a").error().Is(ErrMissingFile)) << "a value is no file";
  EXPECT_TRUE(r.FormFile("missing").error().Is(ErrMissingFile));

  Request plain = FormRequest("POST", "/", kUrlEncoded, "f=1");
  EXPECT_TRUE(plain.FormFile("f").error().Is(ErrNotMultipart));
}

TEST(MultipartReader, TakesTheBody) {
  Request r = FormRequest("POST", "/?q=1", kFormData, Expand(kAll));
  Result<std::unique_ptr<multipart::Reader>> reader = r.MultipartReader();
  ASSERT_TRUE(reader.has_value());
  EXPECT_EQ((*(*reader)->NextPart())->FormName(), "a");
  EXPECT_EQ(r.MultipartReader().error().Message(), "http: MultipartReader called twice");
  const Error err = r.ParseMultipartForm(100);
  EXPECT_TRUE(err.Is(ErrMultipartTaken));
  EXPECT_EQ(err.Message(), "http: multipart handled by MultipartReader");
  EXPECT_TRUE(r.FormFile("f").error().Is(ErrMultipartTaken));
}

TEST(MultipartReader, ComesTooLateAfterTheForm) {
  Request r = FormRequest("POST", "/", kFormData, Expand(kAll));
  ASSERT_FALSE(r.ParseMultipartForm(100));
  EXPECT_EQ(r.MultipartReader().error().Message(), "http: multipart handled by ParseMultipartForm");
  EXPECT_FALSE(r.ParseMultipartForm(100)) << "once is enough";
}

TEST(MultipartReader, ReadsMixedToo) {
  Request mixed = FormRequest("POST", "/", "multipart/mixed; boundary=B", Expand(kAll));
  EXPECT_TRUE(mixed.MultipartReader().has_value());
  Request other = FormRequest("POST", "/", "multipart/related; boundary=B", Expand(kAll));
  EXPECT_TRUE(other.MultipartReader().error().Is(ErrNotMultipart));
  Request none = FormRequest("POST", "/", "multipart/form-data", Expand(kAll));
  EXPECT_TRUE(none.MultipartReader().error().Is(ErrMissingBoundary));
}

// An upload that goes to disk, as a handler sees it.
class Upload : public testing::Test {
 protected:
  Upload() {
    limits_.memory_bytes_max = 10;
    limits_.temp_dir = dir_.Path();
    request_ =
        FormRequest("POST", "/", kFormData,
                    Expand("--B~CD f; filename=x~~") + std::string(100'000, 'x') + "\r\n--B--");
  }

  support::TempDir dir_;
  multipart::Limits limits_;
  Request request_;
};

TEST_F(Upload, LeavesNothingBehind) {
  ASSERT_FALSE(request_.ParseMultipartForm(limits_));
  const Result<multipart::FormFile> file = request_.FormFile("f");
  EXPECT_EQ(io::ReadAll(*file->file)->size(), 100'000U);
  EXPECT_EQ(dir_.Count(), 0U) << "not even while it is read";
}

TEST_F(Upload, LeavesNothingBehindAfterAThrow) {
  EXPECT_THROW(
      {
        const Request request = std::move(request_);
        ASSERT_FALSE(const_cast<Request&>(request).ParseMultipartForm(limits_));
        throw std::runtime_error("handler");
      },
      std::runtime_error);
  EXPECT_EQ(dir_.Count(), 0U);
}

TEST_F(Upload, EndsWithItsRequest) {
  ASSERT_FALSE(request_.ParseMultipartForm(limits_));
  EXPECT_NE(request_.MultipartForm(), nullptr);
  request_.Reset();
  EXPECT_EQ(request_.MultipartForm(), nullptr);
  EXPECT_TRUE(request_.Form().Empty());
}

TEST_F(Upload, LivesOnInACopyOfItsRequest) {
  ASSERT_FALSE(request_.ParseMultipartForm(limits_));
  Request copy = request_.WithContext(request_.Context());
  EXPECT_EQ(io::ReadAll(*copy.FormFile("f")->file)->size(), 100'000U);
}

TEST_F(Upload, SaysWhichLimitItHit) {
  limits_.disk_bytes_max = 99'999;
  const Error err = request_.ParseMultipartForm(limits_);
  EXPECT_TRUE(err.Is(multipart::ErrMessageTooLarge));
  EXPECT_EQ(err.Message(), "multipart: message too large: files on disk of more than 99999 bytes");
  EXPECT_EQ(request_.MultipartForm(), nullptr);
  EXPECT_TRUE(request_.FormFile("f").error().Is(multipart::ErrMessageTooLarge));
}

}  // namespace
}  // namespace hon::http
