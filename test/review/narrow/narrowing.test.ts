import { describe, expect, it } from "vitest";
import { createRuleOwners } from "../../../src/filter/known-services.ts";
import { isProblem, parseSelector } from "../../../src/filter/label-selector.ts";
import { countHidden, createNarrowing, narrowItems } from "../../../src/filter/narrowing.ts";
import { parseServiceChoice, type ServiceFilter, tellUnmatched } from "../../../src/filter/service-filter.ts";
import { notShownSentence } from "../../../src/report/words.ts";

interface Asked {
  readonly namespaces?: readonly string[];
  readonly selector?: string;
  readonly services?: readonly string[];
}

function filter({ namespaces = [], selector, services = [] }: Asked): ServiceFilter {
  const read = selector === undefined ? undefined : parseSelector(selector);
  if (read !== undefined && isProblem(read)) throw new Error(read.message);
  return { namespaces, selector: read, services: services.flatMap((text) => parseServiceChoice(text) ?? []) };
}

const services = [
  { namespace: "shop", name: "web", labels: { app: "web", side: "base" } },
  { namespace: "shop", name: "web", labels: { app: "site", side: "head" } },
  { namespace: "shop", name: "db", labels: { app: "db" } },
  { namespace: "other", name: "web", labels: { app: "web" } },
];
const owners = new Map([["EndpointSlice shop/web-x1", "shop/web"]]);

function shown(asked: Asked, names: readonly string[]): readonly string[] {
  const { shows } = createNarrowing(filter(asked), { services, owners });
  return names.filter((name) => shows([name]));
}

describe("a narrowing", () => {
  const names = ["shop/web:http", "shop/db", "other/web", "gone/web"];
  it.each([
    [{ namespaces: ["shop"] }, ["shop/web:http", "shop/db"]],
    [{ namespaces: ["shop", "other"] }, ["shop/web:http", "shop/db", "other/web"]],
    [{ services: ["web"] }, ["shop/web:http", "other/web", "gone/web"]],
    [{ services: ["shop/web"] }, ["shop/web:http"]],
    [{ services: ["shop/web", "db"] }, ["shop/web:http", "shop/db"]],
    [{ namespaces: ["shop"], services: ["web"] }, ["shop/web:http"]],
    [{ namespaces: ["shop"], services: ["other/web"] }, []],
    [{ selector: "app=web" }, ["shop/web:http", "other/web"]],
    [{ selector: "app=site" }, ["shop/web:http"]],
    [{ selector: "!nothing" }, ["shop/web:http", "shop/db", "other/web"]],
    [{ selector: "app=web", namespaces: ["other"] }, ["other/web"]],
  ] satisfies [Asked, string[]][])("to %j shows these", (asked, expected) => {
    expect(shown(asked, names)).toEqual(expected);
  });

  it("shows what belongs to no single Service", () => {
    const others = [
      "shared base chains",
      "a deleted Service",
      "Node n1",
      "Chain nat/KUBE-SERVICES",
      "all other destinations",
    ];
    expect(shown({ namespaces: ["none"] }, others)).toEqual(others);
    expect(createNarrowing(filter({ namespaces: ["none"] }), { services, owners }).shows([undefined])).toBe(true);
  });

  it("knows whose an EndpointSlice is", () => {
    const slices = ["EndpointSlice shop/web-x1", "EndpointSlice other/unknown", "Service shop/web"];
    expect(shown({ services: ["db"] }, slices)).toEqual(["EndpointSlice other/unknown"]);
  });

  it("shows what concerns several Services when any of them is meant", () => {
    const { shows } = createNarrowing(filter({ namespaces: ["other"] }), { services, owners });
    expect(shows(["shop/db", "other/web"])).toBe(true);
    expect(shows(["shop/db", undefined])).toBe(false);
  });
});

describe("what is not shown", () => {
  const namesOf = (name: string): readonly string[] => [name];
  it.each([
    [["shop/db", "shop/web:a", "shop/web:b"], 0, "3 changes of 2 other Services are not shown (-n other)"],
    [["shop/db", "other/web"], 2, "1 change of another Service and 2 rules are not shown (-n other)"],
    [["shop/db"], 0, "1 change of another Service is not shown (-n other)"],
    [["other/web"], 1, "1 rule of other Services is not shown (-n other)"],
    [["other/web"], 0, "-n other hides nothing"],
  ])("of %j and %d rules", (items, rules, says) => {
    const narrowing = createNarrowing(filter({ namespaces: ["other"] }), { services, owners });
    const { hidden } = narrowItems(items, namesOf, narrowing);
    expect(notShownSentence({ ...countHidden(hidden, namesOf, narrowing), rules }, "change")).toBe(says);
  });
});

describe("a filter that matches nothing", () => {
  it.each([
    [{ namespaces: ["shopp"] }, "no Service matches -n shopp; did you mean -n shop?"],
    [{ services: ["shop/wbe"] }, "no Service matches --service shop/wbe; did you mean --service shop/web?"],
    [{ services: ["nowhere/db"] }, "no Service matches --service nowhere/db; did you mean --service shop/db?"],
    [{ selector: "app=wab" }, "no Service matches -l app=wab; did you mean -l app=web?"],
    [{ selector: "ap=web" }, "no Service matches -l ap=web; did you mean -l app=web?"],
    [{ selector: "sid" }, "no Service matches -l sid; did you mean -l side?"],
    [
      { selector: "app in (x, y)" },
      "no Service matches -l 'app in (x, y)'; existing Services: other/web, shop/db, shop/web",
    ],
  ] satisfies [Asked, string][])("%j", (asked, says) => {
    expect(tellUnmatched(filter(asked), services)).toBe(says);
  });

  it("says that there is none at all", () => {
    expect(tellUnmatched(filter({ namespaces: ["shop"] }), [])).toBe(
      "no Service matches -n shop; there are no Services",
    );
  });
});

it.each(["a/b/c", "", "shop/", "/web", "shop/web:http", "a b"])("%j is no Service's name", (text) => {
  expect(parseServiceChoice(text)).toBeUndefined();
});

it("rules are told by comments and by what they lead to, and those of others are nobody's", () => {
  const chain = "KUBE-SVC-E3PXEPMWAWIUT6ZV";
  const lead = `-A KUBE-SERVICES -d 10.96.0.10/32 -p tcp -m comment --comment "shop/web:http cluster IP" -j ${chain}`;
  const chains = new Map([
    ["KUBE-SERVICES", [lead]],
    [chain, [`-A ${chain} -j KUBE-SEP-AAAAAAAAAAAAAAAA`]],
  ]);
  const rules = { ipv4: { tables: new Map([["nat", { chains }]]) }, ipv6: undefined };
  const ofRule = createRuleOwners([{ rules }]);
  expect(ofRule("KUBE-SERVICES", lead)).toEqual(["shop/web:http"]);
  expect(ofRule("KUBE-SEP-AAAAAAAAAAAAAAAA", "")).toEqual(["shop/web:http"]);
  expect(ofRule("KUBE-SERVICES", `-A KUBE-SERVICES -j ${chain}`)).toEqual(["shop/web:http"]);
  expect(ofRule("KUBE-SERVICES", "-A KUBE-SERVICES -j KUBE-NODEPORTS")).toEqual([]);
  expect(ofRule("FORWARD", '-A FORWARD -m comment --comment "shop/web" -j ACCEPT')).toEqual([]);
});
