import type { Family } from "../model/address.ts";
import type { Service, Vip } from "../model/objects/service.ts";

/**
 * The claims of Services: resources that only one Service or service port can have. Maps each claim to Service keys.
 */
export type Claims = Map<string, string[]>;

/**
 * The claims that may conflict with other Services: node ports, cluster IPs, and each address and port. `hostAddresses`
 * are the addresses that may serve node ports.
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
