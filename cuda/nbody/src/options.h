// The command line.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "bodies.h"

enum class Mode { benchmark, compare, check, render };
enum class Kernel { automatic, pairs, tile };

struct Options {
  Mode mode = Mode::benchmark;
  bool help = false, fullscreen = false;
  bool fp64 = false, hostMemory = false, cpu = false, json = false, deterministic = false;
  bool peer = true;              // copy between GPUs directly where they can
  Kernel kernel = Kernel::automatic;
  long long bodies = 0;          // 0: not given
  int iterations = 0;            // 0: not given
  int runs = 1;                  // how many times the benchmark is timed; the median is printed
  std::vector<int> devices;      // empty: not given
  int deviceCount = 0;           // 0: not given
  std::string tipsy;             // empty: none
  std::string conditions = "shell";
  Masses masses = Masses::spread;
  uint64_t seed = 1;
  double softening = -1;         // length; below 0: not given
  double timeStep = -1;          // below 0: not given
  std::string png;               // -render
  int frames = 1, stepsPerFrame = 1, width = 960, height = 540;
};

// parse reads the command line. Each option may be spelled with one dash or two.
// Throws Failure(exitUsage) with a line that names the argument at fault.
Options parse(int count, char** arguments);

// helpText is what -h prints, line feeds included.
const char* helpText();
