// The simulation on one or several GPUs: memory, the order of work within a step, and the exchange.
//
// Every rank (a device, or a device's second role) holds all positions, does every G-th job of the
// pair kernel, and so ends with a part of every body's acceleration. It owns a slice of the bodies:
// it gathers their parts from the other ranks, moves them, and sends their positions round.
#include <cuda_runtime.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "failure.h"
#include "pairs.cuh"
#include "system.h"
#include "tile.cuh"

namespace {

// must throws unless a CUDA call went well.
void must(cudaError_t error, const char* attempt) {
  if (error == cudaSuccess) return;
  cudaGetLastError();  // clear it
  if (error == cudaErrorMemoryAllocation)
    throw Failure(exitMachine, text("Error: not enough memory to %s: use fewer bodies, or more GPUs.", attempt));
  throw Failure(exitMachine, text("Error: CUDA could not %s: %s.", attempt, cudaGetErrorString(error)));
}

// DeviceArray owns n values on the current device; HostArray owns them in pinned host memory that all devices see.
template <class V, bool onHost>
class Array {
 public:
  Array() = default;
  Array(Array&& other) noexcept { *this = std::move(other); }
  Array& operator=(Array&& other) noexcept {
    std::swap(at_, other.at_), std::swap(n_, other.n_);
    return *this;
  }
  ~Array() { release(); }

  void allocate(size_t n, const char* what) {
    release();
    if (!n) return;
    if (onHost) must(cudaHostAlloc(&at_, n * sizeof(V), cudaHostAllocMapped | cudaHostAllocPortable), what);
    else must(cudaMalloc(&at_, n * sizeof(V)), what);
    n_ = n;
  }
  V* get() const { return at_; }
  size_t bytes() const { return n_ * sizeof(V); }

 private:
  void release() {
    if (at_) onHost ? cudaFreeHost(at_) : cudaFree(at_);
    at_ = nullptr, n_ = 0;
  }
  V* at_ = nullptr;
  size_t n_ = 0;
};
template <class V> using DeviceArray = Array<V, false>;
template <class V> using HostArray = Array<V, true>;

constexpr int lineThreads = 256;  // for kernels that do one thing per body
unsigned lineBlocks(long long n) { return unsigned((n + lineThreads - 1) / lineThreads); }

// drift moves bodies [begin, end) by velocity * time. home is where positions live, body the copy that the force reads.
template <class T>
__global__ void drift(Vector4<T>* home, Vector4<T>* body, const Vector4<T>* velocity, long long begin, long long end, T time) {
  long long i = begin + (long long)blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= end) return;
  Vector4<T> p = home[i], v = velocity[i - begin];
  p.x += v.x * time, p.y += v.y * time, p.z += v.z * time;
  home[i] = p;
  if (body != home) body[i] = p;
}

// scalePartners makes the partners of MassCase::scaled.
template <class T>
__global__ void scalePartners(const Vector4<T>* body, Vector4<T>* partner, long long n, long long padded) {
  long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= padded) return;
  Vector4<T> b = body[i], p = {0, 0, 0, 0};
  if (i < n) {
    T a = T(1) / sqrt(b.w);
    p = {-a * b.x, -a * b.y, -a * b.z, a};
  }
  partner[i] = p;
}

// Parts is where the parts of the accelerations of bodies [begin, end) are: on this rank, in copies, and from the others.
template <class T>
struct Parts {
  const Vector4<T>* own;       // (copies, stride), from body 0
  const Vector4<T>* received;  // (others, end - begin)
  const long long* ownFixed;   // (stride, 3), or null
  const long long* receivedFixed;
  double unit;                 // acceleration per fixed point unit
  long long stride;
  int copies, others;
};

