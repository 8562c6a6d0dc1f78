import { describe, expect, it } from "vitest";
import { printPart, printPercent } from "../../../src/datapath/share.ts";
import { renderGithub } from "../../../src/report/diff/github.ts";
import { renderJson } from "../../../src/report/diff/json.ts";
import { countChanged, groupByService, summarySentence } from "../../../src/report/diff/service-groups.ts";
import { change, diffOf } from "../../harness/report/diffs.ts";

const ports = ["shop/web:http", "shop/web:metrics", "shop/api"].map((service) => change({ service }));
const unnamed = change({ service: undefined, vip: "192.0.2.80:80/TCP" });

describe("the first line of a diff", () => {
  it("counts Services, not their ports", () => {
    const { groups } = groupByService(diffOf(ports));
    expect(countChanged(groups)).toEqual({ services: 2, servicePorts: 3, addresses: 0, nodes: 3 });
    expect(summarySentence(groups, {})).toBe("2 Services change on 3 nodes");
  });

  it("counts addresses of no Service beside them", () => {
    const sentence = (changes: typeof ports): string => summarySentence(groupByService(diffOf(changes)).groups, {});
    expect(sentence([...ports, unnamed])).toBe("2 Services and 1 other address change on 3 nodes");
    expect(sentence(ports.slice(0, 2))).toBe("1 Service changes on 3 nodes");
    expect(sentence([unnamed])).toBe("1 address changes on 3 nodes");
  });

  it("is the summary of the JSON", () => {
    expect(JSON.parse(renderJson(diffOf([...ports, unnamed]))).summary).toEqual({
      services: 2,
      servicePorts: 3,
      addresses: 1,
      nodes: 3,
    });
  });
});

it("annotations name what they leave out", () => {
  const many = Array.from({ length: 12 }, (_, index) => change({ service: `shop/s${index}:http` }));
  const lines = renderGithub(diffOf([...many, unnamed]))
    .trimEnd()
    .split("\n");
  expect(lines.at(-1)).toBe("::notice title=portolan diff::3 more Services and 1 more address in the report");
});

it.each([
  [0, 1, "0%"],
  [1, 1, "100%"],
  [1, 2, "50%"],
  [1, 3, "33.3%"],
  [1, 2 ** 20, "< 0.1%"],
  [2 ** 20 - 1, 2 ** 20, "> 99.9%"],
])("%d of %d is one text everywhere", (numerator, denominator, text) => {
  const fraction = { numerator: BigInt(numerator), denominator: BigInt(denominator) };
  expect([printPart(numerator / denominator), printPercent(fraction)]).toEqual([text, text]);
});
