#!/bin/bash
# Runs a command in a virtual machine with Debian 13, which has cgroup v2 alone, with this checkout, Go and the caches of the host at
# the same paths: e2e/vm.sh go test ./machine/node. What is written there stays on the machine's disk; who removes vm in the cache
# gets a new machine. ACCEL=tcg is for where there is no KVM, and takes some ten times as long.
set -euo pipefail
test $# -gt 0 || { echo "usage: $0 COMMAND" >&2; exit 1; }
test "$(id -u)" = 0 || { echo 'Debian is unpacked as root: run this with sudo' >&2; exit 1; }
for program in qemu-system-x86_64 mmdebstrap mke2fs; do
	command -v "$program" >/dev/null || { echo "there is no $program: apt-get install qemu-system-x86 mmdebstrap e2fsprogs" >&2; exit 1; }
done
cd "$(dirname "$0")"
caches=${XDG_CACHE_HOME:-$HOME/.cache}/podidentity
vm=$caches/vm

# The packages are those that a cluster is made of, and what a machine needs.
if ! test -e "$vm/disk"; then
	packages=$(go run -buildvcs=false . packages)
	rm -rf "$vm"
	mkdir -p "$vm"
	mmdebstrap --quiet --variant=minbase --aptopt='APT::Install-Recommends "false"' \
		--include=linux-image-amd64,initramfs-tools,systemd-sysv,kmod,procps,ca-certificates,make,git \
		--include="$packages" \
		trixie "$vm/root"
	cp -L "$vm/root/vmlinuz" "$vm/root/initrd.img" "$vm"
	mkdir "$vm/root/host"
	cp /etc/resolv.conf "$vm/root/etc/resolv.conf"
	etc=$vm/root/etc/systemd
	printf '%s\n' '[Match]' 'Type=ether' '[Network]' 'DHCP=yes' >"$etc/network/ether.network"
	printf '%s\n' '[Unit]' 'After=network.target' '[Service]' 'StandardOutput=tty' 'StandardError=tty' 'TTYPath=/dev/ttyS0' \
		'ExecStart=-/bin/bash -c "modprobe qemu_fw_cfg; bash </sys/firmware/qemu_fw_cfg/by_name/opt/command/raw; sync; sleep 1"' \
		'ExecStart=/bin/systemctl --force poweroff' 'Type=oneshot' >"$etc/system/command.service"
	ln -s /dev/null "$etc/system/serial-getty@ttyS0.service"
	mkdir -p "$etc/system/multi-user.target.wants"
	ln -s ../command.service /usr/lib/systemd/system/systemd-networkd.service "$etc/system/multi-user.target.wants/"
	truncate --size=8G "$vm/unfinished"
	mke2fs -q -t ext4 -d "$vm/root" "$vm/unfinished"
	rm -rf "$vm/root"
	mv "$vm/unfinished" "$vm/disk"
fi

# What the machine does: the host's directories are below what it writes.
cat >"$vm/command" <<END
mount -t 9p -o ro,trans=virtio,version=9p2000.L,msize=524288,cache=loose host /host
for dir in $(go env GOROOT GOMODCACHE GOCACHE | tr '\n' ' ') $caches $(dirname "$PWD"); do
	mkdir -p "\$dir" "/over\$dir"/{upper,work}
	mount -t overlay -o "lowerdir=/host\$dir,upperdir=/over\$dir/upper,workdir=/over\$dir/work" overlay "\$dir"
done
cd $PWD && env $(printf '%q ' "PATH=$PATH" "HOME=$HOME" CGO_ENABLED=0 GOFLAGS=-buildvcs=false GOTOOLCHAIN=local "$@")
echo "exit status \$?"
END
qemu-system-x86_64 -accel "${ACCEL:-kvm}" -cpu max -smp 2 -m 6G -nodefaults -nographic -no-reboot \
	-kernel "$vm/vmlinuz" -initrd "$vm/initrd.img" -append 'root=/dev/vda rw console=ttyS0 quiet systemd.show_status=no' \
	-drive "file=$vm/disk,format=raw,if=virtio,cache=unsafe" -device virtio-rng-pci -nic user,model=virtio-net-pci \
	-virtfs local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap \
	-fw_cfg "name=opt/command,file=$vm/command" -serial stdio | tee "$vm/console"
grep -q '^exit status 0' "$vm/console"
