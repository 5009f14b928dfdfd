#include "hon/adaptor/response.h"

#include "hon/adaptor/response_template.h"

namespace hon::adaptor {

template class BasicResponse<Http1Encoder>;

}  // namespace hon::adaptor
