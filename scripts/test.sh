#!/usr/bin/env bash
# Installs what the tests need and runs all of them: build, lint, types, dead code, package checks, tests.
# As root it also installs the Debian packages that the kernel and traffic tests use.
set -euo pipefail
cd "$(dirname "$0")/.."

step() { printf '\n== %s\n' "$*"; }

needed="iptables ipset ipvsadm nftables conntrack iproute2 kmod nfacct procps bsdutils util-linux git jq openssl user-mode-linux busybox-static"
# The container image is built and run.
needed="$needed buildah podman runc mmdebstrap"
# The page that diff writes is opened in a browser; servers of the tests have certificates.
needed="$needed chromium openssl"
# The manual page is laid out.
needed="$needed groff-base"
# SCTP, which Node has no sockets for.
needed="$needed python3"
# User-Mode Linux needs a little help on CPUs with AMX (test/lab/uml/wide-registers.c).
if grep -qs amx_tile /proc/cpuinfo; then needed="$needed gcc libc6-dev"; fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  missing=""
  for package in $needed; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
  done
  if [ -n "$missing" ]; then
    step "Debian packages:$missing"
    apt-get update -qq
    # shellcheck disable=SC2086 # a list of names
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing
  fi
else
  echo "not root, or no apt-get: tests that need ($needed) and root are skipped, and say so"
fi

step "npm packages and build"
npm ci --no-progress

step "lint, types, dead code"
npm run --silent lint

step "structure"
npm run --silent structure

step "package"
npm run --silent release

# Their tests may be missing: survivors are printed, and fail nothing.
step "mutants of what the last commit changed"
if git rev-parse --quiet --verify HEAD~1 >/dev/null 2>&1; then
  node scripts/mutants.mjs --since HEAD~1 --count 40 --minutes 3 --unit || echo "the mutants could not be tried"
else
  echo "SKIPPED: no commit before this one is known here"
fi

step "tests"
report=$(mktemp)
trap 'rm -f "$report"' EXIT
code=0
PORTOLAN_ALL_TESTS=1 npx vitest run --config scripts/vitest.config.ts --reporter=default --reporter=./scripts/skip-reporter.ts --reporter=json --outputFile.json="$report" || code=$?
node -e '
  const report = JSON.parse(require("fs").readFileSync(process.argv[1], "utf8"));
  const { numPassedTests: passed, numPendingTests: skipped, testResults } = report;
  // A file that fails before its tests begin has none that failed.
  const broken = testResults.filter((file) => file.status === "failed" && file.assertionResults.every((one) => one.status !== "failed"));
  const failed = report.numFailedTests + broken.length;
  console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
' "$report"
exit "$code"
