// One function, compiled several times for different vector units (see cpu_kernel.cpp).
#pragma once
#include <cstddef>

// CpuArrays is n bodies, n a multiple of cpuPad, all arrays of n values.
template <class T>
struct CpuArrays {
  const T *x, *y, *z, *mass;
  T *ax, *ay, *az;
  size_t n;
  T softening2;
};

// CpuKernel computes the accelerations of bodies [begin, end), both multiples of cpuPad.
template <class T>
using CpuKernel = void (*)(const CpuArrays<T>& bodies, size_t begin, size_t end);

#define CPU_KERNEL(suffix)                                                  \
  void cpuKernel_##suffix(const CpuArrays<float>&, size_t, size_t);         \
  void cpuKernel_##suffix(const CpuArrays<double>&, size_t, size_t);
CPU_KERNEL(plain)
CPU_KERNEL(avx2)
CPU_KERNEL(avx512)
