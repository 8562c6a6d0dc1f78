const schedulers = ["rr", "wrr", "lc", "wlc", "fo", "ovf", "lblc", "lblcr", "dh", "sh", "mh", "sed", "nq", "twos", ""];

/** Some of these kube-proxy refuses, so we must; the others look as if it would. */
const doubtfulSettings = [
  { scheduler: "RR" },
  { scheduler: "nonsense" },
  { scheduler: null },
  { tcpTimeout: "-1s" },
  { tcpTimeout: "900ms" },
  { tcpTimeout: "1.5s", udpTimeout: "1h" },
  { tcpTimeout: 15 },
  { udpTimeout: "5" },
  { tcpFinTimeout: "1ns" },
  { tcpFinTimeout: null, udpTimeout: "1m30s" },
  { excludeCIDRs: ["nonsense"] },
  { excludeCIDRs: ["10.96.0.0"] },
  { excludeCIDRs: null },
  { excludeCIDRs: ["fd00::/8", "010.0.0.0/8"] },
  { syncPeriod: "0s" },
  { syncPeriod: "1s", minSyncPeriod: "10s" },
  { minSyncPeriod: "-1s" },
  { strictARP: null },
  { strictARP: "true" },
];

/** Only the ipvs mode reads this section. */
export const ipvsMutations = {
  scheduler: ({ configuration }, random) => {
    configuration.ipvs = { ...configuration.ipvs, scheduler: random.pick(schedulers) };
  },
  "timeouts of connections": ({ configuration }, random) => {
    const timeout = () => random.pick(["0s", "30s", "15m0s", "1h0m1s", "1.999s", "100h"]);
    const timeouts = { tcpTimeout: timeout(), tcpFinTimeout: timeout(), udpTimeout: timeout() };
    configuration.ipvs = { ...configuration.ipvs, ...timeouts };
  },
  "strict ARP, excluded ranges": ({ configuration }, random) => {
    const settings = { strictARP: random.chance(0.7), excludeCIDRs: ["10.96.0.0/16", "fd00:10:96::/112"] };
    configuration.ipvs = { ...configuration.ipvs, ...settings };
  },
  "no section ipvs": ({ configuration }, random) => {
    if (random.chance(0.5)) delete configuration.ipvs;
    else configuration.ipvs = null;
  },
  "a doubtful section ipvs": ({ configuration }, random) => {
    configuration.ipvs = { ...configuration.ipvs, ...structuredClone(random.pick(doubtfulSettings)) };
  },
};
