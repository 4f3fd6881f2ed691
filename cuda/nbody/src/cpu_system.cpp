#include "cpu.h"
#include "failure.h"
#include "system.h"

namespace {

template <class T>
class CpuSystem : public System {
 public:
  explicit CpuSystem(double softening) : softening_(softening) {}

  void load(const Bodies& bodies) override {
    bodies_.assign(bodies);
    size_t n = bodies_.n;
    vx_.resize(n), vy_.resize(n), vz_.resize(n);
    for (size_t i = 0; i < n; ++i) vx_[i] = T(bodies.vx[i]), vy_[i] = T(bodies.vy[i]), vz_[i] = T(bodies.vz[i]);
  }

  void advance(int steps, double dt) override {
    for (int step = 0; step < steps; ++step) {
      drift(T(dt / 2));
      cpuAccelerate(bodies_, softening_);
      kick(T(dt));
      drift(T(dt / 2));
    }
  }

  Bodies state() override {
    Bodies out;
    out.resize(bodies_.n);
    for (size_t i = 0; i < bodies_.n; ++i) {
      out.x[i] = bodies_.x[i], out.y[i] = bodies_.y[i], out.z[i] = bodies_.z[i], out.mass[i] = bodies_.mass[i];
      out.vx[i] = vx_[i], out.vy[i] = vy_[i], out.vz[i] = vz_[i];
    }
    return out;
  }

  Vectors accelerations() override {
    cpuAccelerate(bodies_, softening_);
    size_t n = bodies_.n;
    Vectors out;
    out.x.assign(bodies_.ax.begin(), bodies_.ax.begin() + n);
    out.y.assign(bodies_.ay.begin(), bodies_.ay.begin() + n);
    out.z.assign(bodies_.az.begin(), bodies_.az.begin() + n);
    return out;
  }

  std::string method() const override { return text("all pairs on the CPU, %s, %d threads", cpuVectors(), cpuThreads()); }

 private:
  void drift(T dt) {
    for (size_t i = 0; i < bodies_.n; ++i) bodies_.x[i] += vx_[i] * dt, bodies_.y[i] += vy_[i] * dt, bodies_.z[i] += vz_[i] * dt;
  }
  void kick(T dt) {
    for (size_t i = 0; i < bodies_.n; ++i) vx_[i] += bodies_.ax[i] * dt, vy_[i] += bodies_.ay[i] * dt, vz_[i] += bodies_.az[i] * dt;
  }

  double softening_;
  CpuBodies<T> bodies_;
  std::vector<T> vx_, vy_, vz_;
};

}  // namespace

std::unique_ptr<System> cpuSystem(const Physics& physics) {
  if (physics.fp64) return std::make_unique<CpuSystem<double>>(physics.softening);
  return std::make_unique<CpuSystem<float>>(physics.softening);
}
