// Stands in for the GPU where there was no nvcc at build time.
#include "failure.h"
#include "system.h"

Gpus findGpus() { return {}; }

std::unique_ptr<System> gpuSystem(const Physics&, const GpuPlan&) {
  throw Failure(exitMachine, "Error: this nbody was built without nvcc and has no GPU code: build it again with the CUDA toolkit, or use -cpu.");
}
