// Public suffixes by libpsl.

#include <libpsl.h>

#include <string>

#include "hon/http/cookie_jar.h"

namespace hon::cookiejar {
namespace {

class PslList final : public PublicSuffixList {
 public:
  explicit PslList(const psl_ctx_t* list) : list_(list) {}

  std::string_view PublicSuffix(std::string_view domain) const override {
    const std::string text(domain);
    const char* const suffix = psl_unregistrable_domain(list_, text.c_str());
    if (suffix == nullptr) return {};
    return domain.substr(domain.size() - std::string_view(suffix).size());
  }

 private:
  const psl_ctx_t* const list_;  // owned by libpsl, never freed; read only
};

}  // namespace

std::shared_ptr<const PublicSuffixList> SystemPublicSuffixes() {
  const psl_ctx_t* const list = psl_builtin();
  if (list == nullptr) return nullptr;  // a libpsl that was built without a list
  return std::make_shared<PslList>(list);
}

}  // namespace hon::cookiejar
