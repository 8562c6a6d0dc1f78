import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { corpusFolder } from "../../../../scripts/conformance/corpus.mjs";
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
