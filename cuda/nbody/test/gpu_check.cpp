// Device against host: every kernel, both precisions, sizes around every tile edge, seeds, masses of all
// kinds, bodies in the same place, several ranks on one GPU. Prints one line per group; exit code 1 if any fails.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "../src/cpu.h"
#include "../src/failure.h"
#include "../src/physics.h"
#include "../src/system.h"

namespace {

int failures = 0, cases = 0;

struct Group {
  const char* name;
  int cases = 0;
  double worst[2] = {0, 0};
  void end() const { std::printf("%-58s %4d cases, worst error fp32 %.2e, fp64 %.2e\n", name, cases, worst[0], worst[1]); }
};

Bodies asPrecision(Bodies b, bool fp64) {
  if (!fp64)
    for (auto* values : {&b.x, &b.y, &b.z, &b.mass})
      for (double& v : *values) v = float(v);
  return b;
}

void expect(bool good, const std::string& what) {
  ++cases;
  if (good) return;
  ++failures;
  std::printf("FAILED: %s\n", what.c_str());
}

// agree compares accelerations on the device with double precision on the host.
void agree(Group& group, const Bodies& bodies, const Physics& physics, const GpuPlan& plan, const std::string& what, const char* method = nullptr, double slack = 1) {
  auto system = gpuSystem(physics, plan);
  system->load(bodies);
  Vectors found = system->accelerations();
  Vectors reference = exactAccelerations(asPrecision(bodies, physics.fp64), physics.softening, {});
  double error = compare(found, reference, {}).rms, bound = slack * (physics.fp64 ? 1e-13 : 2e-6);
  std::string line = text("%s: %s, %zu bodies, %s, %zu ranks%s%s: error %.3g, allowed %.3g [%s]", group.name, what.c_str(), bodies.count(), physics.fp64 ? "fp64" : "fp32",
                          plan.devices.size(), plan.hostMemory ? ", hostmem" : "", physics.deterministic ? ", deterministic" : "", error, bound, system->method().c_str());
  expect(error <= bound, line);
  if (method) expect(system->method().find(method) != std::string::npos, line + ": expected " + method);
  group.worst[physics.fp64] = std::fmax(group.worst[physics.fp64], error);
  ++group.cases;
}

bool sameBits(const Bodies& a, const Bodies& b) {
  auto same = [](const std::vector<double>& u, const std::vector<double>& v) { return u.size() == v.size() && !std::memcmp(u.data(), v.data(), u.size() * sizeof(double)); };
  return same(a.x, b.x) && same(a.y, b.y) && same(a.z, b.z) && same(a.vx, b.vx) && same(a.vy, b.vy) && same(a.vz, b.vz);
}

Bodies moved(const Bodies& bodies, const Physics& physics, const GpuPlan& plan, int steps) {
  auto system = gpuSystem(physics, plan);
  system->load(bodies);
  system->advance(steps, 0.004);
  return system->state();
}

}  // namespace

