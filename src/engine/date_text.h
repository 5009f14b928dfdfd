#pragma once

#include <array>
#include <string_view>

#include "hon/base/time.h"
#include "hon/http/time.h"

namespace hon::engine {

/// The value of a Date field (IMF-fixdate, RFC 9110 §5.6.7), formatted once a second.
class DateText {
 public:
  /// The text for `now`, a loop's time. The view is overwritten by a later call.
  [[nodiscard]] std::string_view At(TimePoint now) {
    if (now >= until_) [[unlikely]]
      Format(now);
    return {text_.data(), text_.size()};
  }

 private:
  [[gnu::cold]] void Format(TimePoint now);

  TimePoint until_{};
  std::array<char, http::kTimeBytes> text_{};
};

}  // namespace hon::engine
