import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compareChain as compare } from "../../../src/languages/iptables/changes/compare-chain.ts";
import { editChain } from "../../../src/languages/iptables/changes/edit-chain.ts";
import { iptables } from "../../../src/languages/iptables/language.ts";
import { parseTables } from "../../../src/languages/iptables/parse.ts";
import { readTables } from "../../../src/languages/iptables/read-tables.ts";
import { targetOf } from "../../../src/languages/iptables/rule-lines.ts";
import { ownChains } from "../../../src/programs/registry.ts";

const compareChain = (desired: readonly string[], live: readonly string[]) => compare(desired, live, ownChains);

const dispatch = '-A KUBE-SERVICES -m comment --comment "the last" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS';

function serviceRule(number: number): string {
  const ip = `10.96.${number >> 8}.${number & 255}/32`;
  const comment = `-m comment --comment "shop/svc-${number} cluster IP"`;
  return `-A KUBE-SERVICES -d ${ip} -p tcp ${comment} -m tcp --dport 80 -j KUBE-SVC-${String(number).padStart(16, "A")}`;
}

/** What iptables-restore makes of an edit. */
function edited(found: readonly string[], { deletes, inserts }: NonNullable<ReturnType<typeof editChain>>) {
  const rules = [...found];
  for (const line of deletes) rules.splice(rules.indexOf(line.replace("-D", "-A")), 1);
  for (const line of inserts) {
    const [, position, rest] = /^-I KUBE-SERVICES (\d+) (.*)$/.exec(line) ?? [];
    rules.splice(Number(position) - 1, 0, `-A KUBE-SERVICES ${rest}`);
  }
  return rules;
}

