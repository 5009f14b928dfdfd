#pragma once

#include <cstdint>
#include <string_view>

// Go 1.26's Request.ParseForm and ParseMultipartForm.
namespace hon::http {

enum class Outcome : uint8_t {
  kOk,
  kNotMultipart,
  kNoBoundary,
  kMedia,  // a media type or a parameter of it is malformed
  kSemicolon,
  kEscape,
  kMalformed,
  kCutShort,
};

inline constexpr std::string_view kUrlEncoded = "application/x-www-form-urlencoded";
inline constexpr std::string_view kFormData = "multipart/form-data; boundary=B";

struct FormCase {
  std::string_view method;
  std::string_view target;
  std::string_view content_type;
  std::string_view body;
  std::string_view form;       // encoded
  std::string_view post_form;  // encoded
  Outcome outcome;
  bool body_read;
};

inline constexpr FormCase kFormCases[] = {
    {"GET", "/?a=1&b=2&a=3", "", "", "a=1&a=3&b=2", "", Outcome::kOk, false},
    {"GET", "/?a=1", kUrlEncoded, "a=2", "a=1", "", Outcome::kOk, false},
    {"DELETE", "/?a=1", kUrlEncoded, "a=2", "a=1", "", Outcome::kOk, false},
    {"POST", "/?q=foo&both=x&both=y", kUrlEncoded, "z=post&both=p&empty=&orphan",
     "both=p&both=x&both=y&empty=&orphan=&q=foo&z=post", "both=p&empty=&orphan=&z=post",
     Outcome::kOk, true},
    {"PUT", "/?q=foo&both=x&both=y", kUrlEncoded, "z=post&both=p&empty=&orphan",
     "both=p&both=x&both=y&empty=&orphan=&q=foo&z=post", "both=p&empty=&orphan=&z=post",
     Outcome::kOk, true},
    {"PATCH", "/?q=foo&both=x&both=y", kUrlEncoded, "z=post&both=p&empty=&orphan",
     "both=p&both=x&both=y&empty=&orphan=&q=foo&z=post", "both=p&empty=&orphan=&z=post",
     Outcome::kOk, true},
    {"POST", "/?a=1", "application/x-www-form-urlencoded; charset=utf-8", "a=2", "a=2&a=1", "a=2",
     Outcome::kOk, true},
    {"POST", "/?a=1", "APPLICATION/X-WWW-FORM-URLENCODED", "a=2", "a=2&a=1", "a=2", Outcome::kOk,
     true},
    {"POST", "/?a=1", "application/x-www-form-urlencoded; charset", "a=2", "a=2&a=1", "a=2",
     Outcome::kMedia, true},
    {"POST", "/?a=1", "", "a=2", "a=1", "", Outcome::kOk, false},
    {"POST", "/?a=1", "text/plain", "a=2", "a=1", "", Outcome::kOk, false},
    {"POST", "/?a=1", "text/plain; boundary=", "a=2", "a=1", "", Outcome::kMedia, false},
    {"POST", "/?a=1", "bad type", "a=2", "a=1", "", Outcome::kMedia, false},
    {"POST", "/?a=1", kFormData, "a=2", "a=1", "", Outcome::kOk, false},
    {"POST", "/", kUrlEncoded, "", "", "", Outcome::kOk, false},
    {"POST", "/", kUrlEncoded, "a=1;b=2&c=3", "c=3", "c=3", Outcome::kSemicolon, true},
    {"POST", "/?x=1;y=2&z=3", kUrlEncoded, "c=%zz&d=4", "d=4&z=3", "d=4", Outcome::kEscape, true},
    {"POST", "/?x=%zz", kUrlEncoded, "c=1;2&d=4", "d=4", "d=4", Outcome::kSemicolon, true},
    {"GET", "/?x=1;y=2&z=3", "", "", "z=3", "", Outcome::kSemicolon, false},
    {"GET", "/?x=%zz&y=a+b%20c&&=&=v&k", "", "", "=&=v&k=&y=a+b+c", "", Outcome::kEscape, false},
};

/// In bodies, "~" stands for a line end, and "CD " for "Content-Disposition: form-data; name=".
struct MultipartCase {
  std::string_view method;
  std::string_view target;
  std::string_view content_type;
  std::string_view body;
  std::string_view form;       // encoded
  std::string_view post_form;  // encoded
  std::string_view files;      // field=name:content and size
  Outcome outcome;
};

inline constexpr std::string_view kAll =
    "--B~CD \"a\"~~1~--B~CD \"f\"; filename=\"x.txt\"~~file~--B~CD \"a\"~~2~--B~CD \"q\"~~3~--B--~";

inline constexpr MultipartCase kMultipartCases[] = {
    {"POST", "/?q=0&a=0", kFormData, kAll, "a=0&a=1&a=2&q=0&q=3", "a=1&a=2&q=3", "f=x.txt:file4",
     Outcome::kOk},
    {"PUT", "/?q=0&a=0", kFormData, kAll, "a=0&a=1&a=2&q=0&q=3", "a=1&a=2&q=3", "f=x.txt:file4",
     Outcome::kOk},
    {"GET", "/?q=0&a=0", kFormData, kAll, "a=0&a=1&a=2&q=0&q=3", "a=1&a=2&q=3", "f=x.txt:file4",
     Outcome::kOk},
    {"POST", "/", "multipart/form-data; boundary=\"B\"", "--B~CD \"a\"~~1~--B--", "a=1", "a=1", "",
     Outcome::kOk},
    {"POST", "/?q=1", "multipart/form-data", kAll, "q=1", "", "", Outcome::kNoBoundary},
    {"POST", "/?q=1", "multipart/mixed; boundary=B", kAll, "q=1", "", "", Outcome::kNotMultipart},
    {"POST", "/?q=1", "", kAll, "q=1", "", "", Outcome::kNotMultipart},
    {"POST", "/?q=1", kUrlEncoded, "a=1", "a=1&q=1", "a=1", "", Outcome::kNotMultipart},
    {"POST", "/?q=1", "multipart/form-data; boundary", kAll, "q=1", "", "", Outcome::kNotMultipart},
    {"POST", "/?q=1", "multipart/form-data; boundary=\"\"", kAll, "q=1", "", "",
     Outcome::kMalformed},
    {"POST", "/?q=1", kFormData, "", "q=1", "", "", Outcome::kCutShort},
    {"POST", "/?q=1", kFormData, "no boundary", "q=1", "", "", Outcome::kCutShort},
    {"POST", "/?q=1", kFormData, "--B~CD \"a\"~~1~--C--", "q=1", "", "", Outcome::kCutShort},
    {"POST", "/?q=%zz", kFormData, "--B~CD \"a\"~~1~--B--", "a=1", "a=1", "", Outcome::kEscape},
    {"POST", "/", kFormData, "--B~CD \"\"~~1~--B~CD \"b\"~~2~--B--", "b=2", "b=2", "",
     Outcome::kOk},
    {"POST", "/", kFormData, "--B~CD \"f\"; filename=\"x\"~~~--B--", "", "", "f=x:0", Outcome::kOk},
    {"POST", "/", kFormData, "--B~~x~--B--", "", "", "", Outcome::kOk},
    {"POST", "/", kFormData, "--B--", "", "", "", Outcome::kOk},
};

}  // namespace hon::http
