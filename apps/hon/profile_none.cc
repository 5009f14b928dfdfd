// For builds without gperftools, or with a sanitizer, which conflicts with gperftools.

#include "hon/http/reply.h"
#include "hon/http/status.h"
#include "profile.h"

namespace hon::app {
namespace {

void Missing(http::ResponseWriter& w) {
  http::ReplyError(w, "built without gperftools", http::StatusNotImplemented);
}

}  // namespace

void NeedProfiler(char**) {}
bool HasProfiler() { return false; }
void StartHeapSampling() {}
void ServeCpuProfile(http::ResponseWriter& w, http::Request&) { Missing(w); }
void ServeHeapProfile(http::ResponseWriter& w, http::Request&) { Missing(w); }

}  // namespace hon::app
