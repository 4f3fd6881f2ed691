// TIPSY binary files: a header (double time; int32 bodies, dimensions, gas, dark, star; maybe four
// bytes of padding), then the particles as 32-bit floats, 12 per gas, 9 per dark, 11 per star
// particle. All three begin with mass, position, velocity; the rest is of no use here.
#include <cmath>
#include <cstdio>
#include <cstring>
#include <memory>

#include "bodies.h"
#include "failure.h"

namespace {

using File = std::unique_ptr<FILE, int (*)(FILE*)>;

uint32_t word(const unsigned char* at, bool swapped) {
  return swapped ? uint32_t(at[0]) << 24 | uint32_t(at[1]) << 16 | uint32_t(at[2]) << 8 | at[3]
                 : uint32_t(at[3]) << 24 | uint32_t(at[2]) << 16 | uint32_t(at[1]) << 8 | at[0];
}

float real(const unsigned char* at, bool swapped) {
  uint32_t bits = word(at, swapped);
  float value;
  std::memcpy(&value, &bits, 4);
  return value;
}

struct Header {
  long long bodies, gas, dark, star;
  bool swapped;
};

// headerOf finds the byte order by the number of dimensions, which is always 3.
Header headerOf(const unsigned char* bytes, const char* path) {
  bool swapped = word(bytes + 12, false) != 3;
  if (swapped && word(bytes + 12, true) != 3)
    throw Failure(exitFault, text("Error: %s is not a TIPSY binary file: its header does not say 3 dimensions.", path));
  auto field = [&](int at) { return (long long)(int32_t)word(bytes + at, swapped); };
  Header h{field(8), field(16), field(20), field(24), swapped};
  if (h.bodies < 1 || h.gas < 0 || h.dark < 0 || h.star < 0 || h.gas + h.dark + h.star != h.bodies)
    throw Failure(exitFault, text("Error: %s: the header counts %lld bodies but %lld gas + %lld dark + %lld star particles.",
                                  path, h.bodies, h.gas, h.dark, h.star));
  return h;
}

}  // namespace

Bodies readTipsy(const std::string& path) {
  File file(std::fopen(path.c_str(), "rb"), std::fclose);
  if (!file) throw Failure(exitFault, text("Error: cannot open %s: %m.", path.c_str()));
  unsigned char bytes[48];
  if (std::fread(bytes, 1, 28, file.get()) != 28)
    throw Failure(exitFault, text("Error: %s is shorter than a TIPSY header (28 bytes), or is not a file.", path.c_str()));
  Header h = headerOf(bytes, path.c_str());

  long long payload = h.gas * 48 + h.dark * 36 + h.star * 44;
  if (fseeko(file.get(), 0, SEEK_END) != 0) throw Failure(exitFault, text("Error: cannot read %s: %m.", path.c_str()));
  long long size = ftello(file.get()), header = size - payload;
  if (header != 28 && header != 32)
    throw Failure(exitFault, text("Error: %s is %s: %lld bodies need %lld bytes, the file has %lld.", path.c_str(),
                                  header < 28 ? "truncated" : "too long", h.bodies, payload + 32, size));
  if (h.bodies > mostBodies)
    throw Failure(exitFault, text("Error: %s holds %lld bodies; the most is %lld.", path.c_str(), h.bodies, mostBodies));
  fseeko(file.get(), header, SEEK_SET);

  Bodies b;
  b.resize(size_t(h.bodies));
  for (long long i = 0; i < h.bodies; ++i) {
    size_t record = i < h.gas ? 48 : i < h.gas + h.dark ? 36 : 44;
    if (std::fread(bytes, 1, record, file.get()) != record)
      throw Failure(exitFault, text("Error: %s ended while body %lld was read.", path.c_str(), i));
    double value[7];
    for (int k = 0; k < 7; ++k) {
      value[k] = real(bytes + 4 * k, h.swapped);
      if (!std::isfinite(value[k]))
        throw Failure(exitFault, text("Error: %s: body %lld has a value that is not a number.", path.c_str(), i));
    }
    b.mass[i] = value[0];
    b.x[i] = value[1], b.y[i] = value[2], b.z[i] = value[3];
    b.vx[i] = value[4], b.vy[i] = value[5], b.vz[i] = value[6];
  }
  return b;
}

void writeTipsy(const std::string& path, const Bodies& b) {
  File file(std::fopen(path.c_str(), "wb"), std::fclose);
  if (!file) throw Failure(exitFault, text("Error: cannot write %s: %m.", path.c_str()));
  struct {
    double time;
    int32_t bodies, dimensions, gas, dark, star, padding;
  } header = {0, int32_t(b.count()), 3, 0, int32_t(b.count()), 0, 0};
  bool good = std::fwrite(&header, 32, 1, file.get()) == 1;
  for (size_t i = 0; good && i < b.count(); ++i) {
    float record[9] = {float(b.mass[i]), float(b.x[i]), float(b.y[i]), float(b.z[i]), float(b.vx[i]), float(b.vy[i]), float(b.vz[i]), 0, 0};
    good = std::fwrite(record, sizeof record, 1, file.get()) == 1;
  }
  if (!good || std::fflush(file.get()) != 0) throw Failure(exitFault, text("Error: cannot write %s: %m.", path.c_str()));
}