template <class T>
__device__ Vector4<T> totalOf(const Parts<T>& parts, long long i, long long begin, long long end) {
  if (parts.ownFixed) {
    long long sum[3];
    for (int c = 0; c < 3; ++c) {
      sum[c] = parts.ownFixed[3 * i + c];
      for (int o = 0; o < parts.others; ++o) sum[c] += parts.receivedFixed[3 * (o * (end - begin) + i - begin) + c];
    }
    return {T(sum[0] * parts.unit), T(sum[1] * parts.unit), T(sum[2] * parts.unit), T(0)};
  }
  Vector4<T> sum = parts.own[i];
  for (int c = 1; c < parts.copies; ++c) {
    Vector4<T> more = parts.own[c * parts.stride + i];
    sum.x += more.x, sum.y += more.y, sum.z += more.z;
  }
  for (int o = 0; o < parts.others; ++o) {
    Vector4<T> more = parts.received[o * (end - begin) + i - begin];
    sum.x += more.x, sum.y += more.y, sum.z += more.z;
  }
  return sum;
}

// addCopies leaves the sum of all copies in the first, before it is sent to the other ranks.
template <class T>
__global__ void addCopies(Vector4<T>* sum, long long stride, int copies, long long n) {
  long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  Vector4<T> total = sum[i];
  for (int c = 1; c < copies; ++c) {
    Vector4<T> more = sum[c * stride + i];
    total.x += more.x, total.y += more.y, total.z += more.z;
  }
  sum[i] = total;
}

// kick ends a step: the velocities of bodies [begin, end) change by acceleration * time, then positions by half a
// step. farthest takes the bits of the largest |coordinate| (as float: positive floats sort like integers).
template <class T>
__global__ void kick(Parts<T> parts, Vector4<T>* home, Vector4<T>* body, Vector4<T>* velocity, long long begin, long long end, T time, unsigned* farthest) {
  long long i = begin + (long long)blockIdx.x * blockDim.x + threadIdx.x;
  float far = 0;
  if (i < end) {
    Vector4<T> a = totalOf(parts, i, begin, end), p = home[i], v = velocity[i - begin];
    v.x += a.x * time, v.y += a.y * time, v.z += a.z * time;
    velocity[i - begin] = v;
    T half = time / 2;
    p.x += v.x * half, p.y += v.y * half, p.z += v.z * half;
    home[i] = p;
    if (body != home) body[i] = p;
    far = fmaxf(fmaxf(fabsf(float(p.x)), fabsf(float(p.y))), fabsf(float(p.z)));
  }
  unsigned bits = __float_as_uint(far);
  for (int apart = 16; apart; apart /= 2) bits = max(bits, __shfl_xor_sync(everyLane, bits, apart));
  if ((threadIdx.x & 31) == 0 && bits > *farthest) atomicMax(farthest, bits);
}

template <class T>
__global__ void collect(Parts<T> parts, Vector4<T>* acceleration, long long begin, long long end) {
  long long i = begin + (long long)blockIdx.x * blockDim.x + threadIdx.x;
  if (i < end) acceleration[i - begin] = totalOf(parts, i, begin, end);
}

// Scene is what the choice of a kernel looks at.
struct Scene {
  double total = 0, lightest = INFINITY, heaviest = -INFINITY;  // mass
  double spread2 = 0;                                           // mean square distance from the mean position
  double farthest = 0;                                          // largest |coordinate|
};

Scene look(const Bodies& b) {
  Scene s;
  double mean[3] = {0, 0, 0}, square = 0;
  const double n = double(b.count());
  for (size_t i = 0; i < b.count(); ++i) {
    s.total += std::fabs(b.mass[i]);
    s.lightest = std::min(s.lightest, b.mass[i]), s.heaviest = std::max(s.heaviest, b.mass[i]);
    s.farthest = std::max({s.farthest, std::fabs(b.x[i]), std::fabs(b.y[i]), std::fabs(b.z[i])});
    mean[0] += b.x[i] / n, mean[1] += b.y[i] / n, mean[2] += b.z[i] / n;
    square += (b.x[i] * b.x[i] + b.y[i] * b.y[i] + b.z[i] * b.z[i]) / n;
  }
  s.spread2 = std::max(0.0, square - mean[0] * mean[0] - mean[1] * mean[1] - mean[2] * mean[2]);
  return s;
}

