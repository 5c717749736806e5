#!/usr/bin/env bash
# scripts/board.sh BOARD [COMMAND…]: a Raspberry Pi of sorts, emulated: a 64-bit Arm processor of the board's kind with the
# board's memory under Debian's kernel, a small user land and an ssh server that only this machine reaches.
#   scripts/board.sh pi4                          a shell on it
#   scripts/board.sh pi4 /proc/cpuinfo            … or one command
#   scripts/board.sh pi4 --with FILE… -- COMMAND  with files copied to /root before
#   scripts/board.sh pi4 --start [PID]            leaves it running, until the process PID has ended where one is named: prints
#                                                 `ssh OPTIONS… -p PORT … root@127.0.0.1`
#   scripts/board.sh pi4 --stop [PORT]            ends the one behind this port, or all that were started under this name
# BOARD: pi4 (Cortex-A72, 4 cores, 1 GB), pi3 (Cortex-A53, 1 GB), zero2 (Cortex-A53, 512 MB), pi5 (Cortex-A76 with dot
# products, 2 GB); BOARD:MEMORY takes another amount (pi4:256M). Instructions and memory are real, time is not.
# What it boots is made of Debian's packages on the first call, under build/sysroot (scripts/setup.sh dist).
set -euo pipefail
cd "$(dirname "$0")/.."

usage() { sed -n '2,12s/^# \{0,1\}//p' "$0" >&2; exit 2; }
[ $# -gt 0 ] || usage
board=$1
shift
case ${board%%:*} in
  pi5) cpu=cortex-a76 memory=2G ;;
  pi4) cpu=cortex-a72 memory=1G ;;
  pi3) cpu=cortex-a53 memory=1G ;;
  zero2) cpu=cortex-a53 memory=512M ;;
  *) echo "board: there is no board '${board%%:*}': pi5, pi4, pi3, zero2" >&2; exit 2 ;;
