import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { skipFor } from "../harness/skip.ts";
import { compileInto } from "./compile-folder.ts";
import { makeToolFolder } from "./needs.ts";
import type { Protocol, Question } from "./traffic/questions.ts";
import { addresses } from "./traffic/topology.ts";
import { inside, runInMachine, whyNoMachine } from "./uml/start.ts";
import { transpileFolder } from "./uml/transpile.ts";

const tools = ["ip", "nsenter", "unshare", "sysctl", "ipset", "ipvsadm", "xtables-legacy-multi", "python3"];
const reason = whyNoMachine(tools);

const workspace = mkdtempSync(join(tmpdir(), "portolan-traffic-"));
afterAll(() => rmSync(workspace, { recursive: true }));

/** One lab for all: what is to be asked is gathered with the tests, and asked in one machine before they run. */
const questions: Question[] = [];
let answers: readonly (readonly string[])[] = [];

type Asked = Pick<Question, "group" | "from" | "protocol" | "host" | "port"> & Partial<Question>;

/** A machine shared with others is slow: time enough for what must come, and for what must not a little. */
const patience = 15_000;
const impatience = 1500;

function ask(asked: Asked): () => readonly string[] | undefined {
  const at = questions.push({ times: 12, inTurn: false, patience, source: undefined, ...asked }) - 1;
  return () => answers[at];
}

async function answerAll(): Promise<void> {
  const manifest = (name: string) => readFileSync(new URL(`traffic/${name}`, import.meta.url), "utf8");
  // The same Services with SCTP besides.
  const cluster = manifest("cluster.yaml").replace(
    /^( *- )\{name: udp, protocol: UDP, (.*)$/gm,
    "$&\n$1{name: sctp, protocol: SCTP, $2",
  );
  for (const node of ["node1", "node2"]) {
    compileInto(join(workspace, node), { cluster, configuration: manifest("kube-proxy.yaml"), node }, "ipvs");
  }
  makeToolFolder(join(workspace, "tools"), "legacy");
  transpileFolder(new URL("traffic/", import.meta.url).pathname, join(workspace, "traffic"));
  writeFileSync(join(workspace, "questions.json"), JSON.stringify(questions));
  const program = `'${process.execPath}' ${inside}/traffic/answer.mjs ${inside}`;
  await runInMachine(workspace, program, { seconds: 300 });
  answers = JSON.parse(readFileSync(join(workspace, "answers.json"), "utf8"));
}

const families = [
  { family: "IPv4", at: 0, clusterIP: (last: number) => `10.96.0.${last}`, vip: "203.0.113.50" },
  { family: "IPv6", at: 1, clusterIP: (last: number) => `fd00:10:96::${last}`, vip: "2001:db8:cafe::50" },
] as const;
const protocols: readonly Protocol[] = ["tcp", "udp", "sctp"];
const services = { web: 10, local: 20, nobody: 30, sticky: 40 } as const;

describe("ipvs", skipFor(reason), () => {
  beforeAll(answerAll, 330_000);

  describe.each(families)("$family", ({ at, clusterIP, vip }) => {
    describe.each(protocols)("%s", (protocol) => {
      const ip = (name: keyof typeof addresses) => addresses[name][at] as string;
      const inner = (node: "node1" | "node2") => addresses[node][at + 2] as string;
      // The client has two addresses, so it always says which.
      const call = (from: Question["from"], host: string, port: number, more: Partial<Question> = {}) => {
        const source = from === "client" ? ip("client") : undefined;
        return ask({ group: `${protocol}${at}`, from, protocol, host, port, source, ...more });
      };
      const inVain = { times: 1, patience: impatience };
      const masqueraded = [`a1 ${inner("node1")}`, `b1 ${ip("node1")}`];

      const fromPod = call("a2", clusterIP(services.web), 80);
      test("a pod reaches both endpoints by the cluster IP, its address kept", () => {
        expect(fromPod()).toEqual([`a1 ${ip("a2")}`, `b1 ${ip("a2")}`]);
      });

      const fromNode = call("node1", clusterIP(services.web), 80);
      test("a node reaches both endpoints by the cluster IP", () => expect(fromNode()).toEqual(masqueraded));

      const fromItself = call("a1", clusterIP(services.web), 80);
      test("a pod that reaches itself is masqueraded, and only then", () => {
        expect(fromItself()).toEqual([`a1 ${inner("node1")}`, `b1 ${ip("a1")}`]);
      });

      const fromOutside = call("client", clusterIP(services.web), 80);
      test("external traffic to a cluster IP is masqueraded", () => expect(fromOutside()).toEqual(masqueraded));

      const ofNode1 = call("client", ip("node1"), 30080);
      const ofNode2 = call("client", ip("node2"), 30080);
      const podToNode = call("a2", ip("node1"), 30080);
      test("the node port of any node leads to both endpoints, masqueraded", () => {
        expect(ofNode1()).toEqual(masqueraded);
        expect(ofNode2()).toEqual([`a1 ${ip("node2")}`, `b1 ${inner("node2")}`]);
        expect(podToNode()).toEqual(masqueraded);
      });

      const byLoopback = call("node1", at === 0 ? "127.0.0.1" : "::1", 30080, { times: 1 });
      test("node ports are not served on loopback", () => expect(byLoopback()).toEqual(["refused"]));

      const localHere = call("client", ip("node1"), 30090);
      const localElsewhere = call("client", ip("node2"), 30090, inVain);
      test("externalTrafficPolicy Local keeps the client's address", () => {
        expect(localHere()).toEqual([`a1 ${ip("client")}`]);
        // Passed on to the other node's endpoint, whose answer comes from an address that nobody asked.
        expect(localElsewhere()).toEqual(["timeout"]);
      });

      // Linux tells an SCTP socket nothing of an ICMP error that its peer's port is unreachable.
      const isTold = protocol !== "sctp";
      const refused = isTold ? "refused" : "timeout";
      const toBeRefused = { times: 1, patience: isTold ? patience : impatience };
      const nobodyThere = [
        call("a2", clusterIP(services.nobody), 80, toBeRefused),
        call("node1", clusterIP(services.nobody), 80, toBeRefused),
        call("client", clusterIP(services.nobody), 80, toBeRefused),
        call("client", ip("node2"), 30070, toBeRefused),
      ];
      test("without endpoints every way in is refused", () => {
        expect(nobodyThere.map((answer) => answer())).toEqual(nobodyThere.map(() => [refused]));
      });

      const wrongPort = call("a2", clusterIP(services.web), 81, toBeRefused);
      test("a port that the Service has not is refused", () => expect(wrongPort()).toEqual([refused]));

      const sticky = call("a2", clusterIP(services.sticky), 80, { inTurn: true });
      test("session affinity keeps to one endpoint", () => {
        expect(sticky()).toEqual([expect.stringMatching(/^(a1|b1) /)]);
      });

      const admitted = call("client", vip, 80);
      const shutOut = [call("client", vip, 80, { ...inVain, source: ip("stranger") }), call("a2", vip, 80, inVain)];
      test("a load balancer's source ranges admit one client and drop others", () => {
        expect(admitted()).toEqual(masqueraded);
        expect(shutOut.map((answer) => answer())).toEqual([["timeout"], ["timeout"]]);
      });
    });
  });
});
