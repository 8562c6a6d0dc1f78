import { describe, expect, it } from "vitest";
import { actionFolder, folder, read, runShell, type ScriptResult } from "./run-script.ts";

/** `gh api` of a pull request with these comments, applying the filter with jq as gh does; keeps what it is sent. */
function fakeGh(comments: readonly object[], { mayWrite = true } = {}): string {
  return `#!/bin/sh
printf '%s\\n' "$*" >>calls
filter=
while [ $# -gt 0 ]; do
  case $1 in
    --jq) filter=$2; shift ;;
    --method) method=$2; shift ;;
    body=@*) cat "\${1#body=@}" >sent ;;
  esac
  shift
done
if [ -n "$filter" ]; then
  cat <<'COMMENTS' | jq -r "$filter"
${JSON.stringify(comments)}
COMMENTS
else
  ${mayWrite ? "exit 0" : "exit 1"}
fi
`;
}

const ours = { id: 7, user: { type: "Bot" }, body: "<!-- portolan-diff -->\nold" };
const others = [
  { id: 1, user: { type: "User" }, body: "<!-- portolan-diff -->\nmine" },
  { id: 2, user: { type: "Bot" }, body: null },
  { id: 3, user: { type: "Bot" }, body: "see <!-- portolan-diff -->" },
];

function run(gh: string, different: string): ScriptResult & { readonly cwd: string } {
  const cwd = folder({ "bin/gh": gh, "reports/diff.md": "<!-- portolan-diff -->\n## 1 service changes\n", calls: "" });
  const env = { REPOSITORY: "a/b", PULL_REQUEST: "12", DIFFERENT: different, REPORTS: "reports", GH_TOKEN: "x" };
  return { ...runShell(`sh '${actionFolder}comment.sh'`, cwd, env), cwd };
}

describe("the comment", () => {
  it("is made once there are differences", () => {
    const { cwd, code, stderr } = run(fakeGh(others), "true");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(read(cwd, "sent")).toBe("<!-- portolan-diff -->\n## 1 service changes\n");
    expect(read(cwd, "calls")).toMatch(/--method POST --silent repos\/a\/b\/issues\/12\/comments -F body=@/);
  });

  it("is written anew where it is, also when nothing differs any more", () => {
    for (const different of ["true", "false"]) {
      const { cwd } = run(fakeGh([...others, ours]), different);
      expect(read(cwd, "calls")).toMatch(/--method PATCH --silent repos\/a\/b\/issues\/comments\/7 -F body=@/);
    }
  });

  it("is not made to say that nothing differs", () => {
    const { cwd, code } = run(fakeGh(others), "false");
    expect(code).toBe(0);
    expect(read(cwd, "calls")).not.toMatch(/POST|PATCH/);
  });

  it("that may not be written fails nothing", () => {
    for (const gh of [fakeGh([], { mayWrite: false }), "#!/bin/sh\nexit 1\n"]) {
      const { code, stdout } = run(gh, "true");
      expect(code).toBe(0);
      expect(stdout).toMatch(/^::warning title=portolan diff::/);
    }
  });
});
