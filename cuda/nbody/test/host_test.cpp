// Tests of the host's code: initial conditions, TIPSY files, the CPU kernels, the command line's parts, pictures.
#include <sys/stat.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <cstring>
#include <functional>

#include "../src/cpu.h"
#include "../src/failure.h"
#include "../src/options.h"
#include "../src/physics.h"
#include "../src/render.h"
#include "../src/system.h"
#include "../src/tuning.h"

namespace {

int checks = 0, failures = 0;

void expect(bool good, const std::string& what) {
  ++checks;
  if (good) return;
  ++failures;
  std::printf("FAILED: %s\n", what.c_str());
}

// refused expects a Failure with that code and a line that has the words.
void refused(ExitCode code, const char* words, const std::function<void()>& act) {
  try {
    act();
    expect(false, text("accepted what it should refuse: %s", words));
  } catch (const Failure& failure) {
    expect(failure.code() == code && std::strstr(failure.what(), words) && !std::strchr(failure.what(), '\n'), text("wanted code %d and '%s', got %d: %s", code, words, failure.code(), failure.what()));
  }
}

Options parsed(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "nbody");
  return parse(int(arguments.size()), const_cast<char**>(arguments.data()));
}

void testOptions() {
  expect(parsed({"-numbodies=5000", "--fp64"}).bodies == 5000 && parsed({"--fp64"}).fp64, "both spellings of options");
  expect(parsed({"-device=0,2"}).devices == std::vector<int>{0, 2}, "a list of devices");
  expect(parsed({"-render=a.png", "-size=64x32"}).height == 32, "a size");
  for (const char* bad : {"-numbodies=0", "-numbodies=-1", "-numbodies=2147483648", "-numbodies=99999999999999999999", "-numbodies=", "-numbodies", "-numbodies=1x", "-fp64=1", "numbodies=3", "-",
                          "--", "-nobodies=3", "-device=", "-device=a", "-device=1,", "-device=-1", "-i=0", "-runs=0", "-size=9", "-size=0x0", "-ic=disc", "-masses=none", "-kernel=fast", "-softening=-1", "-softening=nan",
                          "-dt=0", "-render=a.jpg", "-seed=-1", "-frames=4"})
    refused(exitUsage, "Error: ", [&] { parsed({bad}); });
  refused(exitUsage, "not both", [] { parsed({"-device=0", "-numdevices=1"}); });
  refused(exitUsage, "-cpu", [] { parsed({"-cpu", "-numdevices=1"}); });
  for (const char* option : {"-fullscreen", "-fp64", "-hostmem", "-benchmark", "-numbodies=<N>", "-device=<d>", "-numdevices=<i>", "-compare", "-cpu", "-tipsy=<file.bin>"})
    expect(std::strstr(helpText(), option), text("the help names %s", option));
}

// Any argument string must end in options or in one clear refusal.
void testOptionsWithNoise() {
  uint64_t state = 7;
  const char letters[] = "-=,.x0123456789abcdefghinmnoprstuvy";
  for (int round = 0; round < 20000; ++round) {
    std::string argument = round % 2 ? "-numbodies=" : "-";
    for (int k = 0; k < round % 12; ++k) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      argument += letters[(state >> 33) % (sizeof letters - 1)];
    }
    try {
      parsed({argument.c_str()});
    } catch (const Failure& failure) {
      if (failure.code() != exitUsage) expect(false, argument);
    }
  }
  ++checks;
}

void testConditions() {
  for (const char* name : {"shell", "plummer", "cube"})
    for (Masses masses : {Masses::spread, Masses::equal}) {
      Bodies a = initialConditions(name, 5000, masses, 1), b = initialConditions(name, 5000, masses, 1), c = initialConditions(name, 5000, masses, 2);
      expect(a.x == b.x && a.vz == b.vz && a.mass == b.mass, text("%s: a seed gives the same bodies", name));
      expect(a.x != c.x, text("%s: another seed gives others", name));
      double total = 0, low = 1, high = 0;
      for (double m : a.mass) total += m, low = std::fmin(low, m), high = std::fmax(high, m);
      expect(std::fabs(total - 1) < 1e-12, text("%s: total mass 1", name));
      expect(masses == Masses::equal ? low == high : high / low > 2 && high / low < 3.1, text("%s: masses", name));
    }
  Bodies shell = initialConditions("shell", 5000, Masses::equal, 1);
  for (size_t i = 0; i < shell.count(); ++i) {
    double r = std::sqrt(shell.x[i] * shell.x[i] + shell.y[i] * shell.y[i] + shell.z[i] * shell.z[i]);
    if (r < 3.8499 || r > 6.1601) expect(false, text("shell: radius %g", r));
  }
  // A Plummer sphere is in virial equilibrium: kinetic energy 1/4, potential -1/2 without softening.
  Invariants plummer = invariants(initialConditions("plummer", 8000, Masses::equal, 1), 0);
  expect(std::fabs(plummer.kinetic - 0.25) < 0.015 && std::fabs(plummer.potential + 0.5) < 0.02, text("plummer: energies %g %g", plummer.kinetic, plummer.potential));
}

