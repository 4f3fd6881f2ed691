#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <unistd.h>

#include "cpu.h"
#include "failure.h"
#include "options.h"
#include "physics.h"
#include "render.h"
#include "system.h"

namespace {

constexpr size_t referenceBodies = 4096;  // how many bodies of a large system -compare looks at

const char* precision(bool fp64) { return fp64 ? "double" : "single"; }
int flopsPerInteraction(bool fp64) { return fp64 ? 30 : 20; }

// quoted is text as a JSON string.
std::string quoted(const std::string& plain) {
  std::string out = "\"";
  for (unsigned char c : plain) {
    if (c == '"' || c == '\\') out += text("\\%c", c);
    else if (c < 0x20) out += text("\\u%04x", c);
    else out += char(c);
  }
  return out + "\"";
}

const char* architecture(int major, int minor) {
  struct Row { int major, minor; const char* name; };
  static const Row rows[] = {{7, 0, "Volta"},   {7, 5, "Turing"},    {8, 9, "Ada"},        {9, -1, "Hopper"}, {7, -1, "Volta"},
                             {8, -1, "Ampere"}, {10, -1, "Blackwell"}, {12, -1, "Blackwell"}};
  for (const Row& row : rows)
    if (row.major == major && (row.minor == minor || row.minor < 0)) return row.name;
  return "GPU";
}

// Job is the command line made whole: bodies at hand, devices chosen.
struct Job {
  Options options;
  Gpus gpus;
  GpuPlan plan;
  Physics physics;
  Bodies bodies;
  double timeStep;
  std::string rounding;  // the two lines about a number of bodies that was rounded up

