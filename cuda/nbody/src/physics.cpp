#include "physics.h"

#include <algorithm>
#include <cmath>

#include "cpu.h"

Invariants invariants(const Bodies& b, double softening) {
  Invariants all;
  for (size_t i = 0; i < b.count(); ++i) {
    double speed2 = b.vx[i] * b.vx[i] + b.vy[i] * b.vy[i] + b.vz[i] * b.vz[i];
    all.kinetic += 0.5 * b.mass[i] * speed2;
    all.momentumScale += b.mass[i] * std::sqrt(speed2);
    all.momentum[0] += b.mass[i] * b.vx[i], all.momentum[1] += b.mass[i] * b.vy[i], all.momentum[2] += b.mass[i] * b.vz[i];
  }
  std::vector<double> potential(b.count());
  double softening2 = softening * softening;
  parallelFor(b.count(), 16, [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) {
      double sum = 0;
      for (size_t j = 0; j < i; ++j) {
        double dx = b.x[j] - b.x[i], dy = b.y[j] - b.y[i], dz = b.z[j] - b.z[i];
        double r2 = dx * dx + dy * dy + dz * dz + softening2;
        if (r2 > 0) sum += b.mass[j] / std::sqrt(r2);
      }
      potential[i] = -b.mass[i] * sum;
    }
  });
  for (double p : potential) all.potential += p;
  return all;
}

Error compare(const Vectors& found, const Vectors& reference, const std::vector<size_t>& which) {
  double off = 0, whole = 0, worst = 0;
  for (size_t k = 0; k < reference.x.size(); ++k) {
    size_t i = which.empty() ? k : which[k];
    double dx = found.x[i] - reference.x[k], dy = found.y[i] - reference.y[k], dz = found.z[i] - reference.z[k];
    double d2 = dx * dx + dy * dy + dz * dz;
    if (!std::isfinite(d2)) return {INFINITY, INFINITY};
    off += d2, worst = std::max(worst, d2);
    whole += reference.x[k] * reference.x[k] + reference.y[k] * reference.y[k] + reference.z[k] * reference.z[k];
  }
  if (off == 0) return {0, 0};
  return {std::sqrt(off / whole), std::sqrt(worst / (whole / double(reference.x.size())))};
}

std::vector<size_t> sample(size_t n, size_t most) {
  std::vector<size_t> which;
  if (n <= most) {
    for (size_t i = 0; i < n; ++i) which.push_back(i);
    return which;
  }
  // The golden ratio's multiples spread over the range and hit every residue of any tile size.
  double at = 0;
  for (size_t k = 0; k < most; ++k) {
    at += 0.6180339887498949;
    at -= std::floor(at);
    which.push_back(size_t(at * double(n)));
  }
  return which;
}
