import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { node, replaced, service, slice } from "../../harness/cluster-text.ts";
import { actionFolder, commitAll, folder, git, read, runShell } from "./run-script.ts";

const cli = new URL("../../../dist/cli/portolan.js", import.meta.url).pathname;

interface Step {
  readonly run?: string;
  readonly shell?: string;
  readonly env?: Readonly<Record<string, string>>;
}

const action = parse(readFileSync(join(actionFolder, "action.yml"), "utf8")) as {
  readonly inputs: Readonly<Record<string, object>>;
  readonly runs: { readonly using: string; readonly steps: readonly Step[] };
};

describe("action.yml", () => {
  it("interpolates nothing into a shell", () => {
    const runs = action.runs.steps.flatMap(({ run, shell }) => (run === undefined ? [] : [{ run, shell }]));
    expect(runs.length).toBeGreaterThan(2);
    for (const { run, shell } of runs) {
      expect(run).not.toContain("${{");
      expect(shell).toBe("sh");
    }
  });

  it("uses every input, and no other", () => {
    const text = readFileSync(join(actionFolder, "action.yml"), "utf8");
    const used = new Set([...text.matchAll(/inputs\.([\w-]+)/g)].map(([, name]) => name));
    expect([...used].sort()).toEqual(Object.keys(action.inputs).sort());
  });

  it("has every input that the documentation names, which also names those of gitlab.yml", () => {
    const page = readFileSync(new URL("../../../src/web/docs/pull-requests.md", import.meta.url), "utf8");
    const [github, gitlab] = [...page.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, text = ""]) => parse(text));
    const [, step] = github.jobs.traffic.steps;
    expect(Object.keys(action.inputs)).toEqual(expect.arrayContaining([...Object.keys(step.with), "state"]));
    const template = parse(readFileSync(join(actionFolder, "gitlab.yml"), "utf8"));
    const { PORTOLAN_IMAGE, ...variables } = gitlab.variables;
    expect(template["portolan-diff"].image).toBe("$PORTOLAN_IMAGE");
    expect(PORTOLAN_IMAGE).toContain("portolan");
    const known = Object.keys(template["portolan-diff"].variables);
    expect(known).toEqual(expect.arrayContaining([...Object.keys(variables), "PORTOLAN_NOTE_TOKEN"]));
    for (const input of ["fail-on-differences", "comment"]) expect(Object.keys(action.inputs)).toContain(input);
  });

  it("gives the scripts what they read", () => {
    const given = new Set(action.runs.steps.flatMap(({ env }) => Object.keys(env ?? {})));
    const script = readFileSync(join(actionFolder, "run-diff.sh"), "utf8");
    const read = [...script.matchAll(/\$\{?([A-Z_]+)/g)].map(([, name]) => name as string);
    const known = /^(?:GITHUB_\w+|RUNNER_TEMP|CDPATH|REPORTS|FETCH_HEAD)$/;
    expect(read.filter((name) => !given.has(name) && !known.test(name))).toEqual([]);
  });
});

it.each(readdirSync(actionFolder).filter((name) => name.endsWith(".sh")))("%s is POSIX shell", (name) => {
  execFileSync("sh", ["-n", join(actionFolder, name)]);
  expect(readFileSync(join(actionFolder, name), "utf8")).toMatch(/^#!\/bin\/sh\n#[\s\S]*\nset -eu\n/);
});

interface Job {
  readonly script: readonly string[];
  readonly variables: Readonly<Record<string, string>>;
  readonly artifacts: { readonly paths: readonly string[] };
}

describe("gitlab.yml", () => {
  const { "portolan-diff": job } = parse(readFileSync(join(actionFolder, "gitlab.yml"), "utf8")) as {
    readonly "portolan-diff": Job;
  };

  /** curl that answers with these notes, and keeps what it is asked and sent. */
  const fakeCurl = (notes: readonly object[]): string => `#!/bin/sh
printf '%s\\n' "$*" >>calls
for word in "$@"; do
  case $word in
    body@*) cat "\${word#body@}" >sent; exit 0 ;;
    portolan-note.config) cat portolan-note.config >config ;;
  esac
done
cat <<'NOTES'
${JSON.stringify(notes)}
NOTES
`;

  /** What diff says of the reports that it writes. */
  const written = expect.stringMatching(/^(?:\S+\.(?:md|html|json): \w+ report written\n){3}$/);

  function run(
    notes: readonly object[],
    token = "",
  ): { readonly cwd: string; readonly code: number | null; readonly stderr: string } {
    const cwd = folder({
      "deploy/web.yaml": service,
      "state.yaml": [node, slice].join("---\n"),
      "bin/curl": fakeCurl(notes),
      "bin/portolan": `#!/bin/sh\nexec '${process.execPath}' '${cli}' "$@"\n`,
    });
    git(cwd, "init", "-q");
    const base = commitAll(cwd);
    writeFileSync(join(cwd, "deploy/web.yaml"), replaced(service, "30080", "30081"));
    commitAll(cwd);
    const env = {
      ...job.variables,
      CI_MERGE_REQUEST_DIFF_BASE_SHA: base,
      CI_API_V4_URL: "https://gitlab.example.org/api/v4",
      CI_PROJECT_ID: "3",
      CI_MERGE_REQUEST_IID: "5",
      PORTOLAN_PATH: "deploy",
      PORTOLAN_STATE: "state.yaml",
      PORTOLAN_NOTE_TOKEN: token,
    };
    return { cwd, ...runShell(job.script.join("\n"), cwd, env) };
  }

  it("keeps the reports", () => {
    const { cwd, code, stderr } = run([]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: written });
    const files = readdirSync(cwd);
    for (const path of job.artifacts.paths) expect(files).toContain(path);
    expect(read(cwd, "portolan-diff.json")).toContain("nodePort 30081/TCP");
    expect(files).not.toContain("calls");
  });

  it("makes a note, or writes its own anew; the token is no argument", () => {
    const made = run([{ id: 4, body: "hello" }], "secret");
    expect({ code: made.code, stderr: made.stderr }).toEqual({ code: 0, stderr: written });
    expect(read(made.cwd, "sent")).toMatch(/^<!-- portolan-diff -->\n/);
    expect(read(made.cwd, "calls")).toMatch(/--request POST .*\/projects\/3\/merge_requests\/5\/notes\n$/);
    expect(read(made.cwd, "config")).toBe('header = "PRIVATE-TOKEN: secret"\n');
    expect(read(made.cwd, "calls")).not.toContain("secret");
    expect(readdirSync(made.cwd).filter((name) => name.startsWith("portolan-note"))).toEqual([]);
    const again = run(
      [
        { id: 4, body: "hello" },
        { id: 9, body: "<!-- portolan-diff -->\nold" },
      ],
      "secret",
    );
    expect(read(again.cwd, "calls")).toMatch(/--request PUT .*\/notes\/9\n$/);
  });
});
