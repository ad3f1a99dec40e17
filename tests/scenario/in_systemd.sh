#!/bin/sh
# in_systemd.sh COMMAND [ARG...]: boots systemd as process 1 of namespaces of its own, runs COMMAND
# beside it with a working systemctl, and ends everything. Changes below /etc, /var, /usr/local and
# /tmp go to a scratch file system that vanishes; /run is empty and private. Needs root.
# Exit status: that of COMMAND; 125 when systemd did not come up.
set -u
folder=$(mktemp -d)

# As process 1: shapes the file system, then becomes systemd, which starts the unit that says "up".
boot='
	set -e
	mountpoint -q / && mount --make-rprivate /
	# in a chroot, where that cannot be: only where nothing mounted here shows outside
	if grep -q " shared:" /proc/self/mountinfo; then
		echo "mounts are shared with the rest of the machine" >&2
		exit 1
	fi
	mount -t tmpfs -o mode=755 tmpfs /run
	mkdir -p /run/systemd/system /run/lock /run/scenario
	mount --bind "$0" /run/scenario
	for dir in etc var usr/local tmp; do
		mkdir -p "/run/scratch/$dir/upper" "/run/scratch/$dir/work"
		mount -t overlay overlay \
		    -o "lowerdir=/$dir,upperdir=/run/scratch/$dir/upper,workdir=/run/scratch/$dir/work" "/$dir"
	done
	chmod 1777 /tmp
	mount -t proc proc /proc
	umount -R /sys/fs/cgroup 2>/dev/null || true
	mount -t cgroup2 cgroup2 /sys/fs/cgroup
	ln -sf /dev/null /etc/tmpfiles.d/tmp.conf     # /tmp is not emptied
	cd /run/systemd/system
	# what reaches past the namespaces
	for unit in systemd-sysctl.service systemd-binfmt.service systemd-modules-load.service \
	    systemd-remount-fs.service systemd-udevd.service systemd-udev-trigger.service \
	    systemd-udevd-control.socket systemd-udevd-kernel.socket systemd-timesyncd.service \
	    systemd-networkd.service systemd-resolved.service proc-sys-fs-binfmt_misc.automount \
	    sys-kernel-debug.mount sys-kernel-tracing.mount; do
		ln -s /dev/null "$unit"
	done
	cat >scenario-up.service <<UNIT
[Unit]
After=basic.target
[Service]
Type=oneshot
ExecStart=/bin/sh -c "echo up >/run/scenario/up"
UNIT
	mkdir scenario.target.wants
	printf "[Unit]\nRequires=basic.target\nAfter=basic.target\n" >scenario.target
	ln -s ../scenario-up.service scenario.target.wants/
	export container=other
	exec /lib/systemd/systemd --system --unit=scenario.target --log-target=journal --show-status=0
'
setsid unshare --propagation unchanged --pid --fork --mount --cgroup --uts --ipc --kill-child \
    sh -c "$boot" "$folder" </dev/null >"$folder/log" 2>&1 &
holder=$!
trap 'kill -9 $holder 2>/dev/null; wait $holder 2>/dev/null; rm -rf "$folder"' EXIT

# Gives up: says what systemd said.
not_up() {
	cat "$folder/log" >&2
	exit 125
}

tries=0
until [ -s "$folder/up" ]; do
	tries=$((tries + 1))
	if [ $tries -gt 600 ] || ! kill -0 $holder 2>/dev/null; then
		not_up
	fi
	sleep 0.1
done
init=$(cut -d' ' -f1 "/proc/$holder/task/$holder/children")
[ -n "$init" ] || not_up
nsenter -t "$init" -m -p -C -r -w -- sh -c 'cd "$0" && exec "$@"' "$PWD" "$@"
