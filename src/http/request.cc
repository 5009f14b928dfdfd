#include "hon/http/request.h"

#include <utility>

#include "hon/http/base64.h"
#include "http/form_state.h"
#include "http/token.h"

namespace hon::http {
namespace {

constexpr size_t kPathValuesKept = 16;
constexpr std::string_view kBasic = "Basic ";

void CopyText(const std::string& from, std::string& to) {
  if (from.empty()) {
    to.clear();
  } else {
    to = from;
  }
}

// The URL of a request to a server has few of the parts.
void CopyUrl(const url::URL& from, url::URL& to) {
  CopyText(from.Path, to.Path);
  CopyText(from.RawQuery, to.RawQuery);
  CopyText(from.RawPath, to.RawPath);
  CopyText(from.Scheme, to.Scheme);
  CopyText(from.Opaque, to.Opaque);
  CopyText(from.Host, to.Host);
  CopyText(from.Fragment, to.Fragment);
  CopyText(from.RawFragment, to.RawFragment);
  if (from.User != to.User) to.User = from.User;
  to.ForceQuery = from.ForceQuery;
  to.OmitHost = from.OmitHost;
}

}  // namespace

Request::Request() = default;
Request::~Request() = default;
Request::Request(Request&&) noexcept = default;
Request& Request::operator=(Request&&) noexcept = default;

// Copies the fields that all kinds of copy have, texts as views.
void Request::CopyFields(const Request& other) {
  Method = other.Method;
  CopyUrl(other.URL, URL);
  Proto = other.Proto;
  ProtoMajor = other.ProtoMajor;
  ProtoMinor = other.ProtoMinor;
  Body = other.Body;
  ContentLength = other.ContentLength;
  Chunked = other.Chunked;
  Close = other.Close;
  Host = other.Host;
  RemoteAddr = other.RemoteAddr;
  RequestURI = other.RequestURI;
  Pattern = other.Pattern;
  mount_prefix_ = other.mount_prefix_;
  if (!path_values_.empty() || !other.path_values_.empty()) path_values_ = other.path_values_;
}

Request Request::WithContext(appcontext::Context context) const {
  Request copy;
  copy.CopyFields(*this);
  copy.context_ = std::move(context);
  copy.Header = Header.Alias();
  copy.Trailer = Trailer.Alias();
  copy.forms_ = forms_;
  return copy;
}

void Request::CopyWithoutHeader(const Request& other) {
  CopyFields(other);
  context_ = other.context_;
  TLS = nullptr;
  Header.Reset();
  Trailer.Reset();
  for (const auto& field : other.Trailer) Trailer.AddView(field.name, field.value, field.id);
  if (forms_ != other.forms_) forms_ = other.forms_;
}

Request Request::Clone(appcontext::Context context) const {
  Request copy;
  copy.CopyFields(*this);
  copy.context_ = std::move(context);
  copy.Header = Header.Clone();
  copy.Trailer = Trailer.Clone();
  for (std::string_view* text : {&copy.Method, &copy.Proto, &copy.Host, &copy.RemoteAddr,
                                 &copy.RequestURI, &copy.Pattern, &copy.mount_prefix_}) {
    *text = copy.Own(*text);
  }
  for (PathParam& param : copy.path_values_) {
    param.name = copy.Own(param.name);
    param.value = copy.Own(param.value);
  }
  if (forms_ != nullptr) copy.forms_ = std::make_shared<FormState>(*forms_);
  return copy;
}

std::string_view Request::PathValue(std::string_view name) const {
  for (size_t i = path_values_.size(); i-- > 0;) {
    PathParam& param = path_values_[i];
    if (param.name != name) continue;
    if (param.escaped) {
      param.escaped = false;
      if (param.value.find('%') != std::string_view::npos) {
        char* plain = static_cast<char*>(arena_.Allocate(param.value.size()));
        const size_t size = url::PathUnescapeInto(param.value, plain);
        // A text with a bad escape is left as it is.
        if (size != url::kBadEscape) param.value = {plain, size};
      }
    }
    return param.value;
  }
  return {};
}

void Request::SetPathValue(std::string_view name, std::string_view value) {
  value = Own(value);
  for (size_t i = path_values_.size(); i-- > 0;) {
    PathParam& param = path_values_[i];
    if (param.name == name) {
      param.value = value;
      param.escaped = false;
      return;
    }
  }
  path_values_.push_back({Own(name), value, false});
}

std::optional<BasicCredentials> Request::BasicAuth() const {
  const std::string_view header = Header.Get(HeaderId::kAuthorization);
  if (!internal::EqualFold(header.substr(0, kBasic.size()), kBasic)) return std::nullopt;
  const Result<std::string> plain =
      base64::StdEncoding.Strict().DecodeString(header.substr(kBasic.size()));
  if (!plain) return std::nullopt;
  const size_t colon = plain->find(':');
  if (colon == std::string::npos) return std::nullopt;
  return BasicCredentials{plain->substr(0, colon), plain->substr(colon + 1)};
}

void Request::SetBasicAuth(std::string_view username, std::string_view password) {
  std::string plain(username);
  plain.append(1, ':').append(password);
  Header.Set(HeaderId::kAuthorization,
             std::string(kBasic) + base64::StdEncoding.EncodeToString(plain));
}

FormState& Request::Forms() {
  if (forms_ == nullptr) forms_ = std::make_shared<FormState>();
  return *forms_;
}

url::Values& Request::Form() { return Forms().form; }
url::Values& Request::PostForm() { return Forms().post_form; }
multipart::Form* Request::MultipartForm() {
  return forms_ == nullptr ? nullptr : forms_->multipart_form.get();
}

void Request::Reset() {
  Method = {};
  URL.Clear();
  Proto = {};
  ProtoMajor = 1;
  ProtoMinor = 1;
  ContentLength = 0;
  Chunked = false;
  Close = false;
  Host = {};
  RemoteAddr = {};
  RequestURI = {};
  context_ = appcontext::Context();
  Recycle();
}

void Request::RecycleUsed() {
  if (path_values_.capacity() > kPathValuesKept) {
    std::vector<PathParam>().swap(path_values_);
  } else {
    path_values_.clear();
  }
  if (forms_ != nullptr) forms_.reset();
}

}  // namespace hon::http
