#include "options.h"

#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <cstring>

#include "failure.h"

namespace {

const char help[] =
    "nbody: gravity between all pairs of bodies, on NVIDIA GPUs or on the CPU.\n"
    "Measure this machine with \"nbody -benchmark [-numbodies=<N>]\".\n"
    "\n"
    "\t-fullscreen       (there is no display here: the answer names -render instead)\n"
    "\t-fp64             (calculate in double precision)\n"
    "\t-hostmem          (keep positions and velocities in the host's memory)\n"
    "\t-benchmark        (time the simulation and print GFLOP/s; this is the default)\n"
    "\t-numbodies=<N>    (how many bodies, rounded up to a multiple of 256)\n"
    "\t-device=<d>       (which GPU: 0, 1, 2, ...; a list such as 0,2 names several)\n"
    "\t-numdevices=<i>   (share the work among the first i GPUs)\n"
    "\t-compare          (one step on the GPU against the CPU in double precision; exit code 1 if they differ)\n"
    "\t-cpu              (use the CPU, all its cores, and no GPU)\n"
    "\t-tipsy=<file.bin> (take the bodies from a TIPSY binary file)\n"
    "\n"
    "\t-i=<n>            (time this many steps; 10 unless told)\n"
    "\t-runs=<r>         (time that r times over and print the median)\n"
    "\t-json             (print one JSON object instead of the text)\n"
    "\t-check            (simulate -i steps, 1000 unless told: does energy and momentum stay?)\n"
    "\t-deterministic    (the same bits in every run)\n"
    "\t-ic=<name>        (initial conditions: shell, plummer, cube)\n"
    "\t-masses=<m>       (spread: between 0.5 and 1.5 times the mean; equal)\n"
    "\t-seed=<s>         (another number, other bodies)\n"
    "\t-softening=<e>    (softening length)\n"
    "\t-dt=<t>           (time step)\n"
    "\t-kernel=<k>       (pairs: each pair once; tile: the textbook kernel, to compare with)\n"
    "\t-nopeer           (several GPUs: exchange through the host)\n"
    "\t-render=<out.png> (draw the bodies after -i steps to a picture)\n"
    "\t-frames=<f>       (draw f pictures, out-0000.png and so on, -i steps apart)\n"
    "\t-size=<w>x<h>     (picture size in pixels; 960x540 unless told)\n"
    "\t-h                (this text)\n"
    "\n"
    "Exit codes: 0 fine, 1 a comparison or a file is at fault, 2 wrong usage, 3 this machine lacks something.\n"
    "NOTE: clocks move with temperature and power; compare figures only from the same GPU in the same run.\n";

[[noreturn]] void wrong(const char* argument, const std::string& why) {
  throw Failure(exitUsage, text("Error: %s: %s. Try nbody -h.", argument, why.c_str()));
}

long long whole(const char* argument, const char* value, long long low, long long high) {
  char* end;
  errno = 0;
  long long number = std::strtoll(value, &end, 10);
  if (end == value || *end) wrong(argument, "a whole number must follow the =");
  if (errno == ERANGE || number < low || number > high) wrong(argument, text("must be between %lld and %lld", low, high));
  return number;
}

double real(const char* argument, const char* value, bool zeroToo) {
  char* end;
  double number = std::strtod(value, &end);
  if (end == value || *end || !std::isfinite(number)) wrong(argument, "a number must follow the =");
  if (number < 0 || (number == 0 && !zeroToo)) wrong(argument, zeroToo ? "must not be below 0" : "must be above 0");
  return number;
}

std::vector<int> deviceList(const char* argument, const char* value) {
  std::vector<int> devices;
  for (std::string rest = value;;) {
    size_t comma = rest.find(',');
    devices.push_back(int(whole(argument, rest.substr(0, comma).c_str(), 0, 4095)));
    if (comma == std::string::npos) return devices;
    rest = rest.substr(comma + 1);
  }
}

using Setter = void (*)(Options&, const char* argument, const char* value);
struct Option {
  const char* name;
  bool takesValue;
  Setter set;
};

const Option table[] = {
    {"h", false, [](Options& o, const char*, const char*) { o.help = true; }},
    {"help", false, [](Options& o, const char*, const char*) { o.help = true; }},
    {"fullscreen", false, [](Options& o, const char*, const char*) { o.fullscreen = true; }},
    {"fp64", false, [](Options& o, const char*, const char*) { o.fp64 = true; }},
    {"hostmem", false, [](Options& o, const char*, const char*) { o.hostMemory = true; }},
    {"cpu", false, [](Options& o, const char*, const char*) { o.cpu = true; }},
    {"json", false, [](Options& o, const char*, const char*) { o.json = true; }},
    {"deterministic", false, [](Options& o, const char*, const char*) { o.deterministic = true; }},
    {"nopeer", false, [](Options& o, const char*, const char*) { o.peer = false; }},
    {"benchmark", false, [](Options& o, const char*, const char*) { o.mode = Mode::benchmark; }},
    {"compare", false, [](Options& o, const char*, const char*) { o.mode = Mode::compare; }},
    {"check", false, [](Options& o, const char*, const char*) { o.mode = Mode::check; }},
    {"numbodies", true, [](Options& o, const char* a, const char* v) { o.bodies = whole(a, v, 1, mostBodies); }},
    {"i", true, [](Options& o, const char* a, const char* v) { o.iterations = int(whole(a, v, 1, 1000000000)); }},
    {"runs", true, [](Options& o, const char* a, const char* v) { o.runs = int(whole(a, v, 1, 1000)); }},
    {"device", true, [](Options& o, const char* a, const char* v) { o.devices = deviceList(a, v); }},
    {"numdevices", true, [](Options& o, const char* a, const char* v) { o.deviceCount = int(whole(a, v, 1, 4095)); }},
    {"tipsy", true, [](Options& o, const char*, const char* v) { o.tipsy = v; }},
    {"ic", true, [](Options& o, const char*, const char* v) { o.conditions = v; }},
    {"seed", true, [](Options& o, const char* a, const char* v) { o.seed = uint64_t(whole(a, v, 0, INT64_MAX)); }},
    {"softening", true, [](Options& o, const char* a, const char* v) { o.softening = real(a, v, true); }},
    {"dt", true, [](Options& o, const char* a, const char* v) { o.timeStep = real(a, v, false); }},
    {"frames", true, [](Options& o, const char* a, const char* v) { o.frames = int(whole(a, v, 1, 9999)); }},
    {"render", true,
     [](Options& o, const char* a, const char* v) {
       o.png = v;
       o.mode = Mode::render;
       if (o.png.size() < 5 || o.png.compare(o.png.size() - 4, 4, ".png")) wrong(a, "the file's name must end in .png");
     }},
    {"size", true,
     [](Options& o, const char* a, const char* v) {
       const char* by = std::strchr(v, 'x');
       if (!by) wrong(a, "write it as 960x540");
       o.width = int(whole(a, std::string(v, size_t(by - v)).c_str(), 16, 8192));
       o.height = int(whole(a, by + 1, 16, 8192));
     }},
    {"masses", true,
     [](Options& o, const char* a, const char* v) {
       if (!std::strcmp(v, "spread")) o.masses = Masses::spread;
       else if (!std::strcmp(v, "equal")) o.masses = Masses::equal;
       else wrong(a, "use spread or equal");
     }},
    {"kernel", true,
     [](Options& o, const char* a, const char* v) {
       if (!std::strcmp(v, "pairs")) o.kernel = Kernel::pairs;
       else if (!std::strcmp(v, "tile")) o.kernel = Kernel::tile;
       else wrong(a, "use pairs or tile");
     }},
};

}  // namespace