// scaledIsSafe: moving a body by half a unit in the last place may change the pull of a neighbour at the
// worst place, the softening length, by no more than single precision's (or double's) own rounding of a
// typical acceleration; and no intermediate value leaves the range of T.
template <class T>
bool scaledIsSafe(const Scene& s, double softening) {
  const bool single = sizeof(T) == 4;
  if (!(s.lightest > 1e-10) || s.heaviest > 1e4 || s.farthest > 1e6 || softening < 1e-6) return false;
  const double step = s.farthest * (single ? 0x1p-24 : 0x1p-53), pull = s.heaviest * step / (softening * softening * softening);
  return pull <= (single ? 5e-7 : 2e-15) * s.total / std::max(s.spread2, softening * softening);
}

template <class T>
using PairKernel = void (*)(PairWork<T>);

template <class T>
PairKernel<T> pairKernel(MassCase masses, Sums sums) {
  if (sums == Sums::fixedPoint) return visitPairs<T, MassCase::any, Sums::fixedPoint>;
  if (masses == MassCase::scaled) return visitPairs<T, MassCase::scaled, Sums::real>;
  if (masses == MassCase::equal) return visitPairs<T, MassCase::equal, Sums::real>;
  return visitPairs<T, MassCase::any, Sums::real>;
}

template <class T>
class GpuSystem : public System {
 public:
  GpuSystem(const Physics& physics, const GpuPlan& plan) : physics_(physics), plan_(plan) {
    const T e = T(physics.softening), floor = sizeof(T) == 4 ? T(1e-24) : T(1e-180);
    softening2_ = std::max(e * e, floor);  // r^-3 of coincident bodies stays a number
    for (int device : plan.devices) {
      ranks_.emplace_back();
      ranks_.back().device = device;
      must(cudaSetDevice(device), "use the GPU");
      must(cudaStreamCreateWithFlags(&ranks_.back().stream, cudaStreamNonBlocking), "create a stream");
      if (plan.devices.size() == 1) continue;
      must(cudaEventCreate(&ranks_.back().began), "create an event");
      must(cudaEventCreate(&ranks_.back().ended), "create an event");
    }
    for (Rank& from : ranks_)
      for (Rank& to : ranks_) connect(from, to);
  }

  ~GpuSystem() override {
    for (Rank& rank : ranks_) {
      cudaSetDevice(rank.device);
      if (rank.stream) cudaStreamSynchronize(rank.stream), cudaStreamDestroy(rank.stream);
      if (rank.began) cudaEventDestroy(rank.began);
      if (rank.ended) cudaEventDestroy(rank.ended);
      rank = Rank();
    }
  }

  void load(const Bodies& bodies) override {
    n_ = (long long)bodies.count();
    scene_ = look(bodies);
    choose();
    allocate();
    std::vector<Vector4<T>> position(size_t(padded_), Vector4<T>{0, 0, 0, 0}), velocity(static_cast<size_t>(n_));
    // Beyond the last body are bodies that must not matter: massless, and so far away that even the kernel
    // that takes all masses to be equal adds nothing.
    if (masses_ == MassCase::equal)
      for (auto& p : position) p.x = p.y = p.z = sizeof(T) == 4 ? T(1e18) : T(1e100);
    for (size_t i = 0; i < bodies.count(); ++i) {
      position[i] = {T(bodies.x[i]), T(bodies.y[i]), T(bodies.z[i]), T(bodies.mass[i])};
      velocity[i] = {T(bodies.vx[i]), T(bodies.vy[i]), T(bodies.vz[i]), T(0)};
    }
    if (plan_.hostMemory) std::memcpy(hostPosition_.get(), position.data(), position.size() * sizeof position[0]);
    for (Rank& rank : ranks_) {
      must(cudaSetDevice(rank.device), "use the GPU");
      must(cudaMemcpy(rank.body.get(), position.data(), position.size() * sizeof position[0], cudaMemcpyHostToDevice), "copy positions to the GPU");
      must(cudaMemcpy(rank.velocity, velocity.data() + rank.begin, size_t(rank.end - rank.begin) * sizeof velocity[0], cudaMemcpyDefault), "copy velocities to the GPU");
      must(cudaMemset(rank.farthest.get(), 0, sizeof(unsigned)), "clear memory");
      must(cudaDeviceSynchronize(), "copy bodies to the GPU");  // copies from pageable memory may still be on their way
    }
  }

