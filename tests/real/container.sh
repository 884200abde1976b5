#!/bin/sh
# Runs an executable as a container with a read-only root file system would: process 1 of its own
# process namespace, without root and without new rights, in a root that has the executable, the C
# library and what an engine mounts. /tmp and /data can be written to.
#
# Usage, as root in new mount and process namespaces: container.sh ROOT TOOL [ARGUMENT…]
set -eu
root=$1
tool=$2
shift 2

mount -t tmpfs -o mode=755 image "$root"
mkdir -p "$root/usr/local/bin" "$root/home/nonroot" "$root/tmp" "$root/data" "$root/proc" "$root/dev"
cp "$tool" "$root/usr/local/bin/lakekeeper-ingest"
ldd "$tool" | grep -o '/[^ ]*' | while read -r library; do
  mkdir -p "$root$(dirname "$library")"
  cp "$library" "$root$library"
done
mount -t tmpfs -o mode=1777 tmp "$root/tmp"
mount -t tmpfs -o mode=700,uid=65532,gid=65532 data "$root/data"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -o remount,ro "$root"

exec setpriv --no-new-privs \
  env -i HOME=/home/nonroot TMPDIR=/tmp PATH=/usr/local/bin "$(command -v chroot)" \
  --userspec=65532:65532 --groups= "$root" /usr/local/bin/lakekeeper-ingest "$@"