const char* helpText() { return help; }

Options parse(int count, char** arguments) {
  Options o;
  for (int i = 1; i < count; ++i) {
    const char* argument = arguments[i];
    const char* name = argument;
    if (*name != '-') wrong(argument, "options begin with a dash");
    name += name[1] == '-' ? 2 : 1;
    const char* equals = std::strchr(name, '=');
    std::string key(name, equals ? size_t(equals - name) : std::strlen(name));
    const Option* found = nullptr;
    for (const Option& option : table)
      if (key == option.name) found = &option;
    if (!found) wrong(argument, "no such option");
    if (found->takesValue && (!equals || !equals[1])) wrong(argument, text("needs a value, as in -%s=...", found->name));
    if (!found->takesValue && equals) wrong(argument, "takes no value");
    found->set(o, argument, equals ? equals + 1 : nullptr);
  }
  if (!o.devices.empty() && o.deviceCount) wrong("-numdevices", "give -device or -numdevices, not both");
  if (o.frames > 1 && o.mode != Mode::render) wrong("-frames", "goes with -render=out.png");
  if (o.cpu && (!o.devices.empty() || o.deviceCount)) wrong("-cpu", "does not go with -device or -numdevices");
  if (o.cpu && o.hostMemory) wrong("-cpu", "does not go with -hostmem: it is all in host memory");
  if (o.cpu && o.kernel != Kernel::automatic) wrong("-cpu", "does not go with -kernel");
  if (o.deterministic && o.kernel == Kernel::pairs && o.softening == 0)
    wrong("-deterministic", "with -softening=0 only the tile kernel gives the same bits; leave -kernel out");
  if (o.tipsy.empty()) defaultSoftening(o.conditions);  // throws for an unknown name
  return o;
}
