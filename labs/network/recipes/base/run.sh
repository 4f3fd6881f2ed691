# Debian's smallest system, as nvidia/cuda's base image is used: to run programs.
set -e
step() { echo "@step $*"; }

step "package sources"
if [ -s /tmp/recipe/sources.list ]; then
	cat /tmp/recipe/sources.list > /etc/apt/sources.list
else
	sed -i 's/ main$/ main contrib non-free/' /etc/apt/sources.list
fi
cat > /etc/dpkg/dpkg.cfg.d/docent <<'E'
# What nobody reads in a container.
path-exclude=/usr/share/doc/*
path-exclude=/usr/share/man/*
path-exclude=/usr/share/info/*
path-exclude=/usr/share/locale/*
force-unsafe-io
E
cat > /etc/apt/apt.conf.d/docent <<'E'
Acquire::Languages "none";
APT::Install-Recommends "false";
E

step "CUDA runtime library"
apt-get -q update
apt-get -q -y install libcudart11.0

step "tidying"
rm -rf /usr/share/doc/* /usr/share/man/* /usr/share/info/* /usr/share/locale/*
rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/*.log /var/log/apt /var/cache/debconf/*-old
rm -f /etc/hostname /etc/machine-id
