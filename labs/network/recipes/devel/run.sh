# Debian's CUDA toolkit, so that nvcc, g++ and make work as in nvidia/cuda devel.
set -e
step() { echo "@step $*"; }

cat > /etc/dpkg/dpkg.cfg.d/docent-devel <<'E'
# The static maths libraries are three quarters of the toolkit.
path-exclude=/usr/lib/*-linux-gnu/lib*_static*.a
path-exclude=/usr/lib/*-linux-gnu/lib*static_nocallback.a
path-include=/usr/lib/*-linux-gnu/libcudart_static.a
path-exclude=/usr/lib/nvidia-cuda-toolkit/nsight*
path-exclude=/usr/lib/nvidia-cuda-toolkit/libnvvp*
path-exclude=/usr/share/nvidia-cuda-toolkit/*samples*
E

step "package lists"
apt-get -q update

# The shared maths libraries and the driver's own are left out. A package that
# says it provides them keeps apt content, so that later installs work.
step "leaving out what is not needed to compile"
mkdir -p /tmp/left-out/DEBIAN
provides=
for p in libcublas11 libcublaslt11 libnvblas11 libcufft10 libcufftw10 libcurand10 libcusolver11 libcusolvermg11 libcusparse11 \
	libnppc11 libnppial11 libnppicc11 libnppidei11 libnppif11 libnppig11 libnppim11 libnppist11 libnppisu11 libnppitc11 libnpps11 \
	libnvjpeg11 libcupti11.8 libcupti-dev libcuda1 libnvidia-ml1 libnvidia-ptxjitcompiler1; do
	v=$(apt-cache show "$p" 2>/dev/null | sed -n 's/^Version: //p' | head -n 1)
	[ -n "$v" ] && provides="$provides, $p (= $v)"
done
v=$(apt-cache show libcuda1 2>/dev/null | sed -n 's/^Version: //p' | head -n 1)
[ -n "$v" ] && provides="$provides, libcuda.so.1 (= ${v%-*}), libnvidia-ml.so.1 (= ${v%-*})"
cat > /tmp/left-out/DEBIAN/control <<E
Package: docent-left-out
Version: 1
Architecture: $(dpkg --print-architecture)
Maintainer: Docent <docent@localhost>
Multi-Arch: same
Provides: ${provides#, }
Description: names what this stand-in leaves out
 The libraries named here are not in this image. Their packages are not
 installed either, so that a program linked with them fails at once.
E
dpkg-deb --build /tmp/left-out /tmp/left-out.deb
dpkg -i /tmp/left-out.deb

step "CUDA toolkit and compilers"
apt-get -q -y install nvidia-cuda-toolkit nvidia-cuda-dev g++-11 make

# Plain names, as in the real image.
step "wiring"
for t in gcc g++ cpp; do
	[ -e /usr/bin/$t ] || ln -s $t-11 /usr/bin/$t
done
[ -e /usr/bin/cc ] || ln -s gcc-11 /usr/bin/cc
[ -e /usr/bin/c++ ] || ln -s g++-11 /usr/bin/c++
mkdir -p /usr/local/cuda/bin
for t in nvcc ptxas fatbinary cuobjdump nvdisasm nvlink nvprune; do
	[ -e /usr/bin/$t ] && ln -s /usr/bin/$t /usr/local/cuda/bin/$t
done
ln -s /usr/include /usr/local/cuda/include
ln -s "/usr/lib/$(gcc-11 -dumpmachine)" /usr/local/cuda/lib64

step "trying the compiler"
cd /tmp
cat > try.cu <<'E'
#include <cstdio>
#include <cuda_runtime.h>
__global__ void add(float *x) { x[threadIdx.x] += 1.f; }
int main() { int n = 0; cudaGetDeviceCount(&n); std::printf("%d devices\n", n); add<<<1, 1>>>(nullptr); return 0; }
E
nvcc -O3 -arch=sm_90 -o try try.cu
./try

step "tidying"
rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/*.log /var/log/apt /var/cache/debconf/*-old
