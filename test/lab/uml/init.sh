#!/bin/sh
# The first process of the User-Mode Linux. UML_FOLDER comes from the kernel's command line.
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH HOME=/root
mount="busybox mount -n"
modules=/usr/lib/uml/modules/$(uname -r)

# A writable layer in memory over the machine's files, so that nothing outside changes.
$mount -t proc proc /proc
$mount -t tmpfs -o mode=755 layer /mnt
mkdir /mnt/upper /mnt/work /mnt/root
insmod "$modules/kernel/fs/overlayfs/overlay.ko"
$mount -t overlay -o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work overlay /mnt/root
cd /mnt/root || exit 1
mkdir -p lib/modules
$mount --bind /usr/lib/uml/modules lib/modules
$mount --move /proc proc
$mount -t sysfs sysfs sys
$mount --move /dev dev
$mount -t tmpfs -o mode=755 run run
$mount -t tmpfs -o mode=1777 tmp tmp
mkdir -p run/lock run/netns dev/pts tmp/task tmp/checkout
$mount -t hostfs -o "$UML_FOLDER" none tmp/task
# By a path of its own: the machine's /tmp, where it may lie, is hidden.
$mount -t hostfs -o "ro,$UML_CHECKOUT" none tmp/checkout
pivot_root . mnt
cd / && busybox umount -l /mnt

ip link set lo up
cd /tmp/task || exit 1
sh ./task >log 2>&1 </dev/null
echo $? >status
busybox sync
echo o >/proc/sysrq-trigger
busybox sleep 5
