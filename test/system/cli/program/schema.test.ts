import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { schemas } from "../../../../src/report/schemas.ts";
import { runCli } from "../../../harness/run-cli.ts";

describe("schema", () => {
  it.each(Object.keys(schemas))("%s is a valid JSON Schema", async (name) => {
    const { stdout, stderr, code } = await runCli(["schema", name]);
    expect({ stderr, code }).toEqual({ stderr: "", code: 0 });
    const schema = JSON.parse(stdout);
    expect(schema).toMatchObject({ $schema: "https://json-schema.org/draft/2020-12/schema" });
    expect(new Ajv2020({ strict: true, allowUnionTypes: true }).validateSchema(schema)).toBe(true);
  });

  it("without a name lists them", async () => {
    const { stdout, code } = await runCli(["schema"]);
    expect(
      stdout
        .trimEnd()
        .split("\n")
        .map((line) => line.split(" ")[0]),
    ).toEqual(Object.keys(schemas).sort());
    expect(code).toBe(0);
  });

  it("does not know others", async () => {
    for (const name of ["dif", "toString"]) {
      const { stdout, stderr, code } = await runCli(["schema", name]);
      expect({ stdout, code }).toEqual({ stdout: "", code: 2 });
      expect(stderr).toContain(`there is no schema ${name}`);
    }
  });
});
