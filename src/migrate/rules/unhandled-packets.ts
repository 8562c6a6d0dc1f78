import type { Part } from "../../datapath/classes.ts";
import { isUntouched } from "../../diff/classify-change.ts";
import type { TrafficRule } from "../rule.ts";

const isRejected = ({ outcome }: Part): boolean => outcome.verdict.kind === "rejected";
const isDropped = ({ outcome }: Part): boolean => outcome.verdict.kind === "dropped";

export const invalidPackets: TrafficRule = {
  kind: "traffic",
  code: "migrate-invalid-packets",
  explains: ({ destination }) => destination.state === "INVALID",
  configuration: () => [{ path: ["conntrack", "tcpBeLiberal"], value: true }],
};

export const unallocatedAddresses: TrafficRule = {
  kind: "traffic",
  code: "migrate-unallocated-addresses",
  explains: ({ destination, difference }) =>
    destination.kind === "elsewhere" && difference.was.every(isUntouched) && difference.now.every(isDropped),
  details: (found) => [...new Set(found.flatMap(({ destination }) => destination.network ?? []))],
};

/** Rejected, unless another program has dropped them before. */
export const unusedPortsRejected: TrafficRule = {
  kind: "traffic",
  code: "migrate-unused-ports-rejected",
  explains: ({ difference: { was, now } }) =>
    was.every((part) => isUntouched(part) || isDropped(part)) &&
    now.some(isRejected) &&
    now.every((part) => isRejected(part) || isDropped(part)),
};

export const unusedPortsPassedOn: TrafficRule = {
  kind: "traffic",
  code: "migrate-unused-ports-passed-on",
  explains: ({ difference: { was, now } }) => was.every(isRejected) && now.every(isUntouched),
};
