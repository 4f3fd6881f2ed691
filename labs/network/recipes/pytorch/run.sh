# Python, Jupyter and a small package index, so that what a tutorial teaches about
# pip in nvidia/pytorch happens here too. The wheels are stand-ins: they carry the
# names, versions and requirements of the real ones, and almost none of the code.
set -e
step() { echo "@step $*"; }

step "package lists"
apt-get -q update

step "Python and tools"
apt-get -q -y install python3 python3-pip python3-setuptools python3-wheel python-is-python3 \
	python3-numpy python3-yaml python3-tqdm python3-typing-extensions python3-filelock python3-jinja2 python3-fsspec \
	python3-packaging python3-networkx python3-pil \
	wget curl ca-certificates git tar gzip less procps

step "Jupyter"
apt-get -q -y install python3-jupyter-server python3-ipykernel python3-terminado
install -m 755 /tmp/recipe/jupyter-lab.py /usr/local/bin/jupyter-lab
[ -e /usr/bin/jupyter ] || apt-get -q -y install jupyter-core

step "package index"
rm -f /usr/lib/python3*/EXTERNALLY-MANAGED
python3 /tmp/recipe/wheels.py /opt/index /tmp/shipped
cat > /etc/pip.conf <<'E'
[global]
no-index = true
find-links = /opt/index
disable-pip-version-check = true
root-user-action = ignore

[install]
# pip reads this the other way round: false switches isolation off, so that a
# package builds with the setuptools that is here.
no-build-isolation = false

[wheel]
no-build-isolation = false
E

step "what the image ships"
pip install --no-deps --no-cache-dir /tmp/shipped/*.whl
mkdir -p /workspace
pip check || true

step "tidying"
find / -xdev -name __pycache__ -type d -prune -exec rm -rf {} +
rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/*.log /var/log/apt /var/cache/debconf/*-old /root/.cache