void testCpu() {
  for (size_t n : {1, 2, 15, 16, 17, 63, 64, 65, 511, 513, 1000})
    for (bool fp64 : {false, true})
      for (double softening : {0.0, 0.05})
        for (bool together : {false, true}) {
          Bodies b = initialConditions("plummer", n, Masses::spread, n);
          if (together)
            for (size_t i = 0; i + 1 < n; i += 2) b.x[i] = b.x[i + 1], b.y[i] = b.y[i + 1], b.z[i] = b.z[i + 1];
          auto system = cpuSystem({softening, fp64, false});
          system->load(b);
          if (!fp64)
            for (auto* values : {&b.x, &b.y, &b.z, &b.mass})
              for (double& v : *values) v = float(v);
          double error = compare(system->accelerations(), exactAccelerations(b, softening, {}), {}).rms;
          expect(error <= (fp64 ? 1e-13 : 2e-6), text("CPU, %zu bodies, %s, softening %g: error %g", n, fp64 ? "fp64" : "fp32", softening, error));
        }
  // Two bodies whose accelerations a person can check: distance 3, masses 1 and 2, softening 4: r^2 + e^2 = 25.
  Bodies two;
  two.resize(2);
  two.x[1] = 3, two.mass[0] = 1, two.mass[1] = 2;
  Vectors a = exactAccelerations(two, 4, {});
  expect(std::fabs(a.x[0] - 6.0 / 125) < 1e-15 && std::fabs(a.x[1] + 3.0 / 125) < 1e-15, "two bodies");
  auto system = cpuSystem({4, true, false});
  system->load(two);
  Vectors found = system->accelerations();
  expect(std::fabs(found.x[0] - 6.0 / 125) < 1e-15 && std::fabs(found.x[1] + 3.0 / 125) < 1e-15, "two bodies on the CPU");
}

// The reference itself, against long double: as good as its own rounding, however many bodies.
void testReference() {
  Bodies b = initialConditions("shell", 60000, Masses::spread, 4);
  std::vector<size_t> which = sample(b.count(), 5);
  Vectors found = exactAccelerations(b, 0.1, which);
  for (size_t k = 0; k < which.size(); ++k) {
    long double sum[3] = {0, 0, 0}, off = 0, all = 0;
    size_t i = which[k];
    for (size_t j = 0; j < b.count(); ++j) {
      long double d[3] = {(long double)b.x[j] - b.x[i], (long double)b.y[j] - b.y[i], (long double)b.z[j] - b.z[i]};
      long double r2 = d[0] * d[0] + d[1] * d[1] + d[2] * d[2] + 0.1 * 0.1, s = b.mass[j] / (r2 * std::sqrt(r2));
      for (int c = 0; c < 3; ++c) sum[c] += s * d[c];
    }
    const double got[3] = {found.x[k], found.y[k], found.z[k]};
    for (int c = 0; c < 3; ++c) off += (got[c] - sum[c]) * (got[c] - sum[c]), all += sum[c] * sum[c];
    double error = double(std::sqrt(off / all));
    expect(error < 1e-15, text("the reference's own error: %g", error));
  }
}

