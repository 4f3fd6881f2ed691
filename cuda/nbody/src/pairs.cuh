// The kernel that visits each pair of bodies once.
//
// Bodies are cut into blocks of 32 K. A warp holds one block, K bodies per lane in registers, and
// meets the bodies of other blocks 32 at a time, the partners. In each of 32 steps a lane meets one
// partner, of whom position and mass come from shared memory and whose acceleration is in
// registers; then the accelerations move on by one lane. After 32 steps each partner has met all 32 K
// bodies and its acceleration is back where it began, to be added to memory.
//
// Block I meets blocks I+1, I+2, ..., I+(B-1)/2, counted around the circle of B blocks, and for even
// B the first half also meets the one opposite: so every pair of blocks meets once, and all
// blocks have the same amount of work. Pairs within a block are visited from both sides.
//
// Arithmetic per pair, single precision, with d = x_i - x_j and s = (d^2 + eps^2)^(-3/2):
//   masses      instructions                                                             sum
//   any         3 subtractions, 3 fma, rsqrt, s (2), m_i s and m_j s (2), 6 fma           17
//   scaled      3 fma (D = a_j x_i - a_j x_j), 3 fma, rsqrt, S (2), m_i S (1), 6 fma      16
//   equal       3 subtractions, 3 fma, rsqrt, s (2), 6 fma                                15
// Scaled: with a_j = m_j^(-1/2), D = a_j d and S = (D^2 + a_j^2 eps^2)^(-3/2), m_i S D = m_i m_j s d is the
// force between the two, so both sides add the same product, and the sums are divided by the bodies'
// masses at the end. The rounding of a_j x_j moves j by half a unit in its last place, so this is used
// only where that cannot matter. The order of the
// instructions matters as much: see README.md.
#pragma once
#include "tuning.h"

enum class MassCase { any, scaled, equal };
enum class Sums { real, fixedPoint };

template <class T> struct Vector4;
template <> struct alignas(16) Vector4<float> { float x, y, z, w; };
template <> struct alignas(16) Vector4<double> { double x, y, z, w; };

template <class T>
struct PairWork {
  const Vector4<T>* body;     // (32 K B) x, y, z, mass; massless beyond the last body
  const Vector4<T>* partner;  // scaled: (32 K B) -a x, -a y, -a z, a with a = mass^(-1/2), zeros beyond the last; else as body
  Vector4<T>* sum;            // real: (copies, 32 K B) accelerations, to be added up; w unused
  long long* fixed;           // fixed point: (32 K B, 3)
  unsigned long long* next;   // the next job, counted up by the warps
  T softening2;
  T mass;                     // equal: everybody's
  double scale;               // fixed point units per unit of acceleration
  long long blocks;           // B
  long long jobs;             // of all devices together
  long long rowJobs;          // jobs per block, besides the one within it
  int first, stride;          // this device does jobs first, first + stride, ...
  int chunks;                 // groups of 32 partners per job
  int copies;                 // a power of two: spreads additions so that rounding errors stay small
};

#ifdef __CUDACC__
constexpr unsigned everyLane = 0xffffffffu;

__device__ __forceinline__ float fused(float a, float b, float c) { return __fmaf_rn(a, b, c); }
__device__ __forceinline__ double fused(double a, double b, double c) { return __fma_rn(a, b, c); }

