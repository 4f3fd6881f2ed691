// What must not change while bodies move.
#pragma once
#include "bodies.h"

// Invariants of a system, in double precision, from all pairs on the CPU.
struct Invariants {
  double kinetic = 0, potential = 0;   // energy is their sum
  double momentum[3] = {0, 0, 0};
  double momentumScale = 0;            // sum of m |v|: what momentum is measured against
  double energy() const { return kinetic + potential; }
};
Invariants invariants(const Bodies& bodies, double softening);

// Error is how far accelerations are from the reference, relative to its root mean square.
struct Error {
  double rms;      // sqrt(sum |a - b|^2 / sum |b|^2)
  double largest;  // max |a - b| / sqrt(mean |b|^2)
};
// compare looks at reference[k] and found[which[k]]; an empty list means all in order.
Error compare(const Vectors& found, const Vectors& reference, const std::vector<size_t>& which);

// sample is at most most of the indices below n, evenly spread, always the same.
std::vector<size_t> sample(size_t n, size_t most);