void testDrift() {
  for (bool fp64 : {false, true}) {
    Bodies b = initialConditions("plummer", 1024, Masses::spread, 1);
    auto system = cpuSystem({0.05, fp64, false});
    system->load(b);
    Invariants before = invariants(system->state(), 0.05);
    system->advance(1000, 0.002);
    Invariants after = invariants(system->state(), 0.05);
    double drift = std::fabs(after.energy() / before.energy() - 1), momentum = 0;
    for (int k = 0; k < 3; ++k) momentum = std::fmax(momentum, std::fabs(after.momentum[k] - before.momentum[k]) / before.momentumScale);
    expect(drift < 2e-4, text("energy drift over 1,000 steps: %g", drift));
    expect(momentum < (fp64 ? 1e-13 : 1e-5), text("momentum drift over 1,000 steps: %g", momentum));
  }
  // The leapfrog is second order: half the step, a quarter of the error, and it runs backwards.
  Bodies b = initialConditions("plummer", 64, Masses::spread, 1);
  double error[2];
  auto after = [&](int steps, double dt) {
    auto system = cpuSystem({0.3, true, false});
    system->load(b);
    system->advance(steps, dt);
    return system->state();
  };
  Bodies fine = after(2048, 1.0 / 2048);
  for (int k = 0; k < 2; ++k) {
    Bodies coarse = after(16 << k, 1.0 / (16 << k));
    error[k] = compare({coarse.x, coarse.y, coarse.z}, {fine.x, fine.y, fine.z}, {}).rms;
  }
  expect(error[0] / error[1] > 3.5 && error[0] / error[1] < 4.5, text("order of the leapfrog: errors %g and %g", error[0], error[1]));
  auto system = cpuSystem({0.3, true, false});
  system->load(b);
  system->advance(50, 0.02);
  system->advance(50, -0.02);
  Bodies back = system->state();
  expect(compare({back.x, back.y, back.z}, {b.x, b.y, b.z}, {}).rms < 1e-12, "the leapfrog runs backwards");
}

struct TemporaryFile {
  std::string path = text("/tmp/nbody-test-%d.bin", int(getpid()));
  ~TemporaryFile() { unlink(path.c_str()); }
  void fill(const std::string& bytes) {
    FILE* f = std::fopen(path.c_str(), "wb");
    std::fwrite(bytes.data(), 1, bytes.size(), f);
    std::fclose(f);
  }
  std::string bytes() {
    std::string all(1 << 16, 0);
    FILE* f = std::fopen(path.c_str(), "rb");
    all.resize(std::fread(&all[0], 1, all.size(), f));
    std::fclose(f);
    return all;
  }
};

std::string swapped(std::string bytes) {
  std::swap(bytes[0], bytes[7]), std::swap(bytes[1], bytes[6]), std::swap(bytes[2], bytes[5]), std::swap(bytes[3], bytes[4]);
  for (size_t i = 8; i + 3 < bytes.size(); i += 4) std::swap(bytes[i], bytes[i + 3]), std::swap(bytes[i + 1], bytes[i + 2]);
  return bytes;
}

void testTipsy() {
  TemporaryFile file;
  Bodies b = initialConditions("shell", 77, Masses::spread, 1);
  writeTipsy(file.path, b);
  std::string good = file.bytes();
  auto same = [&](const char* what) {
    Bodies back = readTipsy(file.path);
    bool all = back.count() == 77;
    for (size_t i = 0; all && i < 77; ++i) all = back.x[i] == float(b.x[i]) && back.vz[i] == float(b.vz[i]) && back.mass[i] == float(b.mass[i]);
    expect(all, text("TIPSY round trip: %s", what));
  };
  same("32-byte header");
  file.fill(swapped(good));
  same("big endian");
  file.fill(good.substr(0, 28) + good.substr(32));
  same("28-byte header");
  // One gas, one dark and one star particle.
  std::string mixed = good.substr(0, 32);
  int counts[5] = {3, 3, 1, 1, 1};
  std::memcpy(&mixed[8], counts, sizeof counts);
  for (int floats : {12, 9, 11}) {
    std::vector<float> record(size_t(floats), 0.0f);
    record[0] = float(floats), record[1] = 1, record[6] = 5;
    mixed.append(reinterpret_cast<char*>(record.data()), record.size() * 4);
  }
  file.fill(mixed);
  Bodies three = readTipsy(file.path);
  expect(three.count() == 3 && three.mass[0] == 12 && three.mass[1] == 9 && three.mass[2] == 11 && three.vz[2] == 5, "gas, dark and star particles");

  refused(exitFault, "cannot open", [] { readTipsy("/nonexistent.bin"); });
  refused(exitFault, "", [] { readTipsy("/tmp"); });
  auto refuses = [&](const char* words, const std::string& bytes) {
    file.fill(bytes);
    refused(exitFault, words, [&] { readTipsy(file.path); });
  };
  refuses("shorter than a TIPSY header", "");
  refuses("shorter than a TIPSY header", good.substr(0, 27));
  refuses("truncated", good.substr(0, good.size() - 5));
  refuses("truncated", good.substr(0, 32));
  refuses("too long", good + "12345678");
  refuses("not a TIPSY binary file", std::string(500, 'x'));
  std::string bad = good;
  bad[8] ^= 1;
  refuses("the header counts", bad);
  bad = good;
  float nan = NAN;
  std::memcpy(&bad[40], &nan, 4);
  refuses("not a number", bad);
  // Noise: every flipped byte gives bodies or one clear refusal, never a crash.
  for (size_t at = 0; at < good.size(); at += at < 40 ? 1 : 97) {
    bad = good;
    bad[at] ^= char(0x80 | at);
    file.fill(bad);
    try {
      readTipsy(file.path);
    } catch (const Failure& failure) {
      if (failure.code() != exitFault) expect(false, "TIPSY noise");
    }
  }
  ++checks;
}

