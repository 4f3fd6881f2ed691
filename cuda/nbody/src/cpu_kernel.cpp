// The CPU's inner loop, in GCC's vector extensions. The Makefile compiles this file once per vector
// unit and names it with -DUNIT=; nothing of the standard library may be used here, or one
// unit's instructions could end up in a function that the others share.
#include "cpu_kernel.h"
#if defined(__AVX2__)
#include <immintrin.h>
#endif

#define JOIN2(a, b) a##b
#define JOIN(a, b) JOIN2(a, b)

namespace {

#if defined(__AVX512F__)
constexpr int vectorBytes = 64;
#elif defined(__AVX2__)
constexpr int vectorBytes = 32;
#else
constexpr int vectorBytes = 16;
#endif

typedef float FloatVector __attribute__((vector_size(vectorBytes), aligned(vectorBytes)));
typedef double DoubleVector __attribute__((vector_size(vectorBytes), aligned(vectorBytes)));

template <class T> struct VectorOf;
template <> struct VectorOf<float> { using Type = FloatVector; };
template <> struct VectorOf<double> { using Type = DoubleVector; };

// cubed is r2^(-3/2). With y close to r2^(-1/2) and e = 1 - r2 y^2 it is
// y^3 (1 - e)^(-3/2) = y^3 (1 + 3/2 e + 15/8 e^2 + ...).
template <class V, class T>
inline V series(V r2, V y, T) {
  V y2 = y * y, e = T(1) - r2 * y2, y3 = y2 * y;
  return y3 + (y3 * e) * (T(1.5) + T(1.875) * e);
}

inline FloatVector cubed(FloatVector r2) {
#if defined(__AVX512F__)
  return series(r2, (FloatVector)_mm512_rsqrt14_ps((__m512)r2), 1.0f);
#elif defined(__AVX2__)
  return series(r2, (FloatVector)_mm256_rsqrt_ps((__m256)r2), 1.0f);
#else
  FloatVector y;
  for (unsigned k = 0; k < sizeof y / sizeof(float); ++k) y[k] = 1 / __builtin_sqrtf(r2[k]);
  return y * y * y;
#endif
}

inline DoubleVector cubed(DoubleVector r2) {
#if defined(__AVX512F__)
  // 14 bits, then y (1 + e/2 + 3/8 e^2) makes 41, then the series above all 53.
  DoubleVector y = (DoubleVector)_mm512_rsqrt14_pd((__m512d)r2), e = 1.0 - r2 * (y * y);
  return series(r2, y + (y * e) * (0.5 + 0.375 * e), 1.0);
#elif defined(__AVX2__)
  return 1.0 / (r2 * (DoubleVector)_mm256_sqrt_pd((__m256d)r2));
#else
  DoubleVector y;
  for (unsigned k = 0; k < sizeof y / sizeof(double); ++k) y[k] = 1 / __builtin_sqrt(r2[k]);
  return y * y * y;
#endif
}

// Two rows of accumulators hide the latency of the additions; one block of sources stays in L1, and
// its sum is added to the total at its end, which keeps rounding errors small.
template <class T>
void accelerate(const CpuArrays<T>& b, size_t begin, size_t end) {
  using V = typename VectorOf<T>::Type;
  constexpr size_t lanes = sizeof(V) / sizeof(T), rows = 2, sources = 512;
  for (size_t i = begin; i < end; i += rows * lanes) {
    V x[rows], y[rows], z[rows], ax[rows] = {}, ay[rows] = {}, az[rows] = {};
    for (size_t r = 0; r < rows; ++r) {
      __builtin_memcpy(&x[r], b.x + i + r * lanes, sizeof(V));
      __builtin_memcpy(&y[r], b.y + i + r * lanes, sizeof(V));
      __builtin_memcpy(&z[r], b.z + i + r * lanes, sizeof(V));
    }
    for (size_t block = 0; block < b.n; block += sources) {
      size_t stop = block + sources < b.n ? block + sources : b.n;
      V sx[rows] = {}, sy[rows] = {}, sz[rows] = {};
      for (size_t j = block; j < stop; ++j)
        for (size_t r = 0; r < rows; ++r) {
          V dx = b.x[j] - x[r], dy = b.y[j] - y[r], dz = b.z[j] - z[r];
          V s = b.mass[j] * cubed(V(dx * dx + (dy * dy + (dz * dz + b.softening2))));
          sx[r] += s * dx, sy[r] += s * dy, sz[r] += s * dz;
        }
      for (size_t r = 0; r < rows; ++r) ax[r] += sx[r], ay[r] += sy[r], az[r] += sz[r];
    }
    for (size_t r = 0; r < rows; ++r) {
      __builtin_memcpy(b.ax + i + r * lanes, &ax[r], sizeof(V));
      __builtin_memcpy(b.ay + i + r * lanes, &ay[r], sizeof(V));
      __builtin_memcpy(b.az + i + r * lanes, &az[r], sizeof(V));
    }
  }
}

}  // namespace

void JOIN(cpuKernel_, UNIT)(const CpuArrays<float>& b, size_t begin, size_t end) { accelerate(b, begin, end); }
void JOIN(cpuKernel_, UNIT)(const CpuArrays<double>& b, size_t begin, size_t end) { accelerate(b, begin, end); }