  void advance(int steps, double dt) override {
    for (int step = 0; step < steps; ++step) {
      for (Rank& rank : ranks_) {
        if (rank.begin == rank.end) continue;
        enter(rank);
        drift<T><<<lineBlocks(rank.end - rank.begin), lineThreads, 0, rank.stream>>>(rank.home, rank.body.get(), rank.velocity, rank.begin, rank.end, T(dt / 2));
        launched("move bodies");
      }
      sendPositions();
      force();
      for (Rank& rank : ranks_) {
        if (rank.begin == rank.end) continue;
        enter(rank);
        kick<T><<<lineBlocks(rank.end - rank.begin), lineThreads, 0, rank.stream>>>(parts(rank), rank.home, rank.body.get(), rank.velocity, rank.begin, rank.end, T(dt), rank.farthest.get());
        launched("move bodies");
      }
      if (step % 16 == 15 && masses_ == MassCase::scaled && !tiles_) lookAgain();
    }
    wait();
  }

  Bodies state() override {
    Bodies out;
    out.resize(size_t(n_));
    std::vector<Vector4<T>> buffer;
    for (Rank& rank : ranks_) {
      const size_t count = size_t(rank.end - rank.begin);
      buffer.resize(count);
      enter(rank);
      must(cudaMemcpy(buffer.data(), rank.home + rank.begin, count * sizeof buffer[0], cudaMemcpyDefault), "copy positions from the GPU");
      for (size_t k = 0; k < count; ++k) {
        size_t i = size_t(rank.begin) + k;
        out.x[i] = buffer[k].x, out.y[i] = buffer[k].y, out.z[i] = buffer[k].z, out.mass[i] = buffer[k].w;
      }
      must(cudaMemcpy(buffer.data(), rank.velocity, count * sizeof buffer[0], cudaMemcpyDefault), "copy velocities from the GPU");
      for (size_t k = 0; k < count; ++k) {
        size_t i = size_t(rank.begin) + k;
        out.vx[i] = buffer[k].x, out.vy[i] = buffer[k].y, out.vz[i] = buffer[k].z;
      }
    }
    return out;
  }

  std::vector<double> shares() const override {
    std::vector<double> all;
    if (ranks_.size() > 1 && !tiles_)
      for (const Rank& rank : ranks_) all.push_back(rank.milliseconds);
    return all;
  }

  Vectors accelerations() override {
    sendPositions();
    force();
    Vectors out;
    out.resize(size_t(n_));
    for (Rank& rank : ranks_) {
      const size_t count = size_t(rank.end - rank.begin);
      if (!count) continue;
      enter(rank);
      DeviceArray<Vector4<T>> result;
      result.allocate(count, "hold accelerations on the GPU");
      collect<T><<<lineBlocks((long long)count), lineThreads, 0, rank.stream>>>(parts(rank), result.get(), rank.begin, rank.end);
      launched("collect accelerations");
      must(cudaStreamSynchronize(rank.stream), "compute accelerations");
      std::vector<Vector4<T>> buffer(count);
      must(cudaMemcpy(buffer.data(), result.get(), result.bytes(), cudaMemcpyDeviceToHost), "copy accelerations from the GPU");
      for (size_t k = 0; k < count; ++k) {
        size_t i = size_t(rank.begin) + k;
        out.x[i] = buffer[k].x, out.y[i] = buffer[k].y, out.z[i] = buffer[k].z;
      }
    }
    return out;
  }

  std::string method() const override {
    std::string out;
    if (tiles_) out = "all pairs by shared-memory tiles";
    else if (sums_ == Sums::fixedPoint) out = "each pair once, any masses, sums in fixed point";
    else if (masses_ == MassCase::equal) out = "each pair once, equal masses (found in the data)";
    else if (masses_ == MassCase::scaled) out = "each pair once, any masses, scaled";
    else out = "each pair once, any masses";
    if (ranks_.size() > 1) out += text(", %zu ways, exchange %s", ranks_.size(), direct_ ? "between GPUs" : "through the host");
    return out;
  }

