#include "hon/adaptor/response_head.h"

#include <algorithm>
#include <charconv>

#include "adaptor/ascii.h"
#include "adaptor/decimal.h"
#include "adaptor/sorted_fields.h"
#include "hon/adaptor/chunked.h"
#include "hon/base/short_copy.h"
#include "hon/http/status.h"
#include "hon/http/time.h"

namespace hon::adaptor {
namespace {

using http::HeaderId;
using Field = http::Header::Field;

constexpr std::string_view kOkLine = "HTTP/1.1 200 OK\r\n";

// Several lines of one name are one list (RFC 9110 §5.3), so two lines "chunked" are not a valid
// coding.
GivenCoding CodingOf(const http::Header& header) {
  GivenCoding coding = GivenCoding::kNone;
  for (const Field& field : header) {
    if (field.id != HeaderId::kTransferEncoding || field.value.empty()) continue;
    if (coding != GivenCoding::kNone) return GivenCoding::kForeign;
    coding = internal::EqualsLower(field.value, "chunked")    ? GivenCoding::kChunked
             : internal::EqualsLower(field.value, "identity") ? GivenCoding::kIdentity
                                                              : GivenCoding::kForeign;
  }
  return coding;
}

// The Content-Length that the fields state, or -1 when a line is no number or two differ.
int64_t LengthOf(const http::Header& header) {
  const Field* first = nullptr;
  for (const Field& field : header) {
    if (field.id != HeaderId::kContentLength) continue;
    if (first == nullptr) first = &field;
    if (field.value != first->value) return -1;
  }
  return first == nullptr ? -1 : internal::ParseDecimal(first->value);
}

}  // namespace

const ResponseHead::Facts& ResponseHead::Commit(int status, bool http10, const http::Header& header,
                                                bool tunnel) {
  facts_ = Facts();
  facts_.tunnel = tunnel;
  size_ = 0;
  connection_begin_ = connection_end_ = 0;
  if (!trailer_names_.empty()) trailer_names_.clear();
  if (status == http::StatusOK && !http10) {
    Put(kOkLine);
  } else {
    WriteStatusLine(status, http10);
  }
  if (header.Touches(HeaderId::kDate, HeaderId::kContentEncoding, HeaderId::kContentLength,
                     HeaderId::kTransferEncoding, HeaderId::kConnection, HeaderId::kTrailer)) {
    Gather(status, http10, header);
    WriteFields(status, header);
    return facts_;
  }
  const bool has_type = header.Touches(HeaderId::kContentType);
  facts_.auto_type = !has_type;
  facts_.has_trailers = HasLateTrailers(header);
  facts_.auto_length = !tunnel && (http10 || !facts_.has_trailers);
  if (header.Len() == 1 && has_type && status != http::StatusNotModified) {
    const Field& type = *header.begin();
    WriteField(type.name, type.value);
  } else if (!header.Empty()) {
    WriteFields(status, header);
  }
  return facts_;
}

void ResponseHead::Gather(int status, bool http10, const http::Header& header) {
  const auto given = [&header](HeaderId id) { return header.Has(id) || header.Suppressed(id); };
  facts_.has_date = given(HeaderId::kDate);
  facts_.coding = CodingOf(header);
  facts_.auto_type = !given(HeaderId::kContentType) && facts_.coding == GivenCoding::kNone;
  if (header.Has(HeaderId::kContentLength)) {
    const int64_t length = LengthOf(header);
    facts_.bad_length = length < 0;
    facts_.length_dropped = length >= 0 && facts_.coding != GivenCoding::kNone &&
                            facts_.coding != GivenCoding::kIdentity;
    if (!facts_.length_dropped && !facts_.tunnel && IsBodyAllowed(status)) {
      facts_.content_length = length;
    }
  }
  facts_.mistaken =
      facts_.bad_length || facts_.length_dropped || facts_.coding == GivenCoding::kForeign;
  facts_.has_connection = header.Has(HeaderId::kConnection);
  for (const Field& field : header) {
    switch (field.id) {
      case HeaderId::kConnection:
        facts_.lists_close |= internal::ListHas(field.value, "close");
        facts_.lists_upgrade |= internal::ListHas(field.value, "upgrade");
        break;
      case HeaderId::kContentEncoding:  // hides the type
        facts_.auto_type &= field.value.empty();
        break;
      case HeaderId::kTrailer:
        facts_.has_trailers = true;
        trailer_names_.append(field.value).append(1, ',');
        break;
      default:
        facts_.has_trailers |= IsLateTrailer(field);
    }
  }
  facts_.auto_length = !header.Suppressed(HeaderId::kContentLength) && !facts_.tunnel &&
                       facts_.coding == GivenCoding::kNone && (http10 || !facts_.has_trailers);
}

ResponseFacts GatherFacts(int status, bool tunnel, const http::Header& header,
                          std::string& trailer_names) {
  ResponseFacts facts;
  facts.tunnel = tunnel;
  if (!header.Touches(HeaderId::kDate, HeaderId::kContentEncoding, HeaderId::kContentLength,
                      HeaderId::kConnection, HeaderId::kTrailer)) [[likely]] {
    facts.auto_type = !header.Touches(HeaderId::kContentType);
    facts.has_trailers = HasLateTrailers(header);
    facts.auto_length = !tunnel;
    return facts;
  }
  const auto given = [&header](HeaderId id) { return header.Has(id) || header.Suppressed(id); };
  facts.has_date = given(HeaderId::kDate);
  facts.auto_type =
      !given(HeaderId::kContentType) && header.Get(HeaderId::kContentEncoding).empty();
  if (header.Has(HeaderId::kContentLength)) {
    const int64_t length = LengthOf(header);
    facts.bad_length = facts.mistaken = length < 0;
    if (!tunnel && IsBodyAllowed(status)) facts.content_length = length;
  }
  facts.has_trailers = HasLateTrailers(header);
  if (header.Has(HeaderId::kTrailer)) {
    facts.has_trailers = true;
    for (const Field& field : header) {
      if (field.id == HeaderId::kTrailer) trailer_names.append(field.value).append(1, ',');
    }
  }
  if (header.Has(HeaderId::kConnection)) {
    for (const Field& field : header) {
      if (field.id != HeaderId::kConnection) continue;
      facts.lists_close |= internal::ListHas(field.value, "close");
    }
  }
  facts.auto_length = !header.Suppressed(HeaderId::kContentLength) && !tunnel;
  return facts;
}

void ResponseHead::WriteStatusLine(int status, bool http10) {
  const char digits[] = {static_cast<char>('0' + status / 100),
                         static_cast<char>('0' + status / 10 % 10),
                         static_cast<char>('0' + status % 10), ' '};
  Put(http10 ? "HTTP/1.0 " : "HTTP/1.1 ");
  Put({digits, sizeof digits});
  const std::string_view reason = http::StatusText(status);
  if (reason.empty()) {
    Put("status code ");
    Put({digits, 3});
  } else {
    Put(reason);
  }
  Put("\r\n");
}

void ResponseHead::WriteFields(int status, const http::Header& header) {
  bool length_written = false;
  internal::ForEachSorted(header, [&](const Field& field) {
    switch (field.id) {
      case HeaderId::kTransferEncoding:
        return;
      case HeaderId::kContentLength:
        // One field, whatever the handler added: a repeated length allows request smuggling.
        if (facts_.content_length >= 0 && !length_written) WriteField(field.name, field.value);
        length_written = true;
        return;
      case HeaderId::kConnection:
        if (connection_end_ == 0) WriteConnection(header);
        return;
      case HeaderId::kContentType:
        if (status != http::StatusNotModified) WriteField(field.name, field.value);
        return;
      default:
        if (!IsLateTrailer(field)) WriteField(field.name, field.value);
    }
  });
}

void ResponseHead::WriteConnection(const http::Header& header) {
  connection_begin_ = size_;
  for (const Field& field : header) {
    if (field.id == HeaderId::kConnection) WriteField(field.name, field.value);
  }
  connection_end_ = size_;
}

inline void ResponseHead::WriteField(std::string_view name, std::string_view value) {
  const size_t bytes = name.size() + value.size() + 4;
  char* to = CopyShort(name, Room(bytes));
  *to++ = ':';
  *to++ = ' ';
  to = CopyShort(value, to);
  *to++ = '\r';
  *to = '\n';
  size_ += bytes;
}

inline void ResponseHead::Put(std::string_view text) {
  CopyShort(text, Room(text.size()));
  size_ += text.size();
}

// Room for `bytes` bytes behind the written ones.
inline char* ResponseHead::Room(size_t bytes) {
  if (text_.size() - size_ < bytes) Grow(bytes);
  return text_.data() + size_;
}

void ResponseHead::Grow(size_t bytes) { text_.resize(std::max(size_ + bytes, 2 * text_.size())); }

char* ResponseHead::Append(const AutomaticFields& fields, char* into) const {
  const std::string_view text(text_.data(), size_);
  if (fields.connection == ConnectionField::kHandlers ||
      fields.connection == ConnectionField::kKeepAlive) {
    into = CopyShort(text, into);
  } else {
    into = CopyShort(text.substr(0, connection_begin_), into);
    into = CopyShort(text.substr(connection_end_), into);
  }
  if (!fields.date.empty()) {
    into = CopyShort("Date: ", into);
    // A constant length lets the compiler inline the copy.
    into = fields.date.size() == http::kTimeBytes
               ? CopyShort({fields.date.data(), http::kTimeBytes}, into)
               : CopyShort(fields.date, into);
    into = CopyShort("\r\n", into);
  }
  if (fields.content_length >= 0) {
    into = CopyShort("Content-Length: ", into);
    into = std::to_chars(into, into + 20, fields.content_length).ptr;
    into = CopyShort("\r\n", into);
  }
  if (!fields.content_type.empty()) {
    into = CopyShort("Content-Type: ", into);
    into = CopyShort(fields.content_type, into);
    into = CopyShort("\r\n", into);
  }
  if (fields.connection == ConnectionField::kClose) into = CopyShort("Connection: close\r\n", into);
  if (fields.connection == ConnectionField::kKeepAlive) {
    into = CopyShort("Connection: keep-alive\r\n", into);
  }
  if (fields.chunked) into = CopyShort("Transfer-Encoding: chunked\r\n", into);
  return CopyShort("\r\n", into);
}

void FindTrailers(const http::Header& header, std::string_view announced, http::Header& into) {
  for (const Field& field : header) {
    const bool late = IsLateTrailer(field);
    const std::string_view name = late ? field.name.substr(http::TrailerPrefix.size()) : field.name;
    if (!late && !internal::ListHasFold(announced, name)) continue;
    if (IsTrailerAllowed(name)) into.AddView(name, field.value, field.id);
  }
}

}  // namespace hon::adaptor
