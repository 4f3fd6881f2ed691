// What the compiler makes of the plain loop with everything allowed (-Ofast -march=native): the yardstick
// for the CPU path. Prints billions of interactions per second on one thread.
#include <chrono>
#include <cmath>
#include <cstdio>
#include <vector>

int main() {
  constexpr int n = 8192;
  std::vector<float> x(n), y(n), z(n), m(n), ax(n), ay(n), az(n);
  for (int i = 0; i < n; ++i) x[i] = std::sin(1.1f * i), y[i] = std::sin(2.3f * i), z[i] = std::sin(3.7f * i), m[i] = 1.0f / n;
  double best = 1e9, check = 0;
  for (int round = 0; round < 5; ++round) {
    auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < n; ++i) {
      float sx = 0, sy = 0, sz = 0;
      for (int j = 0; j < n; ++j) {
        float dx = x[j] - x[i], dy = y[j] - y[i], dz = z[j] - z[i], r2 = dx * dx + dy * dy + dz * dz + 0.01f;
        float inverse = 1 / std::sqrt(r2), s = m[j] * inverse * inverse * inverse;
        sx += s * dx, sy += s * dy, sz += s * dz;
      }
      ax[i] = sx, ay[i] = sy, az[i] = sz;
    }
    best = std::fmin(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    check += ax[round] + ay[round] + az[round];
  }
  std::printf("%.3f\n", double(n) * n / best / 1e9);
  return std::isfinite(check) ? 0 : 1;
}
