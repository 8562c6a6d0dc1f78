#!/bin/sh
# boot.sh FOLDER: boots a User-Mode Linux that sees this machine's files read-only and FOLDER writable, runs
# FOLDER/task there as root, and leaves FOLDER/log and FOLDER/status. Exit code: 0 when the task ended at all.
set -eu
folder=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
checkout=$(cd "$here/../../.." && pwd)
rm -f "$folder/status"
# One core: a UML and its traced children hand over to each other all the time.
timeout -k 2 "${UML_SECONDS:-240}" taskset -c "${UML_CORE:-0}" env LD_PRELOAD="${UML_PRELOAD:-}" linux.uml mem="${UML_MEMORY:-1G}" \
  root=/dev/root rootfstype=hostfs rootflags=/ ro init="$here/init.sh" UML_FOLDER="$folder" UML_CHECKOUT="$checkout" uml_dir="$folder/uml/" \
  quiet loglevel=0 noreboot con=null ssl=null con0=null,fd:1 \
  initcall_blacklist=raid6_select_algo,calibrate_xor_blocks,init_btrfs_fs \
  </dev/null >"$folder/console" 2>&1 || :
[ -f "$folder/status" ]
