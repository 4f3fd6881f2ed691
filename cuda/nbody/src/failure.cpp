#include "failure.h"

#include <cstdarg>
#include <cstdio>

std::string text(const char* format, ...) {
  va_list args, again;
  va_start(args, format);
  va_copy(again, args);
  int length = std::vsnprintf(nullptr, 0, format, args);
  va_end(args);
  std::string out(length > 0 ? size_t(length) : 0, '\0');
  if (length > 0) std::vsnprintf(&out[0], size_t(length) + 1, format, again);
  va_end(again);
  return out;
}
