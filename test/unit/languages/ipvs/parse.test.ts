import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { corpusFolder } from "../../../../scripts/conformance/corpus.mjs";
import { ipvs } from "../../../../src/languages/ipvs/language.ts";
import { parseServers, printServers } from "../../../../src/languages/ipvs/text.ts";

const CASES = join(corpusFolder, "cases");

describe("identity", () => {
  test("what the real kube-proxy made is printed back unchanged", () => {
    const files = readdirSync(CASES).map((name) => join(CASES, name, "expected", "ipvsadm.save"));
    const there = files.filter((file) => existsSync(file));
    expect(there.length).toBeGreaterThan(70);
    for (const file of there) {
      const text = readFileSync(file, "utf8");
      const { servers, problems } = parseServers(text);
      expect(problems, file).toEqual([]);
      expect(servers.flatMap((server) => [...server.rest, ...server.realServers.flatMap(({ rest }) => rest)])).toEqual(
        [],
      );
      expect(printServers(servers), file).toBe(text);
    }
  });

  test("options without a field of their own are kept", () => {
    const text =
      "-A -t 10.0.0.1:80 -s wlc -p 60 -M 255.255.255.0 -b mh-port\n-a -t 10.0.0.1:80 -r 10.0.1.5:8080 -g -w 3 -x 100 -y 50\n-A -u 10.0.0.1:80 -s rr -o\n";
    const { servers, problems } = parseServers(text);
    expect(problems).toEqual([]);
    expect(printServers(servers)).toBe(text);
  });
});

describe("structure", () => {
  test("a virtual server has its real servers", () => {
    const { servers, problems } = parseServers(
      "-A -t [fd00::10]:80 -s mh -p 10800 -b mh-port,mh-fallback\n-A --sctp-service 10.0.0.1:80 -s rr\n\n-a -t [fd00::10]:80 -r [fd00::5]:8080 -m -w 1\n",
    );
    expect(problems).toEqual([]);
    expect(servers).toEqual([
      {
        line: 1,
        protocol: "tcp",
        address: "[fd00::10]:80",
        scheduler: "mh",
        persistence: 10800,
        schedulerFlags: "mh-port,mh-fallback",
        rest: [],
        realServers: [{ line: 4, address: "[fd00::5]:8080", forwarding: "masquerade", weight: 1, rest: [] }],
      },
      {
        line: 2,
        protocol: "sctp",
        address: "10.0.0.1:80",
        scheduler: "rr",
        persistence: undefined,
        schedulerFlags: undefined,
        rest: [],
        realServers: [],
      },
    ]);
  });

  const web = "-A -t 10.0.0.1:80 -s rr";
  test.each([
    ["-D -t 10.0.0.1:80", 1, /expected -A or -a/],
    ["-A -f 1 -s rr", 1, /expected -t, -u or --sctp-service/],
    ["-A -t web:http -s rr", 1, /not an address and port/],
    ["-A -t 10.0.0.1:80", 1, /without a scheduler/],
    [`${web}\n${web}`, 2, /already exists/],
    ["-a -t 10.0.0.1:80 -r 10.0.1.5:8080 -m -w 1", 1, /no virtual server -t 10.0.0.1:80/],
    [`${web}\n-a -t 10.0.0.1:80 -r 10.0.1.5:8080 -w 1`, 2, /not a real server/],
    [`${web}\n-a -t 10.0.0.1:80 -r 10.0.1.5:8080 -m -w 01`, 2, /not a real server/],
  ])("%j is a problem", (text, line, message) => {
    expect(parseServers(text).problems).toEqual([{ line, message: expect.stringMatching(message) }]);
  });
});

describe("what ipvsadm -Ln prints", () => {
  const save = (...lines: readonly string[]) => ipvs.forms[1]?.toSave?.(lines);
  // Lines come without the blanks around them.
  const real = "-> 10.0.1.5:8080                Masq    1      0          0";
  const saved = (key: string, how = "-m") => `-a ${key} -r 10.0.1.5:8080 ${how} -w 1`;

  test.each([
    ["TCP  10.0.0.1:80 rr", "-A -t 10.0.0.1:80 -s rr"],
    ["UDP  10.0.0.1:80 wlc", "-A -u 10.0.0.1:80 -s wlc"],
    ["SCTP 10.0.0.1:80   rr", "-A --sctp-service 10.0.0.1:80 -s rr"],
    ["TCP  [fd00::1]:80 rr persistent 10800", "-A -t [fd00::1]:80 -s rr -p 10800"],
    ["TCP  10.0.0.1:80 mh (mh-port)", "-A -t 10.0.0.1:80 -s mh -b mh-port"],
    [
      "TCP  10.0.0.1:80 mh persistent 60 mask 255.255.255.255 (mh-fallback,mh-port)",
      "-A -t 10.0.0.1:80 -s mh -p 60 -b mh-fallback,mh-port",
    ],
  ])("%s is %s", (line, server) => {
    expect(save(line, real)).toEqual([server, saved(server.split(" ").slice(1, 3).join(" "))]);
  });

  test.each([
    ["Masq", "-m"],
    ["Route", "-g"],
    ["Local", "-g"],
    ["Tunnel", "-i"],
  ])("forwarding %s is %s", (name, option) => {
    expect(save("TCP  10.0.0.1:80 rr", real.replace("Masq", name))?.[1]).toBe(saved("-t 10.0.0.1:80", option));
  });

  test("real servers have addresses of either family", () => {
    const lines = save("TCP  [fd00::1]:80 rr", "-> [fd00::5]:8080 Masq 3 0 0", "-> [fd00:zz]:8080 Masq 1 0 0");
    expect(lines?.slice(1)).toEqual(["-a -t [fd00::1]:80 -r [fd00::5]:8080 -m -w 3", ""]);
  });

  test.each([
    ["of none", []],
    ["of a firewall mark", ["TCP  10.0.0.1:80 rr", "FWM  1 rr"]],
    ["of a firewall mark of several digits", ["TCP  10.0.0.1:80 rr", "FWM  12 rr"]],
  ])("a real server %s is left out", (_, lines) => expect(save(...lines, real)?.at(-1)).toBe(""));

  test.each([
    ["TCP  10.0.0.1:80 rr", true],
    ["FWM  12 rr", true],
    ["TCP something else", false],
    ["UDP", false],
  ])("%s begins one: %s", (line, isOne) => {
    const { begins, continues } = ipvs.forms[1] ?? {};
    expect(begins?.(line) === true || continues?.(line) === true).toBe(isOne);
  });
});