void testPictures() {
  Bodies b = initialConditions("shell", 3000, Masses::spread, 1);
  Camera camera = cameraFor(b);
  auto picture = draw(b, camera, 120, 80);
  expect(picture.size() == 120 * 80 * 3 && picture == draw(b, camera, 120, 80), "the same bodies, the same picture");
  double sum = 0, corner = picture[0] + picture[1] + picture[2];
  for (unsigned char v : picture) sum += v;
  expect(sum / double(picture.size()) > 25 && corner < 3 * 60, text("light in the middle, dark at the corner: mean %g, corner %g", sum / double(picture.size()), corner));
  Bodies far = b;
  far.x[0] = 1e300, far.y[1] = -1e300, far.z[2] = NAN;
  draw(far, camera, 64, 64);
  if (!canWritePng()) {
    std::printf("built without libpng: writing PNG files is not tested\n");
    refused(exitMachine, "libpng-dev", [&] { writePng("/tmp/x.png", picture, 120, 80); });
    return;
  }
  TemporaryFile file;
  writePng(file.path, picture, 120, 80);
  std::string bytes = file.bytes();
  expect(bytes.compare(0, 8, "\x89PNG\r\n\x1a\n") == 0 && bytes[19] == 120 && bytes[23] == 80, "a PNG file of that size");
  refused(exitFault, "cannot write", [&] { writePng("/nonexistent/x.png", picture, 120, 80); });
}

void testSample() {
  auto few = sample(10, 100), many = sample(2000128, 4096);
  expect(few.size() == 10 && few[9] == 9, "a sample of few is all");
  bool inside = many.size() == 4096;
  std::vector<bool> residue(640);
  for (size_t i : many) inside = inside && i < 2000128, residue[i % 640] = true;
  size_t hit = 0;
  for (bool r : residue) hit += r;
  expect(inside && hit > 600, text("a sample reaches all places of a tile: %zu of 640", hit));
}

void testShapes() {
  for (const Shape& s : shapes) {
    expect(s.threads32 % 32 == 0 && s.threads64 % 32 == 0, "whole warps");
    expect(7 * s.bodies32 + 20 <= 65536 / (s.threads32 * s.blocks32) && 14 * s.bodies64 + 20 <= 65536 / (s.threads64 * s.blocks64), text("sm_%d: the registers are there", s.arch));
    expect(shapeFor(s.arch).arch == s.arch, text("sm_%d has its own row", s.arch));
  }
  expect(shapeFor(87).arch == 86 && shapeFor(103).arch == 100 && shapeFor(130).arch == 120, "architectures between rows");
}

}  // namespace

int main() {
  try {
    testOptions();
    testOptionsWithNoise();
    testConditions();
    testCpu();
    testReference();
    testDrift();
    testTipsy();
    testPictures();
    testSample();
    testShapes();
  } catch (const Failure& failure) {
    std::printf("FAILED: %s\n", failure.what());
    return exitFault;
  }
  std::printf("host: %d checks, %d failed\n", checks, failures);
  return failures ? exitFault : exitFine;
}