describe("the rules of a chain", () => {
  const numbers = (least: number) => fc.uniqueArray(fc.nat(999), { minLength: least, maxLength: 200 });

  test("an edit makes them as wanted, whatever order kube-proxy left them in", () => {
    fc.assert(
      fc.property(numbers(100), numbers(0), fc.nat(), ([...base], changes, seed) => {
        const wanted = [...base.sort((a, b) => a - b).map(serviceRule), dispatch];
        const gone = changes.slice(0, 5).filter((number) => !base.includes(number));
        const kept = base.filter((number) => !changes.slice(5, 10).includes(number));
        const shuffled = [...kept, ...gone].sort((a, b) => ((a * 7919 + seed) % 1009) - ((b * 7919 + seed) % 1009));
        const found = [...shuffled.map(serviceRule), dispatch];
        const difference = compareChain(wanted, found);
        const isSame = gone.length === 0 && kept.length === base.length;
        expect(difference === undefined).toBe(isSame);
        const edit = difference && editChain("KUBE-SERVICES", wanted, difference);
        if (edit === undefined) return;
        expect(edit.deletes.length + edit.inserts.length).toBe(gone.length + base.length - kept.length);
        expect(compareChain(wanted, edited(found, edit))).toBeUndefined();
      }),
    );
  });

  test.each([50, 51, 400])("of %d rules with one that stands twice, none is deleted by its text", (count) => {
    const wanted = [...Array.from({ length: count - 1 }, (_, number) => serviceRule(number)), dispatch];
    const live = [...wanted.slice(0, 20), wanted[3] as string, ...wanted.slice(20)];
    const difference = compareChain(wanted, live);
    expect(difference).toMatchObject({ missing: [], extra: [wanted[3]] });
    expect(difference && editChain("KUBE-SERVICES", wanted, difference)).toBeUndefined();
  });

  test.each([
    "-m statistic --mode random --probability 0.50000000000",
    "-m recent --rcheck --seconds 10800 --reap --name KUBE-SEP-A --mask 255.255.255.255 --rsource",
    "-m nfacct --nfacct-name ct_state_invalid_dropped_pkts",
  ])("a rule with memory (%s) is not edited: its text is not all of it", (match) => {
    const rules = Array.from({ length: 60 }, (_, number) => serviceRule(number));
    const remembering = serviceRule(61).replace(" -j ", ` ${match} -j `);
    for (const [wanted, live] of [
      [[...rules, remembering], rules],
      [rules, [...rules, remembering]],
    ] as const) {
      const difference = compareChain(wanted, live);
      expect(difference && editChain("KUBE-SERVICES", wanted, difference)).toBeUndefined();
    }
    const difference = compareChain([...rules, serviceRule(61)], rules);
    expect(difference && editChain("KUBE-SERVICES", [...rules, serviceRule(61)], difference)).toBeDefined();
  });

  test("the dispatch to node ports comes last, and that is an order", () => {
    const rules = [1, 2, 3].map(serviceRule);
    expect(compareChain([...rules, dispatch], [dispatch, ...rules])?.reordered).toBe(true);
    expect(compareChain([...rules, dispatch], [...rules.toReversed(), dispatch])).toBeUndefined();
  });

  test("rules for one address and port keep their order", () => {
    const [first, second] = ["KUBE-EXT-A", "KUBE-EXT-B"].map((target) => serviceRule(1).replace(/\S+$/, target));
    expect(compareChain([first ?? "", second ?? ""], [second ?? "", first ?? ""])?.reordered).toBe(true);
  });

  test("rules for different virtual servers may stand in any order", () => {
    const rule = (ip: string, port: number) =>
      `-A KUBE-IPVS-OUT-FILTER -s ${ip}/32 -m ipvs --vproto 6 --vaddr ${ip} --vport ${port} -j DROP`;
    const rules = [rule("203.0.113.1", 80), rule("203.0.113.2", 80), rule("203.0.113.1", 443)];
    expect(compareChain(rules, [...rules].reverse())).toBeUndefined();
  });

  test("other spellings of a rule are the same rule", () => {
    const ours = '-A KUBE-SEP-X -p tcp -m comment --comment "shop/web" -m tcp -j DNAT --to-destination 10.0.0.1:80';
    for (const other of [
      '-A KUBE-SEP-X -p tcp -m tcp -m comment --comment "shop/web" -j DNAT --to-destination 10.0.0.1:80',
      '-A KUBE-SEP-X -p tcp -m comment --comment "shop/web" -j DNAT --to-destination 10.0.0.1:80',
      "-A KUBE-SEP-X -p tcp -m comment --comment shop/web -m tcp -j DNAT --to-destination 10.0.0.1:80",
    ]) {
      expect(compareChain([ours], [other]), other).toBeUndefined();
    }
    for (const other of [ours.replace(":80", ":81"), ours.replace("tcp -m", "udp -m"), ours.replace(" -p tcp", "")]) {
      expect(compareChain([ours], [other]), other).toMatchObject({ missing: [ours], extra: [other] });
    }
  });

  test("a target is what stands outside of quotes", () => {
    expect(targetOf('-A FORWARD -m string --algo bm --string "x -j KUBE-FORWARD y" -j DROP')).toBe("DROP");
    expect(targetOf('-A INPUT -m comment --comment "say \\"-j ACCEPT\\"" -j KUBE-FIREWALL')).toBe("KUBE-FIREWALL");
    expect(targetOf('-A KUBE-FW-X -m comment --comment "-j nothing"')).toBeUndefined();
  });

  test("a text that is cut off, or holds what iptables-nft cannot read, is told", () => {
    const read = (text: string) => readTables([{ file: "x", text }]);
    const cut = { file: "x", line: 1, message: "this table has no COMMIT: the text is truncated", kind: "cut-off" };
    expect(read("*nat\n:A - [0:0]\n-A A -j DROP\n").problems).toEqual([cut]);
    const nft = "# Table `nat' is incompatible, use 'nft' tool.\n";
    expect(read(nft).problems).toMatchObject([{ line: 1, kind: "not-printed" }]);
    const legacy = "# Warning: iptables-legacy tables present, use iptables-legacy-save to see them\n";
    expect(read(legacy).problems).toMatchObject([{ line: 1, kind: "other-backend" }]);
    expect(parseTables(legacy).problems).toEqual([]);
    const counted = read("*nat\n:B - [0:0]\n-A B -j ACCEPT\n[1:2] -A B -j DROP\nCOMMIT\n").tables.get("nat")?.get("B");
    expect(counted).toMatchObject({ lines: ["-A B -j ACCEPT", "-A B -j DROP"], numbers: [3, 4], declaredAt: 2 });
    expect(counted?.counted[1]).toBe("[1:2]");
  });

  test("parts lie one over the other, and each line knows its file", () => {
    const parts = [
      { file: "a", text: "*nat\n:B - [0:0]\n-A B -j ACCEPT\n-A INPUT -j B\nCOMMIT\n" },
      { file: "b", text: "*nat\n-A INPUT -j DROP\n-A C -j DROP\n-A B -j DROP\nCOMMIT\n" },
    ];
    const { tables, problems } = readTables(parts);
    const input = tables.get("nat")?.get("INPUT");
    expect(input).toMatchObject({ lines: ["-A INPUT -j B", "-A INPUT -j DROP"], numbers: [4, 2], files: ["a", "b"] });
    expect(problems).toEqual([
      { file: "b", line: 3, message: "chain C is not declared in table nat", kind: "undeclared" },
    ]);
    expect(iptables.write(iptables.parse(parts.slice(0, 1)).doc)).toBe(parts[0]?.text);
  });

  test("any text is read without an exception", () => {
    fc.assert(fc.property(fc.string(), (text) => void readTables([{ file: "x", text: `*nat\n${text}\nCOMMIT\n` }])));
    fc.assert(fc.property(fc.array(fc.string()), fc.array(fc.string()), (a, b) => void compareChain(a, b)));
  });
});
