import type { TrafficRule } from "../rule.ts";

/** IPVS chose the endpoint by the client's address or by load. */
export const scheduler: TrafficRule = {
  kind: "traffic",
  code: "migrate-scheduler",
  explains: ({ severity, difference: { was } }) =>
    (severity === "affinity" || severity === "load-distribution") &&
    was.some(({ outcome: { scheduling } }) => scheduling !== undefined && scheduling !== "by weight"),
  details: (_, { cluster }) => [`scheduler ${cluster.proxyConfiguration.ipvs.scheduler}`],
};

export const affinityRestarts: TrafficRule = {
  kind: "traffic",
  code: "migrate-affinity-restarts",
  explains: ({ difference: { returning } }) => returning !== undefined,
};
