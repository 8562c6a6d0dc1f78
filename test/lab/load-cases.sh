#!/bin/bash
# load-cases.sh TOOLS FOLDER: loads every FOLDER/CASE/ (files as `compile --out-dir` writes them) into kernels' fresh
# network namespaces, with the iptables of the directory TOOLS, and saves what is there into FOLDER/CASE/saved/:
#   loaded, reloaded     the restore files and the jumps; then the restore files once more
#   listed               what was loaded, in the other forms in which iptables prints rules
#   applied, reapplied   apply.sh on a host with rules of somebody else; then once more
#   status               ok, or the step that failed; log: what the tools said
set -u

save_all() {
  for tool in iptables ip6tables; do
    [ -f "$tool.restore" ] && "$tool-save" > "saved/$tool.$1" || true
  done
}

list_all() {
  for tool in iptables ip6tables; do
    [ -f "$tool.restore" ] || continue
    for form in "-S -v" "-nvL" "-nL --line-numbers"; do
      # shellcheck disable=SC2086 # several options
      for table in filter nat mangle; do
        echo "root@node1:~# $tool -t $table $form"
        "$tool" -t "$table" $form
      done > "saved/$tool.listed$(echo "$form" | tr -d ' ')"
    done
  done
}

load() {
  for tool in iptables ip6tables; do
    [ -f "$tool.restore" ] || continue
    "$tool-restore" --noflush --wait 5 < "$tool.restore" || return 1
  done
}

load_jumps() {
  for tool in iptables ip6tables; do
    [ -f "$tool.restore" ] || continue
    "$tool-restore" --noflush --wait 5 < "$tool.jumps" || return 1
  done
}

load_foreign() {
  for tool in iptables ip6tables; do
    "$tool-restore" --noflush <<'RULES' || return 1
*filter
:FOREIGN - [0:0]
-A INPUT -i foreign0 -j FOREIGN
-A FOREIGN -j RETURN
COMMIT
RULES
  done
}

step() {
  echo "$*" > saved/status
  "$@" || exit 1
}

add_counters() {
  [ ! -f nfacct.counters ] || xargs -n 1 nfacct add < nfacct.counters
}

inside_loaded() {
  step add_counters
  step load
  step load_jumps
  step save_all loaded
  step load
  step save_all reloaded
  # Of iptables-legacy, a listing makes the table.
  step list_all
  echo ok > saved/status
}

inside_applied() {
  step load_foreign
  step sh apply.sh
  step save_all applied
  [ ! -f sysctl.conf ] || sysctl $(sed 's/ *=.*//' sysctl.conf) > saved/sysctl
  step sh apply.sh
  step save_all reapplied
  echo ok > saved/status
}

if [ "$1" = --inside ]; then
  cd "$3" && "inside_$2"
  exit
fi

export PATH="$1:$PATH"
cd "$2" || exit 1
for case in */; do
  export XTABLES_LOCKFILE="$PWD/$case/lock"
  mkdir -p "$case/saved"
  for way in loaded applied; do
    unshare -n -m bash "$0" --inside "$way" "$PWD/$case" > "$case/saved/$way.log" 2>&1
    mv "$case/saved/status" "$case/saved/$way.status"
  done
done
