// Gravity on the CPU: all cores, vectorised, and the reference that the GPU is compared with.
#pragma once
#include <cstddef>
#include <string>
#include <vector>

#include "bodies.h"

// cpuThreads is how many threads the functions here use.
int cpuThreads();

// cpuVectors names the vector unit in use, such as "AVX-512".
const char* cpuVectors();

// CpuBodies is what the CPU kernel reads and writes, in precision T: arrays of n values padded with
// massless bodies to a multiple of cpuPad.
constexpr size_t cpuPad = 64;
template <class T>
struct CpuBodies {
  std::vector<T> x, y, z, mass;
  std::vector<T> ax, ay, az;
  size_t n = 0;

  // assign copies positions and masses.
  void assign(const Bodies& bodies);
};

// cpuAccelerate fills ax, ay, az with the softened accelerations
//   a_i = sum over j of m_j (x_j - x_i) / (|x_j - x_i|^2 + softening^2)^(3/2).
// Bodies at the same place do not act on each other. The result does not depend on the number of threads.
template <class T>
void cpuAccelerate(CpuBodies<T>& bodies, double softening);

// exactAccelerations are the same in double precision with the C library's sqrt, summed in pairs, for the
// bodies whose indices are given (all of them if the list is empty): right to a few units in the last place.
Vectors exactAccelerations(const Bodies& bodies, double softening, const std::vector<size_t>& which);

// parallel calls work(begin, end) on pieces of [0, n) from all cores.
void parallel(size_t n, size_t piece, void (*work)(void* context, size_t begin, size_t end), void* context);
template <class F>
void parallelFor(size_t n, size_t piece, F&& work) {
  parallel(n, piece, [](void* f, size_t b, size_t e) { (*static_cast<F*>(f))(b, e); }, &work);
}