esac
if [[ $board == *:* ]]; then memory=${board#*:}; fi
[[ $memory =~ ^[0-9]+[MG]$ ]] || { echo "board: '$memory' is no amount of memory: 256M, 1G …" >&2; exit 2; }
for tool in qemu-system-aarch64 ssh ssh-keygen cpio; do
  command -v $tool > /dev/null || { echo "board: $tool is missing: scripts/setup.sh dist" >&2; exit 2; }
done

made=$PWD/build/sysroot/board
# In the order in which they are loaded: each after those that it needs.
modules="virtio_ring virtio virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci failover net_failover virtio_net"
running=$made/running  # a folder per board that runs: BOARD@PORT
state=
key=$made/key

make_image() {
  scripts/sysroot.sh arm64 '/linux-image-[0-9.]+-[0-9]+-cloud-arm64/' busybox-static dropbear-bin libtomcrypt1 \
    libtommath1 zlib1g libc6 libcrypt1 libgmp10
  local from=$PWD/build/sysroot/arm64-extra tree module at
  tree=$(mktemp -d)
  mkdir -p "$made" "$tree"/{bin,sbin,lib,proc,sys,dev/pts,tmp,root/.ssh,etc/dropbear,modules,usr/sbin}
  cp "$from/bin/busybox" "$tree/bin/"
  cp "$from/usr/sbin/dropbear" "$tree/usr/sbin/"
  cp -L "$from"/lib/aarch64-linux-gnu/{ld-linux-aarch64.so.1,libc.so.6,libcrypt.so.1,libz.so.1} "$tree/lib/"
  cp -L "$from"/usr/lib/aarch64-linux-gnu/{libtomcrypt.so.1,libtommath.so.1,libgmp.so.10} "$tree/lib/"
  for module in $modules; do
    at=$(find "$from/lib/modules" -name "$module.ko")
    cp "$at" "$tree/modules/"
  done
  echo "$modules" > "$tree/modules/order"
  [ -f "$key" ] || ssh-keygen -q -t ed25519 -N '' -C board -f "$key"
  cp "$key.pub" "$tree/root/.ssh/authorized_keys"
  echo 'root:x:0:0:root:/root:/bin/sh' > "$tree/etc/passwd"
  echo /bin/sh > "$tree/etc/shells"
  cat > "$tree/init" << 'INIT'
#!/bin/busybox sh
export PATH=/bin:/sbin:/usr/sbin
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/pts /dev/shm
mount -t devpts pts /dev/pts
mount -t tmpfs tmp /tmp
for module in $(cat /modules/order); do insmod /modules/$module.ko; done
hostname board
ifconfig lo 127.0.0.1
ifconfig eth0 10.0.2.15 netmask 255.255.255.0 up
route add default gw 10.0.2.2
chmod 700 /root /root/.ssh
dropbear -R -s -E -p 22
echo board is up > /dev/console
while :; do sleep 3600; done
INIT
  chmod 755 "$tree/init"
  chmod -R go-w "$tree"
  (cd "$tree" && find . | cpio --quiet -o -H newc -R 0:0 | gzip -1) > "$made/initrd.gz.new"
  cp "$from"/boot/vmlinuz-* "$made/vmlinuz"
  mv "$made/initrd.gz.new" "$made/initrd.gz"
  rm -rf "$tree"
}
mkdir -p "$running"
(
  flock 9  # two that start at once make one image
  [ -f "$made/initrd.gz" ] && [ ! "$0" -nt "$made/initrd.gz" ] || make_image
) 9> "$made/lock"

# stop FOLDER
stop() {
  [ -n "$1" ] && [ -d "$1" ] || return 0
  [ ! -f "$1/pid" ] || kill "$(cat "$1/pid")" 2> /dev/null || true
  rm -rf "$1"
}

reach=()  # the options of ssh
start() {
  local port
  port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
  state=$running/${board/:/-}@$port
  mkdir -p "$state"
  qemu-system-aarch64 -M virt -cpu $cpu -m "$memory" -smp 4 -kernel "$made/vmlinuz" -initrd "$made/initrd.gz" \
    -append "console=ttyAMA0 quiet panic=-1" -display none -monitor none -serial "file:$state/console" -no-reboot \
    -netdev "user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:$port-:22" -device virtio-net-pci,netdev=net,romfile= \
    > "$state/qemu.log" 2>&1 9>&- &
  echo $! > "$state/pid"
  # Its key is new on every boot and nobody else can answer on this port.
  reach=(-q -p "$port" -i "$key" -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null
    -o ConnectTimeout=5)
  local waited
  for waited in $(seq 120); do
    kill -0 "$(cat "$state/pid")" 2> /dev/null || break
    if grep -q 'board is up' "$state/console" 2> /dev/null && ssh "${reach[@]}" root@127.0.0.1 true 2> /dev/null; then
      return 0
    fi
    sleep 0.5
  done
  if kill -0 "$(cat "$state/pid")" 2> /dev/null; then
    echo "board: it does not answer after $((waited / 2)) s; its console ends: $(tail -n 1 "$state/console" | tr -d '\r')" >&2
  else  # qemu names itself, and wraps what is long
    echo "board: it does not start: $(tail -n 5 "$state/qemu.log" | sed 's/^qemu-system-aarch64: //' | tr '\n' ' ')" >&2
  fi
  stop "$state"
  exit 1
}

files=()
case ${1-} in
  --stop)
    for folder in "$running/${board/:/-}@"${2-*}; do stop "$folder"; done
    exit 0 ;;
  --start)
    start
    if [ -n "${2-}" ]; then
      (
        while kill -0 "$2" && [ -d "$state" ]; do sleep 1; done
        stop "$state"
      ) > /dev/null 2>&1 < /dev/null &
    fi
    echo "ssh ${reach[*]} root@127.0.0.1"
    exit 0 ;;
  --with)
    shift
    while [ $# -gt 0 ] && [ "$1" != -- ]; do files+=("$1"); shift; done
    shift ;;
esac
trap 'stop "$state"' EXIT
start
# No sftp there: the files travel through tar.
if [ ${#files[@]} -gt 0 ]; then
  tar -chf - --transform 's,.*/,,' "${files[@]}" | ssh "${reach[@]}" root@127.0.0.1 'tar -xf - -C /root'
fi
status=0
if [ $# -gt 0 ]; then
  ssh "${reach[@]}" root@127.0.0.1 "$@" || status=$?
else
  ssh -t "${reach[@]}" root@127.0.0.1 || status=$?
fi
exit $status
