// The bodies of a simulation, as the host keeps them, and where they come from.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

// Bodies is the state of n point masses in units where the gravitational constant is 1.
// Every array holds n values. Double precision always: a single precision run rounds a copy.
struct Bodies {
  std::vector<double> x, y, z;     // position
  std::vector<double> vx, vy, vz;  // velocity
  std::vector<double> mass;

  size_t count() const { return mass.size(); }
  void resize(size_t n);
};

// Vectors holds one 3-vector per body: accelerations, mostly.
struct Vectors {
  std::vector<double> x, y, z;
  void resize(size_t n) { x.assign(n, 0), y.assign(n, 0), z.assign(n, 0); }
};

// The largest number of bodies: indices are 32 bits, and the last tile needs room.
constexpr long long mostBodies = (1LL << 31) - 4096;

enum class Masses { spread, equal };

// initialConditions makes n bodies by name. The same name, n, masses and seed give the same
// bodies on every machine. Names:
//   shell    a thick spherical shell, inner radius 3.85, outer 6.16, turning about the z axis
//   plummer  a Plummer sphere of total mass 1 in virial equilibrium (Aarseth, Henon and Wielen 1974)
//   cube     bodies at rest, spread evenly in the cube [-1, 1]^3, total mass 1: it collapses
// Masses::spread draws masses evenly from [0.5, 1.5] times the mean, Masses::equal gives all the mean.
// Throws Failure(exitUsage) for a name it does not know.
Bodies initialConditions(const std::string& name, size_t n, Masses masses, uint64_t seed);

// defaultSoftening is the Plummer softening length (not squared) that suits those conditions.
double defaultSoftening(const std::string& name);

// defaultTimeStep is a step at which the leapfrog keeps the energy of those conditions.
double defaultTimeStep(const std::string& name);

// readTipsy reads a TIPSY binary file: gas, dark and star particles, all as point masses.
// Accepts headers of 28 and 32 bytes, either byte order, three dimensions. Throws Failure(exitFault)
// when the file's size and its header disagree, and when a value is not finite.
Bodies readTipsy(const std::string& path);

// writeTipsy writes all bodies as dark matter: little endian, 32-byte header, single precision.
void writeTipsy(const std::string& path, const Bodies& bodies);