  std::unique_ptr<System> system() const { return options.cpu ? cpuSystem(physics) : gpuSystem(physics, plan); }
};

// noDevices is the line for a machine that lacks GPUs. The first form is the one that scripts know.
std::string noDevices(const Gpus& gpus, int wanted) {
  if (!gpus.devices.empty() || gpus.failure.empty())
    return text("Error: only %zu Devices available, %d requested.  Exiting.", gpus.devices.size(), wanted);
  return "Error: " + gpus.failure;
}

std::vector<int> chooseDevices(const Options& o, const Gpus& gpus) {
  int wanted = o.deviceCount ? o.deviceCount : std::max<int>(1, int(o.devices.size()));
  if (gpus.devices.empty() || o.deviceCount > int(gpus.devices.size())) throw Failure(exitMachine, noDevices(gpus, wanted));
  for (int device : o.devices)
    if (device >= int(gpus.devices.size()))
      throw Failure(exitMachine, text("Error: there is no GPU %d: this machine has %zu, numbered from 0.", device, gpus.devices.size()));
  if (!o.devices.empty()) return o.devices;
  std::vector<int> first;
  for (int d = 0; d < wanted; ++d) first.push_back(d);
  return first;
}

// needMemory refuses before the first allocation what cannot end well: about 200 bytes per body on the host.
void needMemory(long long bodies) {
  double have = double(sysconf(_SC_PHYS_PAGES)) * double(sysconf(_SC_PAGESIZE)), need = 200.0 * double(bodies);
  if (need > have)
    throw Failure(exitMachine, text("Error: %lld bodies need about %.0f GB of host memory, this machine has %.0f GB.", bodies, need / 1e9, have / 1e9));
}

Job prepare(const Options& o) {
  Job job;
  job.options = o;
  if (!o.cpu) {
    job.gpus = findGpus();
    job.plan.devices = chooseDevices(o, job.gpus);
    job.plan.hostMemory = o.hostMemory, job.plan.peer = o.peer, job.plan.kernel = o.kernel;
  }
  job.physics.softening = o.softening >= 0 ? o.softening : o.tipsy.empty() ? defaultSoftening(o.conditions) : 0.05;
  job.physics.fp64 = o.fp64, job.physics.deterministic = o.deterministic;
  job.timeStep = o.timeStep > 0 ? o.timeStep : o.tipsy.empty() ? defaultTimeStep(o.conditions) : 0.001;
  if (!o.tipsy.empty()) {
    job.bodies = readTipsy(o.tipsy);
    return job;
  }
  long long n = o.bodies;
  if (!n && o.mode == Mode::check) n = 4096;
  if (!n) n = o.cpu ? 16384 : 256LL * 4 * job.gpus.devices[size_t(job.plan.devices[0])].multiprocessors * (long long)job.plan.devices.size();
  if (n % 256) {
    long long up = (n + 255) / 256 * 256;
    job.rounding = text("Warning: \"number of bodies\" specified %lld is not a multiple of 256.\nRounding up to the nearest multiple: %lld.\n", n, up);
    n = up;
  }
  needMemory(n);
  job.bodies = initialConditions(o.conditions, size_t(n), o.masses, o.seed);
  return job;
}

void printSetting(const Job& job) {
  const Options& o = job.options;
  std::printf("> Windowed mode\n");
  std::printf("> Simulation data stored in %s memory\n", o.cpu || o.hostMemory ? "system" : "video");
  std::printf("> %s precision floating point simulation\n", o.fp64 ? "Double" : "Single");
  if (o.cpu) {
    std::printf("> CPU used for simulation: %d threads, %s\n", cpuThreads(), cpuVectors());
  } else {
    std::printf("> %zu Devices used for simulation\n", job.plan.devices.size());
    for (int d : job.plan.devices) {
      const GpuInfo& gpu = job.gpus.devices[size_t(d)];
      std::printf("GPU Device %d: \"%s\" with compute capability %d.%d\n\n", d, architecture(gpu.major, gpu.minor), gpu.major, gpu.minor);
    }
    for (int d : job.plan.devices) {
      const GpuInfo& gpu = job.gpus.devices[size_t(d)];
      std::printf("> Compute %d.%d CUDA device: [%s]\n", gpu.major, gpu.minor, gpu.name.c_str());
    }
  }
  std::fputs(job.rounding.c_str(), stdout);
  std::fflush(stdout);
}

// jsonSetting is the members that every JSON answer begins with.
std::string jsonSetting(const Job& job, const char* mode, const std::string& method) {
  const Options& o = job.options;
  std::string out = text("\"mode\":\"%s\",\"bodies\":%zu,\"precision\":\"%s\",\"method\":%s,\"softening\":%.9g,\"time_step\":%.9g,\"deterministic\":%s,", mode,
                         job.bodies.count(), precision(o.fp64), quoted(method).c_str(), job.physics.softening, job.timeStep, o.deterministic ? "true" : "false");
  out += o.tipsy.empty() ? text("\"initial_conditions\":\"%s\",\"masses\":\"%s\",\"seed\":%llu,", o.conditions.c_str(),
                                o.masses == Masses::equal ? "equal" : "spread", (unsigned long long)o.seed)
                         : text("\"initial_conditions\":%s,", quoted("tipsy:" + o.tipsy).c_str());
  out += text("\"memory\":\"%s\",\"cuda_driver\":%d,\"cuda_runtime\":%d,\"devices\":[", o.cpu || o.hostMemory ? "host" : "device", job.gpus.driver, job.gpus.runtime);
  if (o.cpu) out += text("{\"name\":\"CPU\",\"threads\":%d,\"vectors\":\"%s\"}", cpuThreads(), cpuVectors());
  for (size_t k = 0; k < job.plan.devices.size(); ++k) {
    const GpuInfo& gpu = job.gpus.devices[size_t(job.plan.devices[k])];
    out += text("%s{\"index\":%d,\"name\":%s,\"compute_capability\":\"%d.%d\",\"multiprocessors\":%d,\"clock_mhz\":%d}", k ? "," : "", gpu.index,
                quoted(gpu.name).c_str(), gpu.major, gpu.minor, gpu.multiprocessors, gpu.clockMHz);
  }
  return out + "]";
}

int benchmark(const Job& job) {
  const Options& o = job.options;
  const int iterations = o.iterations ? o.iterations : 10;
  if (!o.json) printSetting(job);
  auto system = job.system();
  system->load(job.bodies);
  system->advance(1, job.timeStep);  // warm-up: code is loaded, clocks rise
  std::vector<double> milliseconds;
  for (int run = 0; run < o.runs; ++run) {
    auto start = std::chrono::steady_clock::now();
    system->advance(iterations, job.timeStep);
    milliseconds.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
  }
  std::vector<double> sorted = milliseconds;
  std::sort(sorted.begin(), sorted.end());
  const double median = sorted.size() % 2 ? sorted[sorted.size() / 2] : (sorted[sorted.size() / 2 - 1] + sorted[sorted.size() / 2]) / 2;
  const double n = double(job.bodies.count()), interactions = n * n * iterations / (median / 1000);
  const double gflops = interactions * flopsPerInteraction(o.fp64) / 1e9;
  if (o.json) {
    std::string all;
    for (double ms : milliseconds) all += text("%s%.4f", all.empty() ? "" : ",", ms);
    std::string shares;
    for (double ms : system->shares()) shares += text("%s%.4f", shares.empty() ? ",\"shares_milliseconds\":[" : ",", ms);
    if (!shares.empty()) shares += "]";
    std::printf("{%s,\"iterations\":%d,\"milliseconds\":%.4f,\"runs_milliseconds\":[%s]%s,\"interactions_per_second\":%.6g,\"flops_per_interaction\":%d,\"gflops\":%.3f}\n",
                jsonSetting(job, "benchmark", system->method()).c_str(), iterations, median, all.c_str(), shares.c_str(), interactions, flopsPerInteraction(o.fp64), gflops);
    return exitFine;
  }
  std::printf("%zu bodies, total time for %d iterations: %.3f ms\n", job.bodies.count(), iterations, median);
  std::printf("= %.3f billion interactions per second\n", interactions / 1e9);
  std::printf("= %.3f %s-precision GFLOP/s at %d flops per interaction\n", gflops, precision(o.fp64), flopsPerInteraction(o.fp64));
  std::printf("> Method: %s\n", system->method().c_str());
  const std::vector<double> shares = system->shares();
  if (!shares.empty()) {
    double total = 0;
    for (double ms : shares) total += ms;
    std::printf("> Balance: the slowest of %zu took %.1f %% longer than the mean\n", shares.size(),
                100 * (*std::max_element(shares.begin(), shares.end()) / (total / double(shares.size())) - 1));
  }
  return exitFine;
}

// Bounds for -compare, as root mean squares. Single precision is bounded by its rounding of positions and sums.
double allowedError(bool fp64, Kernel kernel) { return fp64 ? 1e-12 : kernel == Kernel::tile ? 1e-3 : 2e-6; }

// rounded is the bodies as a system of that precision sees them, so that only arithmetic is compared.
Bodies rounded(Bodies b, bool fp64) {
  if (!fp64)
    for (auto* values : {&b.x, &b.y, &b.z, &b.mass})
      for (double& v : *values) v = float(v);
  return b;
}

int compareWithCpu(const Job& job) {
  const Options& o = job.options;
  if (!o.json) printSetting(job);
  auto system = job.system();
  system->load(job.bodies);
  Vectors found = system->accelerations();
  std::vector<size_t> which = sample(job.bodies.count(), std::max<size_t>(referenceBodies, size_t(1e10 / double(job.bodies.count()))));
  Vectors reference = exactAccelerations(rounded(job.bodies, o.fp64), job.physics.softening, which);
  Error error = compare(found, reference, which);
  const double bound = allowedError(o.fp64, o.kernel);
  const bool good = error.rms <= bound;
  if (o.json)
    std::printf("{%s,\"compared_bodies\":%zu,\"relative_error\":%.4g,\"largest_error\":%.4g,\"bound\":%.4g,\"ok\":%s}\n",
                jsonSetting(job, "compare", system->method()).c_str(), which.size(), error.rms, error.largest, bound, good ? "true" : "false");
  else
    std::printf("> Method: %s\n%zu bodies, accelerations of %zu compared with double precision on the CPU\n= %.3g relative error (root mean square), largest %.3g, allowed %.3g\n%s\n",
                system->method().c_str(), job.bodies.count(), which.size(), error.rms, error.largest, bound, good ? "OK" : "FAILED");
  return good ? exitFine : exitFault;
}

int check(const Job& job) {
  const Options& o = job.options;
  const int steps = o.iterations ? o.iterations : 1000;
  if (!o.json) printSetting(job);
  auto system = job.system();
  system->load(job.bodies);
  Bodies start = system->state();
  Invariants before = invariants(start, job.physics.softening);
  system->advance(steps, job.timeStep);
  Bodies end = system->state();
  Invariants after = invariants(end, job.physics.softening);
  double energy = std::fabs(after.energy() - before.energy()) / std::max(std::fabs(before.energy()), 1e-300), momentum = 0;
  for (int k = 0; k < 3; ++k) momentum += std::pow(after.momentum[k] - before.momentum[k], 2);
  momentum = std::sqrt(momentum) / std::max({before.momentumScale, after.momentumScale, 1e-300});
  // The leapfrog's own error is the bound for energy; rounding is for momentum.
  const double energyBound = 5e-4, momentumBound = o.fp64 ? 1e-12 : 1e-6;
  const bool good = energy <= energyBound && momentum <= momentumBound;
  if (o.json)
    std::printf("{%s,\"iterations\":%d,\"energy_before\":%.12g,\"energy_after\":%.12g,\"energy_drift\":%.4g,\"energy_bound\":%.4g,\"momentum_drift\":%.4g,\"momentum_bound\":%.4g,\"ok\":%s}\n",
                jsonSetting(job, "check", system->method()).c_str(), steps, before.energy(), after.energy(), energy, energyBound, momentum, momentumBound, good ? "true" : "false");
  else
    std::printf("> Method: %s\n%zu bodies, %d steps of %.4g\n= energy %.9f before, %.9f after: drift %.3g of it, allowed %.3g\n= momentum drift %.3g of the sum of m|v|, allowed %.3g\n%s\n",
                system->method().c_str(), job.bodies.count(), steps, job.timeStep, before.energy(), after.energy(), energy, energyBound, momentum, momentumBound, good ? "OK" : "FAILED");
  return good ? exitFine : exitFault;
}

int render(const Job& job) {
  const Options& o = job.options;
  const int steps = o.iterations ? o.iterations : 10;
  auto system = job.system();
  system->load(job.bodies);
  Camera camera = cameraFor(job.bodies);
  for (int frame = 0; frame < o.frames; ++frame) {
    system->advance(steps, job.timeStep);
    camera.turn = 0.008 * frame;
    std::string path = o.frames == 1 ? o.png : o.png.substr(0, o.png.size() - 4) + text("-%04d.png", frame);
    writePng(path, draw(system->state(), camera, o.width, o.height), o.width, o.height);
    if (!o.json) std::printf("%s: %zu bodies after %d steps\n", path.c_str(), job.bodies.count(), steps * (frame + 1));
    std::fflush(stdout);
  }
  if (o.json) std::printf("{%s,\"iterations\":%d,\"frames\":%d,\"png\":%s}\n", jsonSetting(job, "render", system->method()).c_str(), steps * o.frames, o.frames, quoted(o.png).c_str());
  return exitFine;
}

int run(const Options& o) {
  if (o.help) {
    std::fputs(helpText(), stdout);
    if (!o.cpu) {  // readers of the help learn at once whether a benchmark can run here
      Gpus gpus = findGpus();
      if (gpus.devices.empty()) std::printf("\n%s\n", noDevices(gpus, std::max(1, o.deviceCount)).c_str());
    }
    return exitFine;
  }
  if (o.fullscreen) throw Failure(exitUsage, "Error: there is no display to fill: draw pictures with -render=out.png instead.");
  if (o.mode == Mode::render && !canWritePng()) throw Failure(exitMachine, pngMissing);
  const Job job = prepare(o);
  switch (o.mode) {
    case Mode::compare: return compareWithCpu(job);
    case Mode::check: return check(job);
    case Mode::render: return render(job);
    case Mode::benchmark: break;
  }
  return benchmark(job);
}

}  // namespace

int main(int count, char** arguments) {
  try {
    int code = run(parse(count, arguments));
    if (std::fflush(stdout) != 0 || std::ferror(stdout)) throw Failure(exitFault, "Error: cannot write to standard output.");
    return code;
  } catch (const Failure& failure) {
    std::fflush(stdout);
    std::fprintf(stderr, "%s\n", failure.what());
    return failure.code();
  } catch (const std::bad_alloc&) {
    std::fprintf(stderr, "Error: not enough host memory for that many bodies.\n");
    return exitMachine;
  }
}
