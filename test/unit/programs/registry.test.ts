import { describe, expect, it } from "vitest";
import { proxyModes } from "../../../src/model/proxy-configuration/proxy-configuration.ts";
import { programById, programFor, programIds } from "../../../src/programs/registry.ts";

describe("the registry of programs", () => {
  it("has a program for every mode that a configuration may ask for", () => {
    expect(proxyModes.map((mode) => programFor({ mode }).mode)).toEqual([...proxyModes]);
  });

  it.each(programIds)("%s is found by its id", (id) => {
    expect(programById(id).id).toBe(id);
  });

  it("knows the objects of each program, and not those of the other", () => {
    const [iptables, ipvs] = [programById("kube-proxy/iptables"), programById("kube-proxy/ipvs")];
    const nodePort = { kind: "chain", table: "nat", name: "KUBE-NODE-PORT" } as const;
    expect(ipvs.ownerOf(nodePort)).toBeDefined();
    expect(iptables.ownerOf(nodePort)).toBeUndefined();
    expect(iptables.purposeOf(nodePort, undefined)).toBeUndefined();
    const set = { kind: "set", name: "KUBE-CLUSTER-IP" } as const;
    expect(ipvs.purposeOf(set, undefined)).toContain("cluster ip");
    expect(iptables.ownerOf(set)).toBeUndefined();
    const services = { kind: "chain", table: "nat", name: "KUBE-SERVICES" } as const;
    expect([iptables, ipvs].every((program) => program.ownerOf(services) !== undefined)).toBe(true);
  });

  it("says what each mode decides in its own way", () => {
    const { traits: iptables } = programFor({ mode: "iptables" });
    const { traits: ipvs } = programFor({ mode: "ipvs" });
    expect(iptables).toMatchObject({
      localPolicyFallsBack: false,
      shortCircuitsLocal: true,
      nodePortsOnLoopback: true,
    });
    expect(ipvs).toMatchObject({ localPolicyFallsBack: true, shortCircuitsLocal: false, nodePortsOnLoopback: false });
    expect([iptables.affinityScope, ipvs.affinityScope]).toEqual(["service-port", "address"]);
    expect([iptables.unknownPortOfVip, ipvs.unknownPortOfVip]).toEqual(["passed-on", "rejected"]);
    const { traits: nftables } = programFor({ mode: "nftables" });
    expect(nftables).toMatchObject({ nodePortsByDefault: "primary", nodePortsOnLoopback: false, balancing: "chance" });
  });
});
