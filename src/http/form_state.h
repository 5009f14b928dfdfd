#pragma once

#include <memory>

#include "hon/base/error.h"
#include "hon/url/values.h"

namespace hon::multipart {
struct Form;
}

namespace hon::http {

/// The parsed forms of a request, made when a form is first asked for.
struct FormState {
  url::Values form;
  url::Values post_form;
  // The destructor of the form removes its files. The shared_ptr binds it where the form is made.
  std::shared_ptr<multipart::Form> multipart_form;
  bool form_parsed = false;
  bool multipart_parsed = false;
  bool reader_taken = false;  // MultipartReader was called: the handler reads the body
  Error form_error;
  Error multipart_error;
};

}  // namespace hon::http