// cubedInverse is r2^(-3/2). In single precision rsqrt.approx.ftz: 2^-22.
__device__ __forceinline__ float cubedInverse(float r2) {
  float y;
  asm("rsqrt.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(r2));
  return (y * y) * y;
}

// timesCubedInverse is m r2^(-3/2), in the order that is done first.
__device__ __forceinline__ float timesCubedInverse(float m, float r2) {
  float y;
  asm("rsqrt.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(r2));
  return (y * y) * (m * y);
}

// In double precision the hardware gives a coarse seed. With e = 1 - r2 y^2,
// r2^(-3/2) = y^3 (1 - e)^(-3/2) = y^3 (1 + 3/2 e + 15/8 e^2 + 35/16 e^3 ...); six instructions
// up to e^2. Accelerations so computed are within 3e-16 of exact (results/): the e^3 term would not show.
__device__ __forceinline__ double cubedInverse(double r2) {
  double y;
  asm("rsqrt.approx.ftz.f64 %0, %1;" : "=d"(y) : "d"(r2));
  double y2 = y * y, e = fused(-r2, y2, 1.0), y3 = y2 * y;
  return fused(fused(e, 1.875, 1.5), e * y3, y3);
}
__device__ __forceinline__ double timesCubedInverse(double m, double r2) { return m * cubedInverse(r2); }

template <class T>
__device__ __forceinline__ Vector4<T> loaded(const Vector4<T>* from) { return *from; }

__device__ __forceinline__ void addTo(Vector4<float>* to, float x, float y, float z) {
#if __CUDA_ARCH__ >= 900 && (__CUDACC_VER_MAJOR__ > 12 || (__CUDACC_VER_MAJOR__ == 12 && __CUDACC_VER_MINOR__ >= 1))
  asm volatile("red.global.add.v4.f32 [%0], {%1, %2, %3, %4};" ::"l"(to), "f"(x), "f"(y), "f"(z), "f"(0.0f) : "memory");
#else
  atomicAdd(&to->x, x), atomicAdd(&to->y, y), atomicAdd(&to->z, z);
#endif
}
__device__ __forceinline__ void addTo(Vector4<double>* to, double x, double y, double z) {
  atomicAdd(&to->x, x), atomicAdd(&to->y, y), atomicAdd(&to->z, z);
}
__device__ __forceinline__ void addFixed(long long* to, double scale, double x, double y, double z) {
  auto* at = reinterpret_cast<unsigned long long*>(to);  // two's complement: unsigned addition is the same
  atomicAdd(at, (unsigned long long)__double2ll_rn(x * scale));
  atomicAdd(at + 1, (unsigned long long)__double2ll_rn(y * scale));
  atomicAdd(at + 2, (unsigned long long)__double2ll_rn(z * scale));
}

// shape's columns for the precision T
template <class T> constexpr int shapeBodies(Shape s) { return sizeof(T) == 4 ? s.bodies32 : s.bodies64; }
template <class T> constexpr int shapeThreads(Shape s) { return sizeof(T) == 4 ? s.threads32 : s.threads64; }
template <class T> constexpr int shapeBlocks(Shape s) { return sizeof(T) == 4 ? s.blocks32 : s.blocks64; }
template <class T> constexpr int shapeSteps(Shape s) { return sizeof(T) == 4 ? s.steps32 : s.steps64; }

#ifdef __CUDA_ARCH__
constexpr Shape shape = shapeFor(__CUDA_ARCH__ / 10);
#else
constexpr Shape shape = shapeFor(90);  // the host pass compiles the kernel too, and throws it away
#endif

template <class T, MassCase masses, Sums sums>
__global__ void __launch_bounds__(shapeThreads<T>(shape), shapeBlocks<T>(shape)) visitPairs(const PairWork<T> work) {
  constexpr int K = shapeBodies<T>(shape), warps = shapeThreads<T>(shape) / 32, unrolled = shapeSteps<T>(shape);
  // Single precision loads each partner a step ahead: two warps per scheduler do not hide shared memory's latency.
  // In double precision the units are busy anyway, and the registers are worth more.
  constexpr bool ahead = sizeof(T) == 4;
  // Each warp's 32 partners twice in a row, so that lane + step needs no wrapping around.
  __shared__ Vector4<T> partners[warps][64];
  __shared__ T softenings[warps][64];
  const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, after = (lane + 1) & 31;
  Vector4<T>* const mine = partners[warp];
  T* const soft = softenings[warp];

  for (;;) {
    unsigned long long ticket = lane == 0 ? atomicAdd(work.next, 1ull) : 0;
    const long long job = work.first + (long long)__shfl_sync(everyLane, ticket, 0) * work.stride;
    if (job >= work.jobs) return;
    const bool within = job < work.blocks;
    const long long row = within ? job : (job - work.blocks) / work.rowJobs;
    long long chunk = 0, stop = K;
    if (!within) {
      const long long others = (work.blocks - 1) / 2 + (work.blocks % 2 == 0 && row < work.blocks / 2);
      chunk = (job - work.blocks) % work.rowJobs * work.chunks;
      stop = chunk + work.chunks < others * K ? chunk + work.chunks : others * K;
      if (chunk >= stop) continue;
    }

    T x[K], y[K], z[K], m[K], ax[K], ay[K], az[K];
#pragma unroll
    for (int k = 0; k < K; ++k) {
      const Vector4<T> b = loaded(work.body + row * (32 * K) + k * 32 + lane);
      x[k] = b.x, y[k] = b.y, z[k] = b.z, m[k] = b.w;
      ax[k] = ay[k] = az[k] = 0;
    }

    if (within) {
      for (; chunk < stop; ++chunk) {
        __syncwarp();
        mine[lane] = loaded(work.body + row * (32 * K) + chunk * 32 + lane);
        __syncwarp();
#pragma unroll 1
        for (int step = 0; step < 32; ++step) {
          const Vector4<T> p = mine[step];
#pragma unroll
          for (int k = 0; k < K; ++k) {
            const T dx = x[k] - p.x, dy = y[k] - p.y, dz = z[k] - p.z;
            const T s = cubedInverse(fused(dz, dz, fused(dy, dy, fused(dx, dx, work.softening2))));
            const T ms = masses == MassCase::equal ? s : p.w * s;
            ax[k] = fused(-ms, dx, ax[k]), ay[k] = fused(-ms, dy, ay[k]), az[k] = fused(-ms, dz, az[k]);
          }
        }
      }
    } else {
      const long long bodies = work.blocks * (32 * K);
      long long at = (row + 1) * (32 * K) + chunk * 32 + lane;
      at -= at >= bodies ? bodies : 0;
      Vector4<T> coming = loaded(work.partner + at);
      for (; chunk < stop; ++chunk) {
        const long long here = at;
        const Vector4<T> p = coming;
        __syncwarp();
        mine[lane] = mine[lane + 32] = p;
        if (masses == MassCase::scaled) {
          // Massless partners beyond the last body have a = 0: the small number keeps S D = 0 from being infinity times zero.
          const T e = p.w * p.w * work.softening2;
          soft[lane] = soft[lane + 32] = e > T(1e-20) ? e : T(1e-20);
        }
        at += 32;
        at -= at >= bodies ? bodies : 0;
        coming = loaded(work.partner + at);
        __syncwarp();

        T px = 0, py = 0, pz = 0;
        Vector4<T> next = mine[lane];
        T nextSoftening2 = masses == MassCase::scaled ? soft[lane] : work.softening2;
#pragma unroll unrolled
        for (int step = 0; step < 32; ++step) {
          const Vector4<T> q = ahead ? next : mine[lane + step];
          const T e = masses != MassCase::scaled ? work.softening2 : ahead ? nextSoftening2 : soft[lane + step];
          if (ahead) next = mine[lane + step + 1];
          if (ahead && masses == MassCase::scaled) nextSoftening2 = soft[lane + step + 1];
          // The orders here were chosen by measurement (README.md).
          T dx[K], dy[K], dz[K], si[K], sj[K];
#pragma unroll
          for (int k = 0; k < K; ++k) {
            if (masses == MassCase::scaled) {
              dy[k] = fused(q.w, y[k], q.y), dz[k] = fused(q.w, z[k], q.z), dx[k] = fused(q.w, x[k], q.x);
            } else {
              dy[k] = y[k] - q.y, dz[k] = z[k] - q.z, dx[k] = x[k] - q.x;
            }
            const T r2 = fused(dx[k], dx[k], fused(dy[k], dy[k], fused(dz[k], dz[k], e)));
            if (masses == MassCase::scaled) {
              si[k] = sj[k] = timesCubedInverse(m[k], r2);
            } else {
              const T s = cubedInverse(r2);
              sj[k] = masses == MassCase::equal ? s : m[k] * s;
              si[k] = masses == MassCase::equal ? s : q.w * s;
            }
          }
#pragma unroll
          for (int k = 0; k < K; ++k) {
            ax[k] = fused(-si[k], dx[k], ax[k]);
            ay[k] = fused(-si[k], dy[k], ay[k]);
            pz = fused(sj[k], dz[k], pz);
            az[k] = fused(-si[k], dz[k], az[k]);
            py = fused(sj[k], dy[k], py);
            px = fused(sj[k], dx[k], px);
          }
          px = __shfl_sync(everyLane, px, after);
          py = __shfl_sync(everyLane, py, after);
          pz = __shfl_sync(everyLane, pz, after);
        }
        const T share = masses == MassCase::scaled ? p.w * p.w : masses == MassCase::equal ? work.mass : T(1);
        if (sums == Sums::real) addTo(work.sum + (job & (work.copies - 1)) * bodies + here, share * px, share * py, share * pz);
        else addFixed(work.fixed + 3 * here, work.scale, share * px, share * py, share * pz);
      }
    }

    const long long bodies = work.blocks * (32 * K);
#pragma unroll
    for (int k = 0; k < K; ++k) {
      const long long here = row * (32 * K) + k * 32 + lane;
      const T share = masses == MassCase::equal ? work.mass : masses == MassCase::scaled && !within && m[k] > 0 ? T(1) / m[k] : T(1);
      if (sums == Sums::real) addTo(work.sum + (job & (work.copies - 1)) * bodies + here, share * ax[k], share * ay[k], share * az[k]);
      else addFixed(work.fixed + 3 * here, work.scale, share * ax[k], share * ay[k], share * az[k]);
    }
  }
}
#endif
