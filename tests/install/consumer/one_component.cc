#include <hon/url/url.h>

int main() {
  const hon::Result<hon::url::URL> url = hon::url::Parse("http://example.com/a?b=c");
  return url && url->Path == "/a" && url->RawQuery == "b=c" ? 0 : 1;
}
