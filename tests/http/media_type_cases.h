#pragma once

#include <string_view>

#include "hon/http/mime.h"

// The results of Go 1.26's mime.ParseMediaType and FormatMediaType.
namespace hon::mime {

using namespace std::string_view_literals;  // NOLINT(google-build-using-namespace): NULs

struct ParseCase {
  std::string_view text;
  std::string_view type;
  std::string_view params;  // name=value, sorted, parted by "|"
  const Sentinel* error;
};

inline constexpr ParseCase kParseCases[] = {
    {"form-data; name=\"foo\"", "form-data", "name=foo", nullptr},
    {" form-data ; name=foo", "form-data", "name=foo", nullptr},
    {"FORM-DATA;name=\"foo\"", "form-data", "name=foo", nullptr},
    {" FORM-DATA ; name=\"foo\"", "form-data", "name=foo", nullptr},
    {"form-data; key=value;  blah=\"value\";name=\"foo\" ", "form-data",
     "blah=value|key=value|name=foo", nullptr},
    {"foo; key=val1; key=the-key-appears-again-which-is-bogus", "", "", &ErrDuplicateParameter},
    {"foo; key=val1; key=val1", "foo", "key=val1", nullptr},
    {"foo; KEY=a; key=a", "foo", "key=a", nullptr},
    {"message/external-body; access-type=URL; "
     "URL*0=\"ftp://\";URL*1=\"cs.utk.edu/pub/moore/bulk-mailer/bulk-mailer.tar\"",
     "message/external-body",
     "access-type=URL|url=ftp://cs.utk.edu/pub/moore/bulk-mailer/bulk-mailer.tar", nullptr},
    {"application/x-stuff; title*0*=us-ascii'en'This%20is%20even%20more%20; "
     "title*1*=%2A%2A%2Afun%2A%2A%2A%20; title*2=\"isn't it!\"",
     "application/x-stuff", "title=This is even more ***fun*** isn't it!", nullptr},
    {"application/x-stuff; title*=us-ascii'en-us'This%20is%20%2A%2A%2Afun%2A%2A%2A",
     "application/x-stuff", "title=This is ***fun***", nullptr},
    {"attachment; filename*=UTF-8''foo-%c3%a4.html", "attachment", "filename=foo-\303\244.html",
     nullptr},
    {"attachment; filename*=iso-8859-1''foo-%E4.html", "attachment", "", nullptr},
    {"attachment; filename*=''foo", "attachment", "", nullptr},
    {"attachment; filename*=utf-8'foo", "attachment", "", nullptr},
    {"attachment; filename*=utf-8''f%4", "attachment", "", nullptr},
    {"attachment; filename*=utf-8''f%4g", "attachment", "", nullptr},
    {"attachment; filename*=utf-8''%2e%2e%2fpasswd%00", "attachment", "filename=../passwd\000"sv,
     nullptr},
    {"attachment; filename*0=a; filename*2=c", "attachment", "filename=a", nullptr},
    {"attachment; filename*1=b", "attachment", "", nullptr},
    {"attachment; filename*0*=utf-8''a%20; filename*1*=%zz; filename*2=c", "attachment",
     "filename=a c", nullptr},
    {"attachment; filename=\"x\"; filename*=utf-8''y", "attachment", "filename=y", nullptr},
    {"attachment; filename*=utf-8''y; filename=\"x\"", "attachment", "filename=y", nullptr},
    {"attachment; filename*00=a", "attachment", "", nullptr},
    {"attachment; *=utf-8''a", "attachment", "=a", nullptr},
    {"attachment; *0=a", "attachment", "=a", nullptr},
    {"a; x*1*0=b", "a", "", nullptr},
    {"text/html; charset=utf-8", "text/html", "charset=utf-8", nullptr},
    {"text/html;charset=utf-8;", "text/html", "charset=utf-8", nullptr},
    {"text/html; charset=utf-8 ;", "text/html", "charset=utf-8", nullptr},
    {"text/html; charset=utf-8;;", "text/html", "", &ErrInvalidMediaParameter},
    {"text/html; ; charset=x", "text/html", "", &ErrInvalidMediaParameter},
    {"text/html; charset=", "text/html", "", &ErrInvalidMediaParameter},
    {"text/html; charset=\"\"", "text/html", "charset=", nullptr},
    {"text/html; charset", "text/html", "", &ErrInvalidMediaParameter},
    {"text/html; =x", "text/html", "", &ErrInvalidMediaParameter},
    {"text/html; charset = x", "text/html", "charset=x", nullptr},
    {"text/html; charset=\"a\\\"b\\\\c\"", "text/html", "charset=a\"b\\c", nullptr},
    {"form-data; name=\"f\"; filename=\"C:\\dev\\go\\foo.txt\"", "form-data",
     "filename=C:\\dev\\go\\foo.txt|name=f", nullptr},
    {"form-data; name=\"a\\b\"", "form-data", "name=a\\b", nullptr},
    {"form-data; name=\"unterminated", "form-data", "", &ErrInvalidMediaParameter},
    {"form-data; name=\"a\nb\"", "form-data", "", &ErrInvalidMediaParameter},
    {"form-data; name=\"a\rb\"", "form-data", "", &ErrInvalidMediaParameter},
    {"form-data; name=a b", "form-data", "", &ErrInvalidMediaParameter},
    {"form-data; name=a@b", "form-data", "", &ErrInvalidMediaParameter},
    {"form-data; name={x}", "form-data", "name={x}", nullptr},
    {"a/b; {x}=y", "a/b", "{x}=y", nullptr},
    {"", "", "", &ErrInvalidMediaType},
    {" ", "", "", &ErrInvalidMediaType},
    {";", "", "", &ErrInvalidMediaType},
    {"/", "", "", &ErrInvalidMediaType},
    {"a/", "", "", &ErrInvalidMediaType},
    {"/b", "", "", &ErrInvalidMediaType},
    {"a/b/c", "", "", &ErrInvalidMediaType},
    {"a b", "", "", &ErrInvalidMediaType},
    {"a/b c", "", "", &ErrInvalidMediaType},
    {"text/html, x", "", "", &ErrInvalidMediaType},
    {"*/*", "*/*", "", nullptr},
    {"a/*", "a/*", "", nullptr},
    {"text", "text", "", nullptr},
    {"TEXT/HTML", "text/html", "", nullptr},
    {"text/html;charset=UTF-8", "text/html", "charset=UTF-8", nullptr},
    {"text/html\t;\tcharset=x", "text/html", "charset=x", nullptr},
    {"text/html; charset=\"\344\"", "text/html", "charset=\344", nullptr},
    {"text/html; charset=\344", "text/html", "", &ErrInvalidMediaParameter},
    {"\344/b", "", "", &ErrInvalidMediaType},
    {"a; b=c d=e", "a", "", &ErrInvalidMediaParameter},
    {"a; b=c; d", "a", "", &ErrInvalidMediaParameter},
    {"a;b=c;d=e", "a", "b=c|d=e", nullptr},
    {"a; b=\"c\"d=e", "a", "", &ErrInvalidMediaParameter},
    {"a; b=\"c\" ;d=e", "a", "b=c|d=e", nullptr},
    {"multipart/form-data; boundary=xxx; boundary=yyy", "", "", &ErrDuplicateParameter},
    {"multipart/form-data; boundary=\"a b?c\"", "multipart/form-data", "boundary=a b?c", nullptr},
    {"a/b; "
     "x="
     "\"yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy"
     "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy"
     "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy"
     "yyyyyyyyyyyyyyyyyyyyyyy\"",
     "a/b",
     "x="
     "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy"
     "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy"
     "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy"
     "yyyyyyyyyyyyyyyyyyyyy",
     nullptr},
};

struct FormatCase {
  std::string_view type;
  Parameters params;
  std::string_view text;
};

inline const FormatCase kFormatCases[] = {
    {"noslash", {}, "noslash"},
    {"foo bar/baz", {}, ""},
    {"foo/bar baz", {}, ""},
    {"foo/BAR", {}, "foo/bar"},
    {"attachment",
     {{"filename",
       "\304\204\304\204\304\204\304\204\304\204\304\204\304\204\304\204\304\204\304\204\304\204"
       "\304\204\304\204\304\204\304\204\304\204\304\204\304\204\304\204\304\204\304\204\304\204"
       "\304\204\304\204\304\204\304\204\304\204\304\204\304\204\304\204\304\204\304\204\304\204"
       "\304\204\304\204"}},
     "attachment; "
     "filename*=utf-8''%C4%84%C4%84%C4%84%C4%84%C4%84%C4%84%C4%84%C4%84%C4%84%C4%84%C4%84%C4%84%C4%"
     "84%C4%84%C4%84%C4%84%C4%84%C4%84%C4%84%C4%84%C4%84%C4%84%C4%84%C4%84%C4%84%C4%84%C4%84%C4%84%"
     "C4%84%C4%84%C4%84%C4%84%C4%84%C4%84%C4%84"},
    {"foo/BAR",
     {{"nonascii", "\316\261\316\262\316\263"}},
     "foo/bar; nonascii*=utf-8''%CE%B1%CE%B2%CE%B3"},
    {"foo/BAR", {{"X", ""}}, "foo/bar; x=\"\""},
    {"foo/BAR", {{"a", "b"}, {"space", "With space"}}, "foo/bar; a=b; space=\"With space\""},
    {"foo/BAR", {{"quote", "With \"quote"}}, "foo/bar; quote=\"With \\\"quote\""},
    {"foo/BAR", {{"bslash", "With \\backslash"}}, "foo/bar; bslash=\"With \\\\backslash\""},
    {"foo/BAR",
     {{"both", "With \\backslash and \"quote"}},
     "foo/bar; both=\"With \\\\backslash and \\\"quote\""},
    {"foo/BAR", {{"", "empty attribute"}}, ""},
    {"foo/BAR", {{"bad attribute", "baz"}}, ""},
    {"foo/BAR",
     {{"del", "a\177b"},
      {"nl", "a\nb"},
      {"star", "a*'%b"},
      {"stare", "\303\244*'%b c"},
      {"t", "a{b}"},
      {"tab", "a\tb"}},
     "foo/bar; del*=utf-8''a%7Fb; nl*=utf-8''a%0Ab; star=a*'%b; "
     "stare*=utf-8''%C3%A4%2A%27%25b%20c; t=a{b}; tab=\"a\tb\""},
    {"", {}, ""},
    {"a/", {}, ""},
    {"/b", {}, ""},
    {"a/b/c", {}, ""},
    {"multipart/form-data", {{"boundary", "x:y"}}, "multipart/form-data; boundary=\"x:y\""},
};

}  // namespace hon::mime
