#!/bin/sh
# build.sh [IMAGE [ARCHIVE]]: builds the image of the Containerfile without a registry: its tools are unpacked from
# Debian's packages, its Node is the one in use here. Needs root, buildah, mmdebstrap and an installed repository.
#   IMAGE    the name it gets (default: localhost/portolan), in the storage that CONTAINERS_STORAGE_CONF names
#   ARCHIVE  an OCI archive to write as well, to be loaded elsewhere
# SUITE and MIRROR say which Debian (default: the one of this machine, and mmdebstrap's mirror).
set -eu
image=${1:-localhost/portolan}
archive=${2:-}
cd "$(dirname "$0")/../.."
here=scripts/container
suite=${SUITE:-$(. /etc/os-release && echo "$VERSION_CODENAME")}
# Besides the tools: what the entry point, Portolan and Node run on. All else of a Debian is left out.
base="coreutils dash grep libstdc++6 util-linux"
packages=$(echo $base $(cat "$here/packages.txt") | tr ' ' ,)

quietly() { "$@" >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }; }

work=$(mktemp -d)
container=
finish() {
  [ -z "$container" ] || buildah rm "$container" >/dev/null 2>&1 || :
  buildah rmi "$image-tools" >/dev/null 2>&1 || :
  rm -rf "$work"
}
trap finish EXIT
trap 'exit 1' INT TERM

stage_app() {
  mkdir -p "$work/app/app"
  npx --no-install tsc -p tsconfig.json --outDir "$work/app/app/dist"
  node scripts/bundle.mjs "$work/app/app/dist"
  cp package.json package-lock.json "$work/app/app/"
  npm install --silent --no-progress --omit=dev --ignore-scripts --prefix "$work/app/app"
  rm "$work/app/app/package-lock.json"
}
stage_app >"$work/app.log" 2>&1 &
app=$!

container=$(buildah from --name "portolan-tools-$$" scratch)
root=$(buildah mount "$container")
# Unpacked and not configured: none of these packages needs its scripts for what Portolan does with it.
quietly mmdebstrap --variant=extract --include="$packages" --format=directory \
  --hook-dir=/usr/share/mmdebstrap/hooks/merged-usr "$suite" "$root" ${MIRROR:+"$MIRROR"}
echo 'root:x:0:0:root:/root:/bin/sh' >"$root/etc/passwd"
echo 'root:x:0:' >"$root/etc/group"
mkdir -p "$root/root"
rm -rf "$root"/dev/* "$root/usr/share/doc" "$root/usr/share/man" "$root/usr/share/locale" "$root/var/cache/apt" "$root/var/lib/apt"
cp "$(node -p process.execPath)" "$root/usr/bin/node"
chroot "$root" node --version >/dev/null || {
  echo "this Node does not run on the libraries of $suite; SUITE says another one" >&2
  exit 1
}
buildah umount "$container" >/dev/null
buildah config --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$container"
buildah commit --quiet "$container" "$image-tools" >/dev/null

wait "$app" || { cat "$work/app.log" >&2; exit 1; }
buildah bud --quiet --isolation chroot --build-context "tools=container-image://$image-tools" \
  --build-context "app=$work/app" --tag "$image" -f "$here/Containerfile" . >/dev/null
[ -z "$archive" ] || buildah push --quiet "$image" "oci-archive:$archive:$image"
