#!/usr/bin/env bash
# Three servers on one PostgreSQL and one Redis, of which parts die. Needs the binaries of both; `npm run build` comes
# before it. Prints one closing line, `N passed, N failed`.
set -u
cd "$(dirname "$0")/../.."
report=build/cluster-report.json
rm -f "$report"
mkdir -p build
UNKEY_TEST_CLUSTER=1 npx vitest run .cluster.test --no-file-parallelism --testTimeout=240000 --hookTimeout=240000 \
  --reporter=default --reporter=json --outputFile="$report"
node -e '
  const report = JSON.parse(require("node:fs").readFileSync(process.argv[1], "utf8"));
  const suites = report.testResults.filter((file) => file.status === "failed" && file.assertionResults.length === 0);
  const failed = report.numFailedTests + suites.length;
  console.log(`cluster: ${report.numPassedTests} passed, ${failed} failed`);
  process.exitCode = failed > 0 ? 1 : 0;
' "$report" || { [ -f "$report" ] || echo 'cluster: 0 passed, 1 failed'; exit 1; }