 private:
  struct Rank {
    int device = 0;
    cudaStream_t stream = nullptr;
    long long begin = 0, end = 0;                  // the slice that it owns
    Vector4<T>*home = nullptr, *velocity = nullptr;  // positions from body 0, velocities from body begin
    DeviceArray<Vector4<T>> body, partner, sum, received, deviceVelocity;
    DeviceArray<long long> fixed, receivedFixed;
    DeviceArray<unsigned long long> next;
    DeviceArray<unsigned> farthest;
    int blocks = 0;  // of the pair kernel, on the whole GPU
    cudaEvent_t began = nullptr, ended = nullptr;  // the pair kernel, where there are several ranks
    double milliseconds = 0;
  };

  void enter(const Rank& rank) const { must(cudaSetDevice(rank.device), "use the GPU"); }
  void launched(const char* attempt) const { must(cudaGetLastError(), attempt); }
  void wait() {
    for (Rank& rank : ranks_) {
      enter(rank);
      must(cudaStreamSynchronize(rank.stream), "finish a step");
    }
  }

  void connect(Rank& from, Rank& to) {
    if (from.device == to.device) return;
    int can = 0;
    must(cudaDeviceCanAccessPeer(&can, from.device, to.device), "ask about peer access");
    if (!can || !plan_.peer) return;
    enter(from);
    cudaError_t error = cudaDeviceEnablePeerAccess(to.device, 0);
    if (error != cudaErrorPeerAccessAlreadyEnabled) must(error, "let GPUs read each other's memory");
    cudaGetLastError();
  }

  // choose settles the kernel, by what was asked for and by the data.
  void choose() {
    direct_ = plan_.peer;
    for (const Rank& a : ranks_)
      for (const Rank& b : ranks_)
        if (a.device != b.device && direct_) {
          int can = 0;
          must(cudaDeviceCanAccessPeer(&can, a.device, b.device), "ask about peer access");
          direct_ = can;
        }
    sums_ = physics_.deterministic ? Sums::fixedPoint : Sums::real;
    // No acceleration, and no part of one, is above total mass * max r / (r^2 + e^2)^(3/2) = 0.385 total / e^2.
    const double e2 = physics_.softening * physics_.softening, most = 0.385 * std::max(scene_.total, 1e-300) / e2;
    scale_ = std::ldexp(1.0, 61 - int(std::ceil(std::log2(std::max(most, 1e-280)))));
    const double typical = scene_.total / std::max(scene_.spread2, e2);
    const bool fine = e2 > 0 && std::isfinite(most) && typical * scale_ > (sizeof(T) == 4 ? 0x1p36 : 0x1p46);
    tiles_ = plan_.kernel == Kernel::tile || (physics_.deterministic && !fine && plan_.kernel == Kernel::automatic);
    if (physics_.deterministic && !fine && plan_.kernel == Kernel::pairs)
      throw Failure(exitUsage, "Error: the softening is too small for -deterministic with -kernel=pairs: leave -kernel out.");
    masses_ = MassCase::any;
    if (scene_.lightest == scene_.heaviest) masses_ = MassCase::equal;
    else if (scaledIsSafe<T>(scene_, physics_.softening)) masses_ = MassCase::scaled;
    if (tiles_ || sums_ == Sums::fixedPoint) masses_ = MassCase::any;
    if (const char* forced = std::getenv("NBODY_MASS_CASE")) {  // for tests: the cases that are right for all data
      if (!std::strcmp(forced, "any")) masses_ = MassCase::any;
    }
  }

