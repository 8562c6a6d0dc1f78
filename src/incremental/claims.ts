import type { Family } from "../model/address.ts";
import type { Service, Vip } from "../model/objects/service.ts";

/** Which Services hold what only one Service, or one service port, can have: by claim, the keys of Services. */
export type Claims = Map<string, string[]>;

/**
 * What a Service may get in another's way with: node ports, cluster IPs, and each address with each port it answers on.
 * `hostAddresses` are those that node ports may be served on.
 */
export function claimsOf(service: Service, hostAddresses: readonly string[]): ReadonlySet<string> {
  const claims = new Set<string>();
  const { clusterIps, externalIps, loadBalancerIps, ports, healthCheckNodePort } = service;
  const vips = [...externalIps, ...loadBalancerIps];
  for (const family in clusterIps) {
    const vip = clusterIps[family as Family] as Vip;
    claims.add(vip.address.text);
    vips.push(vip);
  }
  for (const { protocol, port, nodePort } of ports) {
    for (const { address } of vips) claims.add(`${address.text} ${protocol} ${port}`);
    if (nodePort === undefined) continue;
    claims.add(`node port ${nodePort}`);
    for (const address of hostAddresses) claims.add(`${address} ${protocol} ${nodePort}`);
  }
  if (healthCheckNodePort !== undefined) claims.add(`node port ${healthCheckNodePort}`);
  return claims;
}

export function enterClaims(index: Claims, key: string, claims: Iterable<string>): void {
  for (const claim of claims) {
    const holders = index.get(claim);
    if (holders === undefined) index.set(claim, [key]);
    else holders.push(key);
  }
}

export function dropClaims(index: Claims, key: string, claims: Iterable<string>): void {
  for (const claim of claims) {
    const left = index.get(claim)?.filter((holder) => holder !== key) ?? [];
    if (left.length === 0) index.delete(claim);
    else index.set(claim, left);
  }
}
