#include "cpu.h"

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <thread>

#include "cpu_kernel.h"

namespace {

struct Unit {
  const char* name;
  CpuKernel<float> single;
  CpuKernel<double> twice;
};

Unit unit() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f")) return {"AVX-512", cpuKernel_avx512, cpuKernel_avx512};
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return {"AVX2", cpuKernel_avx2, cpuKernel_avx2};
#endif
  return {"128-bit vectors", cpuKernel_plain, cpuKernel_plain};
}

void run(const CpuArrays<float>& b, size_t begin, size_t end) { unit().single(b, begin, end); }
void run(const CpuArrays<double>& b, size_t begin, size_t end) { unit().twice(b, begin, end); }

// The smallest softening squared for which r^-3 of coincident bodies is a number; times a distance
// of zero it is then no force.
float floorOf(float softening2) { return std::max(softening2, 1e-24f); }
double floorOf(double softening2) { return std::max(softening2, 1e-180); }

struct Pull {
  double x = 0, y = 0, z = 0;
};

// pull is what bodies [begin, end) do to body i, summed in pairs of halves: the rounding error grows with the
// logarithm of the number of bodies. Summed in a row, 262,144 bodies would lose two digits, and the
// reference would be worse than what it judges.
Pull pull(const Bodies& b, size_t i, size_t begin, size_t end, double softening2) {
  Pull sum;
  if (end - begin > 128) {
    size_t middle = begin + (end - begin) / 2;
    Pull low = pull(b, i, begin, middle, softening2), high = pull(b, i, middle, end, softening2);
    return {low.x + high.x, low.y + high.y, low.z + high.z};
  }
  for (size_t j = begin; j < end; ++j) {
    double dx = b.x[j] - b.x[i], dy = b.y[j] - b.y[i], dz = b.z[j] - b.z[i];
    double r2 = dx * dx + dy * dy + dz * dz + softening2;
    double s = b.mass[j] / (r2 * std::sqrt(r2));
    sum.x += s * dx, sum.y += s * dy, sum.z += s * dz;
  }
  return sum;
}

}  // namespace

const char* cpuVectors() { return unit().name; }

// The affinity mask, not the number of cores: a container may have been given fewer.
int cpuThreads() {
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof allowed, &allowed) == 0) return std::max(1, CPU_COUNT(&allowed));
  return int(std::max(1u, std::thread::hardware_concurrency()));
}

void parallel(size_t n, size_t piece, void (*work)(void*, size_t, size_t), void* context) {
  std::atomic<size_t> next{0};
  auto loop = [&] {
    for (size_t begin; (begin = next.fetch_add(piece)) < n;) work(context, begin, std::min(n, begin + piece));
  };
  size_t helpers = std::min(size_t(cpuThreads()), (n + piece - 1) / piece);
  std::vector<std::thread> threads;
  for (size_t t = 1; t < helpers; ++t) threads.emplace_back(loop);
  loop();
  for (auto& thread : threads) thread.join();
}

template <class T>
void CpuBodies<T>::assign(const Bodies& from) {
  n = from.count();
  size_t padded = (n + cpuPad - 1) / cpuPad * cpuPad;
  x.assign(padded, 0), y.assign(padded, 0), z.assign(padded, 0), mass.assign(padded, 0);
  ax.assign(padded, 0), ay.assign(padded, 0), az.assign(padded, 0);
  for (size_t i = 0; i < n; ++i) x[i] = T(from.x[i]), y[i] = T(from.y[i]), z[i] = T(from.z[i]), mass[i] = T(from.mass[i]);
}

template <class T>
void cpuAccelerate(CpuBodies<T>& b, double softening) {
  CpuArrays<T> arrays{b.x.data(), b.y.data(), b.z.data(), b.mass.data(), b.ax.data(), b.ay.data(), b.az.data(),
                      b.mass.size(), floorOf(T(softening) * T(softening))};
  parallelFor(arrays.n, cpuPad, [&](size_t begin, size_t end) { run(arrays, begin, end); });
}

Vectors exactAccelerations(const Bodies& b, double softening, const std::vector<size_t>& which) {
  size_t count = which.empty() ? b.count() : which.size();
  double softening2 = floorOf(softening * softening);
  Vectors a;
  a.resize(count);
  parallelFor(count, 16, [&](size_t begin, size_t end) {
    for (size_t k = begin; k < end; ++k) {
      Pull all = pull(b, which.empty() ? k : which[k], 0, b.count(), softening2);
      a.x[k] = all.x, a.y[k] = all.y, a.z[k] = all.z;
    }
  });
  return a;
}

template struct CpuBodies<float>;
template struct CpuBodies<double>;
template void cpuAccelerate(CpuBodies<float>&, double);
template void cpuAccelerate(CpuBodies<double>&, double);