int main(int count, char** arguments) {
  const bool brief = count > 1 && !std::strcmp(arguments[1], "-brief");  // for compute-sanitizer, which is slow
  try {
    if (findGpus().devices.empty()) {
      std::fprintf(stderr, "Error: only 0 Devices available, 1 requested.  Exiting.\n");
      return exitMachine;
    }
    const GpuPlan one{{0}};
    std::vector<size_t> sizes;
    for (size_t edge : {1, 32, 128, 256, 384, 512, 640, 768, 1024, 1280, 1536, 1920, 2560, 5120})
      for (size_t n : {edge - 1, edge, edge + 1})
        if (n > 0) sizes.push_back(n);
    if (brief) sizes = {1, 33, 641, 1300};

    Group edges{"sizes around tile edges, every mass case"};
    for (bool fp64 : {false, true})
      for (size_t n : sizes) {
        agree(edges, initialConditions("shell", n, Masses::spread, n), {0.01, fp64, false}, one, "spread", "each pair once");
        agree(edges, initialConditions("shell", n, Masses::equal, n), {0.1, fp64, false}, one, "equal", n > 1 ? "equal" : nullptr);
        agree(edges, initialConditions("shell", n, Masses::spread, n), {1.0, fp64, false}, one, "soft", n > 64 ? "scaled" : nullptr);
        agree(edges, initialConditions("shell", n, Masses::spread, n), {0.1, fp64, true}, one, "spread", "fixed point");
        GpuPlan tile = one;
        tile.kernel = Kernel::tile;
        agree(edges, initialConditions("shell", n, Masses::spread, n), {0.1, fp64, false}, tile, "spread", "tiles", 10);
      }
    edges.end();

    Group seeds{"seeds and initial conditions"};
    for (bool fp64 : {false, true})
      for (const char* name : {"shell", "plummer", "cube"})
        for (uint64_t seed = 1; seed <= (brief ? 1 : 8); ++seed) {
          agree(seeds, initialConditions(name, brief ? 700 : 4000, Masses::spread, seed), {defaultSoftening(name), fp64, false}, one, name);
          agree(seeds, initialConditions(name, brief ? 700 : 4000, Masses::equal, seed), {defaultSoftening(name), fp64, false}, one, name);
        }
    seeds.end();

    Group odd{"massless, negative and very unequal masses; same places"};
    for (bool fp64 : {false, true})
      for (uint64_t seed = 1; seed <= (brief ? 1 : 4); ++seed) {
        Bodies b = initialConditions("plummer", 1500, Masses::spread, seed);
        for (size_t i = 0; i < b.count(); i += 3) b.mass[i] = 0;
        agree(odd, b, {0.02, fp64, false}, one, "massless", "any masses");
        for (size_t i = 0; i < b.count(); i += 3) b.mass[i] = -0.0005;
        agree(odd, b, {0.02, fp64, false}, one, "negative", "any masses", 4);
        for (size_t i = 0; i < b.count(); ++i) b.mass[i] = std::pow(10.0, double(i % 30) - 15);
        agree(odd, b, {0.02, fp64, false}, one, "unequal", "any masses", 4);
        for (double softening : {0.0, 1e-9, 1e-3, 0.5})
          for (Masses masses : {Masses::spread, Masses::equal}) {
            Bodies same = initialConditions("shell", 1500, masses, seed);
            for (size_t i = 0; i + 700 < same.count(); i += 2) same.x[i + 700] = same.x[i], same.y[i + 700] = same.y[i], same.z[i + 700] = same.z[i];
            agree(odd, same, {softening, fp64, false}, one, "same places", nullptr, 4);
            agree(odd, same, {softening, fp64, true}, one, "same places", nullptr, softening > 0.01 ? 4 : 10);
          }
        Bodies all = initialConditions("cube", 777, Masses::spread, seed);
        for (size_t i = 0; i < all.count(); ++i) all.x[i] = all.y[i] = all.z[i] = 0.25;
        auto system = gpuSystem({0.1, fp64, false}, one);
        system->load(all);
        Vectors a = system->accelerations();
        double largest = 0;
        for (size_t i = 0; i < all.count(); ++i) largest = std::fmax(largest, std::fabs(a.x[i]) + std::fabs(a.y[i]) + std::fabs(a.z[i]));
        expect(largest <= (fp64 ? 1e-12 : 1e-4), text("all bodies in one place: acceleration %.3g", largest));
      }
    odd.end();

    Group shared{"several ranks, host memory, exchange through the host"};
    for (bool fp64 : {false, true})
      for (size_t n : {1, 2, 3, 300, 1537, 5000})
        for (int ranks : {1, 2, 3, 5})
          for (int variant = 0; variant < 5; ++variant) {
            if (brief && (n != 300 || ranks > 3 || ranks == 2)) continue;
            GpuPlan plan{std::vector<int>(size_t(ranks), 0)};
            plan.hostMemory = variant == 1, plan.peer = variant != 2;
            if (variant == 4) plan.kernel = Kernel::tile;
            agree(shared, initialConditions("shell", n, Masses::spread, n), {0.1, fp64, variant == 3}, plan, "shared", nullptr, variant == 4 ? 10 : 1);
          }
    shared.end();

    const int present = int(findGpus().devices.size());
    if (present > 1 && !brief) {
      Group several{"several GPUs: direct, through the host, uneven numbers of roles"};
      std::vector<std::vector<int>> lists{{0, 1}, {1, 0}, {0, 1, 1}, {1, 0, 1, 0, 0}};
      std::vector<int> every;
      for (int d = 0; d < present; ++d) every.push_back(d);
      lists.push_back(every);
      for (bool fp64 : {false, true})
        for (size_t n : {1, 2, 641, 1537, 5000, 20000, 70001})
          for (const auto& devices : lists)
            for (int variant = 0; variant < 5; ++variant) {
              if (n > 6000 && (variant == 4 || devices.size() > 3)) continue;
              GpuPlan plan{devices};
              plan.hostMemory = variant == 1, plan.peer = variant != 2;
              if (variant == 4) plan.kernel = Kernel::tile;
              agree(several, initialConditions("shell", n, Masses::spread, n), {0.1, fp64, variant == 3}, plan, "several", nullptr, variant == 4 ? 10 : 1);
            }
      Bodies b = initialConditions("plummer", 30001, Masses::spread, 3);
      Bodies alone = moved(b, {0.05, false, true}, one, 5);
      expect(sameBits(alone, moved(b, {0.05, false, true}, GpuPlan{{0, 1}}, 5)), "one GPU and two differ with -deterministic");
      // Balance within 2 %: enough work that launches do not count.
      auto system = gpuSystem({0.1, false, false}, GpuPlan{{0, 1}});
      system->load(initialConditions("shell", 300001, Masses::spread, 1));
      system->advance(2, 0.004);
      const std::vector<double> shares = system->shares();
      const double apart = std::fabs(shares[0] - shares[1]) / std::fmax(shares[0], shares[1]);
      expect(apart <= 0.02, text("two GPUs took %.3f and %.3f ms: more than 2 %% apart", shares[0], shares[1]));
      several.end();
      std::printf("balance of two GPUs at 300,001 bodies: %.2f %% apart\n", 100 * apart);
    }

    Group moves{"five steps against the CPU's own leapfrog"};
    for (bool fp64 : {false, true})
      for (int ranks : {1, 3}) {
        Bodies b = initialConditions("plummer", 2000, Masses::spread, 5);
        GpuPlan plan{std::vector<int>(size_t(ranks), 0)};
        Physics physics{0.05, fp64, false};
        Bodies gpu = moved(b, physics, plan, 5);
        auto cpu = cpuSystem(physics);
        cpu->load(b);
        cpu->advance(5, 0.004);
        Bodies host = cpu->state();
        double error = compare({gpu.vx, gpu.vy, gpu.vz}, {host.vx, host.vy, host.vz}, {}).rms;
        moves.worst[fp64] = std::fmax(moves.worst[fp64], error), ++moves.cases;
        expect(error <= (fp64 ? 1e-12 : 1e-5), text("five steps, %d ranks: velocities differ by %.3g", ranks, error));
      }
    moves.end();

    Group bits{"deterministic: the same bits twice, however many ranks"};
    for (bool fp64 : {false, true})
      for (size_t n : {777, 4096, 30000}) {
        if (brief && n > 1000) continue;
        Bodies b = initialConditions("plummer", n, Masses::spread, 3);
        Physics physics{0.05, fp64, true};
        Bodies first = moved(b, physics, one, 5);
        expect(sameBits(first, moved(b, physics, one, 5)), text("%zu bodies: two runs differ", n));
        expect(sameBits(first, moved(b, physics, GpuPlan{{0, 0, 0}}, 5)), text("%zu bodies: one rank and three differ", n));
        bits.cases += 2;
      }
    bits.end();
  } catch (const Failure& failure) {
    std::printf("FAILED: %s\n", failure.what());
    return exitFault;
  }
  std::printf("%d checks, %d failed\n", cases, failures);
  return failures ? exitFault : exitFine;
}