  void allocate() {
    kernel_ = pairKernel<T>(masses_, sums_);
    cudaFuncAttributes attributes;
    enter(ranks_[0]);
    must(cudaFuncGetAttributes(&attributes, kernel_), "find code for this GPU in the program");
    const Shape shape = shapeFor(attributes.ptxVersion);
    const int bodies = 32 * shapeBodies<T>(shape);
    threads_ = shapeThreads<T>(shape);
    blocks_ = (n_ + bodies - 1) / bodies;
    // Both kernels run over the same arrays.
    padded_ = std::max(blocks_ * bodies, (n_ + tileThreads - 1) / tileThreads * tileThreads);
    paired_ = blocks_ * bodies;

    // About 100,000 jobs, so that the last ones end together, but none so long that its sums lose digits.
    const long long others = blocks_ / 2, rowChunks = others * shapeBodies<T>(shape);
    chunks_ = int(std::min<long long>(64, std::max<long long>(4, blocks_ * rowChunks / 100000)));
    rowJobs_ = (rowChunks + chunks_ - 1) / chunks_;
    jobs_ = blocks_ * (1 + rowJobs_);
    copies_ = tiles_ || sums_ == Sums::fixedPoint ? 1 : n_ >= 262144 ? 4 : 2;

    const size_t vector = sizeof(Vector4<T>), all = size_t(padded_), count = ranks_.size();
    if (plan_.hostMemory) {
      hostPosition_.allocate(all, "keep positions in host memory");
      hostVelocity_.allocate(size_t(n_), "keep velocities in host memory");
    }
    for (size_t r = 0; r < count; ++r) {
      Rank& rank = ranks_[r];
      rank.begin = n_ * (long long)r / (long long)count, rank.end = n_ * (long long)(r + 1) / (long long)count;
      const size_t slice = size_t(rank.end - rank.begin);
      enter(rank);
      rank.body = {}, rank.partner = {}, rank.sum = {}, rank.received = {}, rank.deviceVelocity = {}, rank.fixed = {}, rank.receivedFixed = {};
      size_t free, whole;
      must(cudaMemGetInfo(&free, &whole), "ask for free memory");
      const size_t sums = sums_ == Sums::fixedPoint && !tiles_ ? 24 : vector * size_t(copies_);
      const size_t need = all * (vector + (masses_ == MassCase::scaled ? vector : 0) + sums) + slice * (count * vector);
      if (need > free)
        throw Failure(exitMachine, text("Error: not enough memory: %lld bodies need %.1f GB on GPU %d, which has %.1f GB free.", n_, double(need) / 1e9, rank.device, double(free) / 1e9));
      rank.body.allocate(all, "hold the bodies on the GPU");
      if (masses_ == MassCase::scaled) rank.partner.allocate(all, "hold the bodies on the GPU");
      if (sums_ == Sums::fixedPoint && !tiles_) {
        rank.fixed.allocate(3 * all, "hold accelerations on the GPU");
        rank.receivedFixed.allocate(3 * slice * (count - 1), "exchange accelerations");
      } else {
        rank.sum.allocate(all * size_t(copies_), "hold accelerations on the GPU");
        rank.received.allocate(slice * (count - 1), "exchange accelerations");
      }
      if (!plan_.hostMemory) rank.deviceVelocity.allocate(slice, "hold the velocities on the GPU");
      rank.home = plan_.hostMemory ? hostPosition_.get() : rank.body.get();
      rank.velocity = plan_.hostMemory ? hostVelocity_.get() + rank.begin : rank.deviceVelocity.get();
      rank.next.allocate(1, "hold a counter on the GPU");
      rank.farthest.allocate(1, "hold a counter on the GPU");
      int fit = 0, multiprocessors = 0;
      must(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&fit, kernel_, threads_, 0), "fit the kernel on the GPU");
      must(cudaDeviceGetAttribute(&multiprocessors, cudaDevAttrMultiProcessorCount, rank.device), "ask for the number of multiprocessors");
      if (fit < 1) throw Failure(exitMachine, text("Error: GPU %d cannot run the kernel.", rank.device));
      rank.blocks = fit * multiprocessors;
    }
    if (count > 1 && !direct_) stage_.allocate(all * std::max(vector, size_t(24)), "exchange through the host");
  }

  // force leaves, on every rank, the parts of the accelerations of its slice.
  void force() {
    for (size_t r = 0; r < ranks_.size(); ++r) {
      Rank& rank = ranks_[r];
      enter(rank);
      if (tiles_) {
        if (rank.begin == rank.end) continue;
        accelerateByTiles<T><<<unsigned((rank.end - rank.begin + tileThreads - 1) / tileThreads), tileThreads, 0, rank.stream>>>(
            rank.body.get(), rank.sum.get(), rank.begin, rank.end, (n_ + tileThreads - 1) / tileThreads * tileThreads, softening2_);
        launched("start the tile kernel");
        continue;
      }
      if (masses_ == MassCase::scaled) {
        scalePartners<T><<<lineBlocks(padded_), lineThreads, 0, rank.stream>>>(rank.body.get(), rank.partner.get(), n_, padded_);
        launched("prepare the bodies");
      }
      if (rank.sum.get()) must(cudaMemsetAsync(rank.sum.get(), 0, rank.sum.bytes(), rank.stream), "clear memory");
      if (rank.fixed.get()) must(cudaMemsetAsync(rank.fixed.get(), 0, rank.fixed.bytes(), rank.stream), "clear memory");
      must(cudaMemsetAsync(rank.next.get(), 0, rank.next.bytes(), rank.stream), "clear memory");
      PairWork<T> work;
      work.body = rank.body.get(), work.partner = masses_ == MassCase::scaled ? rank.partner.get() : rank.body.get();
      work.sum = rank.sum.get(), work.fixed = rank.fixed.get(), work.next = rank.next.get();
      work.softening2 = softening2_, work.mass = T(scene_.lightest), work.scale = scale_;
      work.blocks = blocks_, work.jobs = jobs_, work.rowJobs = rowJobs_ ? rowJobs_ : 1;
      work.first = int(r), work.stride = int(ranks_.size()), work.chunks = chunks_, work.copies = copies_;
      if (rank.began) must(cudaEventRecord(rank.began, rank.stream), "take the time");
      kernel_<<<unsigned(rank.blocks), unsigned(threads_), 0, rank.stream>>>(work);
      launched("start the pair kernel");
      if (rank.ended) must(cudaEventRecord(rank.ended, rank.stream), "take the time");
      if (ranks_.size() > 1 && copies_ > 1) {
        addCopies<T><<<lineBlocks(n_), lineThreads, 0, rank.stream>>>(rank.sum.get(), paired_, copies_, n_);
        launched("add up");
      }
    }
    if (ranks_.size() == 1 || tiles_) return;
    wait();
    for (Rank& rank : ranks_) {
      float time;
      must(cudaEventElapsedTime(&time, rank.began, rank.ended), "read the time");
      rank.milliseconds = time;
    }
    for (Rank& to : ranks_) {
      size_t place = 0, slice = size_t(to.end - to.begin);
      for (Rank& from : ranks_) {
        if (&from == &to) continue;
        if (sums_ == Sums::fixedPoint) copy(to.receivedFixed.get() + 3 * slice * place, to, from.fixed.get() + 3 * to.begin, from, 24 * slice);
        else copy(to.received.get() + slice * place, to, from.sum.get() + to.begin, from, sizeof(Vector4<T>) * slice);
        ++place;
      }
    }
    wait();
  }

  void sendPositions() {
    if (ranks_.size() == 1) return;
    wait();
    for (Rank& from : ranks_)
      for (Rank& to : ranks_)
        if (&from != &to) copy(to.body.get() + from.begin, to, from.body.get() + from.begin, from, sizeof(Vector4<T>) * size_t(from.end - from.begin));
    wait();
  }

  // copy moves bytes between ranks: directly, or in two hops through pinned host memory.
  void copy(void* into, Rank& to, const void* out, Rank& from, size_t bytes) {
    if (!bytes) return;
    if (direct_) {
      enter(to);
      must(cudaMemcpyPeerAsync(into, to.device, out, from.device, bytes, to.stream), "copy between GPUs");
      return;
    }
    enter(from);
    must(cudaMemcpyAsync(stage_.get(), out, bytes, cudaMemcpyDeviceToHost, from.stream), "copy to the host");
    must(cudaStreamSynchronize(from.stream), "copy to the host");
    enter(to);
    must(cudaMemcpyAsync(into, stage_.get(), bytes, cudaMemcpyHostToDevice, to.stream), "copy from the host");
    must(cudaStreamSynchronize(to.stream), "copy from the host");
  }

  Parts<T> parts(const Rank& rank) const {
    Parts<T> p;
    p.own = rank.sum.get(), p.received = rank.received.get();
    p.ownFixed = rank.fixed.get(), p.receivedFixed = rank.receivedFixed.get();
    p.unit = 1 / scale_, p.stride = paired_;
    p.copies = ranks_.size() > 1 ? 1 : copies_, p.others = tiles_ ? 0 : int(ranks_.size()) - 1;
    return p;
  }

  // lookAgain leaves the scaled kernel when bodies have flown so far that it no longer suits them.
  void lookAgain() {
    wait();
    for (Rank& rank : ranks_) {
      enter(rank);
      unsigned bits;
      must(cudaMemcpy(&bits, rank.farthest.get(), sizeof bits, cudaMemcpyDeviceToHost), "read memory");
      float far;
      std::memcpy(&far, &bits, sizeof far);
      scene_.farthest = std::max(scene_.farthest, double(far));
    }
    if (scaledIsSafe<T>(scene_, physics_.softening)) return;
    masses_ = MassCase::any;
    kernel_ = pairKernel<T>(masses_, sums_);
  }

  Physics physics_;
  GpuPlan plan_;
  T softening2_;
  std::vector<Rank> ranks_;
  HostArray<Vector4<T>> hostPosition_, hostVelocity_;
  HostArray<char> stage_;
  Scene scene_;
  long long n_ = 0, padded_ = 0, paired_ = 0, blocks_ = 0, jobs_ = 0, rowJobs_ = 0;
  int threads_ = 0, chunks_ = 0, copies_ = 1;
  bool tiles_ = false, direct_ = true;
  MassCase masses_ = MassCase::any;
  Sums sums_ = Sums::real;
  double scale_ = 1;
  PairKernel<T> kernel_ = nullptr;
};

