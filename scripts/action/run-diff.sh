#!/bin/sh
# Compares the manifests of two commits: reports as files, a step summary, annotations. All input comes as environment
# (action.yml names it), since branch names and paths are whatever somebody typed.
set -eu

home=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
manifests=${MANIFESTS:-.}
reports=${REPORTS:-${RUNNER_TEMP:-/tmp}/portolan-diff}

fail() {
  printf 'portolan-diff: %s\n' "$1" >&2
  exit 2
}

portolan() {
  if [ -n "${PORTOLAN_COMMAND:-}" ]; then "$PORTOLAN_COMMAND" "$@"; else node "$home/dist/cli/portolan.js" "$@"; fi
}

# commit_of REF: the commit that it names, fetched if it is not here. A refspec would change references.
commit_of() {
  case $1 in
    '') fail "no base: this event has none, so say base" ;;
    -* | +* | *:* | *[[:space:]]*) fail "not a commit, branch or tag: $1" ;;
  esac
  for name in "$1" "refs/remotes/origin/$1"; do
    if git rev-parse --verify --quiet --short=12 "$name^{commit}"; then return; fi
  done
  git fetch --quiet --no-tags --depth=1 origin "$1" >&2 || fail "cannot fetch $1"
  git rev-parse --verify --quiet --short=12 "FETCH_HEAD^{commit}" || fail "cannot find $1"
}

base="git:$(commit_of "${BASE:-}"):$manifests"
if [ -n "${HEAD:-}" ]; then
  head="git:$(commit_of "$HEAD"):$manifests"
elif [ -e "$manifests" ]; then
  # As checked out: annotations name these paths.
  head=$manifests
  case $head in -*) head=./$head ;; esac
else
  head="git:HEAD:$manifests"
fi

set -- --detail "${DETAIL:-services}" -o github
[ "${RECURSIVE:-true}" != true ] || set -- "$@" -R
[ "${SIMULATE:-false}" != true ] || set -- "$@" --simulate
[ -z "${PROXY_CONFIG:-}" ] || set -- "$@" --proxy-config "$PROXY_CONFIG"
[ -z "${NODE:-}" ] || set -- "$@" --node "$NODE"
[ -z "${MODE:-}" ] || set -- "$@" --mode "$MODE"
[ -z "${FAMILY:-}" ] || set -- "$@" --family "$FAMILY"
while IFS= read -r file; do
  [ -z "$file" ] || set -- "$@" -f "$file"
done <<LIST
${STATE:-}
LIST

mkdir -p "$reports"
code=0
portolan diff "$@" --report "markdown=$reports/diff.md" --report "html=$reports/diff.html" \
  --report "json=$reports/diff.json" -- "$base" "$head" >"$reports/annotations" || code=$?
[ "$code" -le 1 ] || exit "$code"

# GitHub shows ten of a step. A path in a commit stands at the same path in the pull request.
[ "${ANNOTATIONS:-true}" != true ] || sed 's/\(::[a-z]* file=\)git%3A[^%,]*%3A/\1/; 10q' "$reports/annotations"
rm -f "$reports/annotations"
[ -z "${GITHUB_STEP_SUMMARY:-}" ] || cat "$reports/diff.md" >>"$GITHUB_STEP_SUMMARY"
different=false
[ "$code" = 0 ] || different=true
[ -z "${GITHUB_OUTPUT:-}" ] || printf 'different=%s\nreports=%s\n' "$different" "$reports" >>"$GITHUB_OUTPUT"
