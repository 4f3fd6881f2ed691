// A running simulation, on whatever computes it.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "bodies.h"
#include "options.h"

// System advances bodies in time by the leapfrog (drift, kick, drift).
class System {
 public:
  virtual ~System() = default;

  // load takes new bodies; their number may differ from before.
  virtual void load(const Bodies& bodies) = 0;

  // advance does steps time steps of length dt and returns when they are done.
  virtual void advance(int steps, double dt) = 0;

  // state copies positions and velocities back.
  virtual Bodies state() = 0;

  // accelerations computes the accelerations at the current positions.
  virtual Vectors accelerations() = 0;

  // method says how the forces are computed, once bodies are loaded.
  virtual std::string method() const = 0;

  // shares is how long each device computed forces in the last step, in milliseconds; empty where one does it all.
  virtual std::vector<double> shares() const { return {}; }
};

// Physics is what a system needs to know besides the bodies.
struct Physics {
  double softening;  // length
  bool fp64;
  bool deterministic;
};

std::unique_ptr<System> cpuSystem(const Physics& physics);

// GpuInfo describes one device as the CUDA runtime sees it.
struct GpuInfo {
  int index, major, minor, multiprocessors, clockMHz;
  size_t memory;  // bytes
  std::string name;
};

// Gpus is all that can be said about the GPUs of this machine. In a program built without nvcc
// there are none. Never throws for want of a GPU.
struct Gpus {
  std::vector<GpuInfo> devices;
  int driver = 0, runtime = 0;  // as 12040 for CUDA 12.4; driver 0: no driver here
  std::string failure;          // why there are no devices, if the runtime gave a reason of its own
  bool builtWithCuda = false;
};
Gpus findGpus();

// GpuPlan says which devices work and how. A device may stand twice in the list: it then plays
// two, which is how the splitting is tested on a machine with one.
struct GpuPlan {
  std::vector<int> devices;
  bool hostMemory = false, peer = true;
  Kernel kernel = Kernel::automatic;
};

// gpuSystem throws Failure(exitMachine) when memory is short or CUDA fails.
std::unique_ptr<System> gpuSystem(const Physics& physics, const GpuPlan& plan);