std::string version(int v) { return text("%d.%d", v / 1000, v % 1000 / 10); }

}  // namespace

Gpus findGpus() {
  Gpus gpus;
  gpus.builtWithCuda = true;
  cudaDriverGetVersion(&gpus.driver);
  gpus.runtime = CUDART_VERSION;  // the one linked in; asking it needs a driver
  int count = 0;
  cudaError_t error = cudaGetDeviceCount(&count);
  if (error != cudaSuccess) {
    cudaGetLastError();
    // Without any driver the runtime also says that the driver is too old.
    if (error == cudaErrorInsufficientDriver && gpus.driver > 0)
      gpus.failure = text("the NVIDIA driver here is for CUDA %s, this program needs CUDA %s: install a newer driver, or use -cpu.", version(gpus.driver).c_str(), version(gpus.runtime).c_str());
    else if (error != cudaErrorNoDevice && error != cudaErrorInsufficientDriver)
      gpus.failure = text("CUDA cannot start: %s.", cudaGetErrorString(error));
    return gpus;
  }
  for (int d = 0; d < count; ++d) {
    cudaDeviceProp properties;
    if (cudaGetDeviceProperties(&properties, d) != cudaSuccess) {
      gpus.failure = text("CUDA cannot describe GPU %d: %s.", d, cudaGetErrorString(cudaGetLastError()));
      break;
    }
    int kHz = 0;
    if (cudaDeviceGetAttribute(&kHz, cudaDevAttrClockRate, d) != cudaSuccess) cudaGetLastError();
    gpus.devices.push_back({d, properties.major, properties.minor, properties.multiProcessorCount, kHz / 1000, properties.totalGlobalMem, properties.name});
  }
  return gpus;
}

std::unique_ptr<System> gpuSystem(const Physics& physics, const GpuPlan& plan) {
  if (physics.fp64) return std::make_unique<GpuSystem<double>>(physics, plan);
  return std::make_unique<GpuSystem<float>>(physics, plan);
}
