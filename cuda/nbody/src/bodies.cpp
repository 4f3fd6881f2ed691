#include "bodies.h"

#include <cmath>

#include "failure.h"

void Bodies::resize(size_t n) {
  for (auto* values : {&x, &y, &z, &vx, &vy, &vz, &mass}) values->assign(n, 0.0);
}

namespace {

// Random is xoshiro256** (Blackman and Vigna 2018), seeded through splitmix64. The standard
// library's engines are portable, its distributions are not; the bodies must be the same everywhere.
class Random {
 public:
  explicit Random(uint64_t seed) {
    for (auto& word : state_) {
      seed += 0x9e3779b97f4a7c15u;
      uint64_t mixed = (seed ^ (seed >> 30)) * 0xbf58476d1ce4e5b9u;
      mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebu;
      word = mixed ^ (mixed >> 31);
    }
  }

  // uniform is in [0, 1), with 53 random bits.
  double uniform() { return double(next() >> 11) * 0x1p-53; }
  double uniform(double low, double high) { return low + (high - low) * uniform(); }

  // direction is a point on the unit sphere, evenly.
  void direction(double out[3]) {
    double z = uniform(-1, 1), turn = uniform(0, 2 * M_PI), ring = std::sqrt(1 - z * z);
    out[0] = ring * std::cos(turn), out[1] = ring * std::sin(turn), out[2] = z;
  }

 private:
  static uint64_t rotated(uint64_t v, int by) { return (v << by) | (v >> (64 - by)); }
  uint64_t next() {
    uint64_t result = rotated(state_[1] * 5, 7) * 9, shifted = state_[1] << 17;
    state_[2] ^= state_[0], state_[3] ^= state_[1], state_[1] ^= state_[2], state_[0] ^= state_[3];
    state_[2] ^= shifted, state_[3] = rotated(state_[3], 45);
    return result;
  }
  uint64_t state_[4];
};

void shell(Bodies& b, Random& random) {
  const double inner = 2.5 * 1.54, outer = 4 * 1.54;
  for (size_t i = 0; i < b.count(); ++i) {
    double way[3];
    random.direction(way);
    double radius = random.uniform(inner, outer);
    b.x[i] = radius * way[0], b.y[i] = radius * way[1], b.z[i] = radius * way[2];
    // A turn about the z axis at about half the circular speed, so the shell falls in and swirls.
    double speed = 0.5 / std::sqrt(outer);
    b.vx[i] = -speed * way[1], b.vy[i] = speed * way[0], b.vz[i] = 0;
  }
}

void plummer(Bodies& b, Random& random) {
  // Standard units: total mass 1, energy -1/4, so the Plummer radius is 3 pi / 16.
  const double scale = 3 * M_PI / 16;
  for (size_t i = 0; i < b.count(); ++i) {
    double way[3], radius;
    do {
      radius = 1 / std::sqrt(std::pow(random.uniform(1e-10, 1), -2.0 / 3) - 1);
    } while (radius > 20);
    random.direction(way);
    b.x[i] = scale * radius * way[0], b.y[i] = scale * radius * way[1], b.z[i] = scale * radius * way[2];
    // Von Neumann's rejection for g(q) = q^2 (1 - q^2)^(7/2), whose maximum is below 0.1.
    double q, g;
    do {
      q = random.uniform();
      g = random.uniform(0, 0.1);
    } while (g > q * q * std::pow(1 - q * q, 3.5));
    double speed = q * std::sqrt(2.0) * std::pow(1 + radius * radius, -0.25) / std::sqrt(scale);
    random.direction(way);
    b.vx[i] = speed * way[0], b.vy[i] = speed * way[1], b.vz[i] = speed * way[2];
  }
}

void cube(Bodies& b, Random& random) {
  for (size_t i = 0; i < b.count(); ++i) {
    b.x[i] = random.uniform(-1, 1), b.y[i] = random.uniform(-1, 1), b.z[i] = random.uniform(-1, 1);
  }
}

struct Kind {
  const char* name;
  void (*place)(Bodies&, Random&);
  double softening, timeStep;
};

// Total mass is 1 in all of them.
const Kind kinds[] = {
    {"shell", shell, 0.1, 0.016},
    {"plummer", plummer, 0.02, 0.002},
    {"cube", cube, 0.05, 0.002},
};

const Kind& kindNamed(const std::string& name) {
  for (const Kind& kind : kinds)
    if (name == kind.name) return kind;
  throw Failure(exitUsage, text("Error: no initial conditions are called '%s': use shell, plummer or cube.", name.c_str()));
}

}  // namespace

double defaultSoftening(const std::string& name) { return kindNamed(name).softening; }
double defaultTimeStep(const std::string& name) { return kindNamed(name).timeStep; }

Bodies initialConditions(const std::string& name, size_t n, Masses masses, uint64_t seed) {
  const Kind& kind = kindNamed(name);
  Bodies b;
  b.resize(n);
  Random random(seed);
  kind.place(b, random);
  double total = 0;
  for (auto& mass : b.mass) total += mass = masses == Masses::equal ? 1.0 : random.uniform(0.5, 1.5);
  if (masses == Masses::equal) total = double(n);
  for (auto& mass : b.mass) mass /= total;
  return b;
}
