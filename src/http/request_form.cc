#include <utility>

#include "hon/http/form.h"
#include "hon/http/method.h"
#include "http/form_state.h"
#include "http/media_type.h"

namespace hon::http {
namespace {

constexpr std::string_view kUrlEncoded = "application/x-www-form-urlencoded";
constexpr std::string_view kFormData = "multipart/form-data";
constexpr std::string_view kMixed = "multipart/mixed";

bool HasFormBody(const Request& r) {
  return r.Method == MethodPost || r.Method == MethodPut || r.Method == MethodPatch;
}

// Reads the pairs of an urlencoded body; leaves a body of another type alone.
Error ReadBody(Request& r, url::Values& into) {
  const std::string_view field = r.Header.Get(HeaderId::kContentType);
  if (field.empty()) return {};
  mime::MediaType media;
  Error err = mime::internal::ParseMediaTypeInto(field, &media);
  if (media.type != kUrlEncoded) return err;
  const size_t bytes_max = r.Body.HasLimit() ? SIZE_MAX : kFormBytesMax;
  Result<std::string> text = r.Body.ReadAll(bytes_max);
  if (!text && text.error().Is(io::ErrTooLong)) return ErrFormTooLarge;
  if (!text) return std::move(text).error();
  Error query_err = url::ParseQueryInto(*text, into);
  return err ? err : query_err;
}

void AddAll(const url::Values& from, url::Values& to) {
  for (const auto& [name, list] : from) {
    url::Values::List& into = to[name];
    into.insert(into.end(), list.begin(), list.end());
  }
}

// The boundary of a multipart body.
Result<std::string> FindBoundary(const Request& r, bool mixed_too) {
  const std::string_view field = r.Header.Get(HeaderId::kContentType);
  const Result<mime::MediaType> media = mime::ParseMediaType(field);
  if (!media) return Fail(ErrNotMultipart);
  if (media->type != kFormData && !(mixed_too && media->type == kMixed)) {
    return Fail(ErrNotMultipart);
  }
  const auto boundary = media->params.find("boundary");
  if (boundary == media->params.end()) return Fail(ErrMissingBoundary);
  return boundary->second;
}

}  // namespace

Error Request::ParseForm() {
  FormState& forms = Forms();
  if (forms.form_parsed) return forms.form_error;
  forms.form_parsed = true;
  if (HasFormBody(*this)) forms.form_error = ReadBody(*this, forms.post_form);
  AddAll(forms.post_form, forms.form);
  Error query_err = url::ParseQueryInto(URL.RawQuery, forms.form);
  if (!forms.form_error) forms.form_error = std::move(query_err);
  return forms.form_error;
}

Error Request::ParseMultipartForm(int64_t memory_bytes_max) {
  multipart::Limits limits;
  limits.memory_bytes_max = memory_bytes_max;
  return ParseMultipartForm(limits);
}

Error Request::ParseMultipartForm(const multipart::Limits& limits) {
  FormState& forms = Forms();
  if (forms.reader_taken) {
    return Error::Of(ErrMultipartTaken, "http: multipart handled by MultipartReader");
  }
  // The error of an earlier ParseForm was already returned.
  Error form_err = forms.form_parsed ? Error() : ParseForm();
  if (forms.multipart_parsed) return forms.multipart_error;
  const Result<std::string> boundary = FindBoundary(*this, /*mixed_too=*/false);
  if (!boundary) return boundary.error();
  forms.multipart_parsed = true;
  multipart::Reader reader(Body, *boundary, limits);
  Result<std::unique_ptr<multipart::Form>> form = reader.ReadForm();
  if (!form) return forms.multipart_error = std::move(form).error();
  AddAll((*form)->Value, forms.form);
  AddAll((*form)->Value, forms.post_form);
  forms.multipart_form = *std::move(form);
  return form_err;
}

Result<std::unique_ptr<multipart::Reader>> Request::MultipartReader() {
  FormState& forms = Forms();
  if (forms.reader_taken) {
    return Fail(Error::Of(ErrMultipartTaken, "http: MultipartReader called twice"));
  }
  if (forms.multipart_parsed) {
    return Fail(Error::Of(ErrMultipartTaken, "http: multipart handled by ParseMultipartForm"));
  }
  forms.reader_taken = true;
  HON_TRY(const std::string boundary, FindBoundary(*this, /*mixed_too=*/true));
  return std::make_unique<multipart::Reader>(Body, boundary);
}

Result<multipart::FormFile> Request::FormFile(std::string_view name) {
  if (MultipartForm() == nullptr) {
    if (Error err = ParseMultipartForm(multipart::Limits())) return Fail(std::move(err));
  }
  const auto& files = MultipartForm()->File;
  const auto found = files.find(name);
  if (found == files.end() || found->second.empty()) return Fail(ErrMissingFile);
  const multipart::FileHeader& header = found->second.front();
  HON_TRY(std::unique_ptr<multipart::File> file, header.Open());
  return multipart::FormFile{std::move(file), &header};
}

std::string_view Request::FormValue(std::string_view name) {
  if (!Forms().form_parsed) static_cast<void>(ParseMultipartForm(multipart::Limits()));
  return Forms().form.Get(name);
}

std::string_view Request::PostFormValue(std::string_view name) {
  if (!Forms().form_parsed) static_cast<void>(ParseMultipartForm(multipart::Limits()));
  return Forms().post_form.Get(name);
}

}  // namespace hon::http
