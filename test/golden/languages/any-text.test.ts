import fc from "fast-check";
import { expect, test } from "vitest";
import { parseTables } from "../../../src/languages/iptables/parse.ts";
import { printTables } from "../../../src/languages/iptables/write-rule.ts";
import { parseServers, printServers } from "../../../src/languages/ipvs/text.ts";

test("no text makes the parser of iptables-save throw, and what it understood is printed to the same again", () => {
  const word = fc.constantFrom(
    ..."-A A ! -s -d -i -p -m -j -g -o tcp comment --comment recent --rcheck --set --name --rsource --seconds --reap".split(
      " ",
    ),
    ..."statistic --mode random --probability 0.5 mark --mark 0x1/0x2 --dport 80 addrtype --src-type LOCAL".split(" "),
    ..."DNAT --to-destination MARK --set-xmark REJECT --reject-with x nfacct --nfacct-name conntrack --ctstate set --match-set dst,src".split(
      " ",
    ),
    '"a b"',
    '"',
    "\\",
    "é",
  );
  const line = fc.oneof(
    fc.array(word, { maxLength: 12 }).map((words) => `-A A ${words.join(" ")}`),
    fc.string({ unit: "binary" }),
    fc.constantFrom("*nat", "*filter", "COMMIT", ":A - [0:0]", ":INPUT DROP [1:1]", "[1:1] -A A"),
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 8 }), (lines) => {
      const first = parseTables(`*nat\n:A - [0:0]\n${lines.join("\n")}`);
      const printed = printTables(first.tables);
      expect(printTables(parseTables(printed).tables)).toBe(printed);
    }),
    { numRuns: 2000 },
  );
});

test("no text makes the parser of ipvsadm throw, and what it understood is printed to the same again", () => {
  const word = fc.constantFrom(
    ..."-A -a -t -u -r -s rr mh -p 60 060 -b mh-port -m -g -w 1 -M 10.0.0.1:80 [fd00::1]:80 -o".split(" "),
  );
  const line = fc.oneof(
    fc.array(word, { maxLength: 10 }).map((words) => words.join(" ")),
    fc.array(word, { maxLength: 4 }).map((words) => ["-A -t 10.0.0.1:80 -s rr", ...words].join(" ")),
    fc.string({ unit: "binary" }),
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 8 }), (lines) => {
      const printed = printServers(parseServers(lines.join("\n")).servers);
      expect(printServers(parseServers(printed).servers)).toBe(printed);
    }),
  );
});
