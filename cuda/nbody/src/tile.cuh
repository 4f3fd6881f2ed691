// The textbook kernel, to compare with: one thread per body, shared-memory tiles of as many bodies as
// the block has threads, after Nyland, Harris and Prins, "Fast N-Body Simulation with CUDA", GPU
// Gems 3 (2007), chapter 31. Written for this program; deterministic, since every body's sum has one order.
#pragma once
#include "pairs.cuh"

#ifdef __CUDACC__
constexpr int tileThreads = 256;

// The same instruction as in the pair kernel, so that neither has an advantage.
__device__ __forceinline__ float inverseRoot(float v) {
  float y;
  asm("rsqrt.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(v));
  return y;
}
__device__ __forceinline__ double inverseRoot(double v) { return rsqrt(v); }

// accelerateByTiles fills sum for bodies [begin, end); padded is the number of bodies, a multiple of tileThreads.
template <class T>
__global__ void __launch_bounds__(tileThreads) accelerateByTiles(const Vector4<T>* body, Vector4<T>* sum, long long begin, long long end, long long padded, T softening2) {
  __shared__ Vector4<T> tile[tileThreads];
  const long long i = begin + (long long)blockIdx.x * tileThreads + threadIdx.x;
  const Vector4<T> me = body[i < padded ? i : 0];
  T ax = 0, ay = 0, az = 0;
  for (long long start = 0; start < padded; start += tileThreads) {
    tile[threadIdx.x] = body[start + threadIdx.x];
    __syncthreads();
#pragma unroll 32
    for (int j = 0; j < tileThreads; ++j) {
      const Vector4<T> other = tile[j];
      const T dx = other.x - me.x, dy = other.y - me.y, dz = other.z - me.z;
      const T inverse = inverseRoot(dx * dx + dy * dy + dz * dz + softening2);
      const T s = other.w * (inverse * inverse * inverse);
      ax += s * dx, ay += s * dy, az += s * dz;
    }
    __syncthreads();
  }
  if (i < end) sum[i] = {ax, ay, az, T(0)};
}
#endif
