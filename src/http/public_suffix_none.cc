// For builds without libpsl: no public suffix is known.

#include "hon/http/cookie_jar.h"

namespace hon::cookiejar {

std::shared_ptr<const PublicSuffixList> SystemPublicSuffixes() { return nullptr; }

}  // namespace hon::cookiejar
