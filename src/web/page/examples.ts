import sourceRanges from "../../../golden/loadbalancer-source-ranges/cluster.yaml";
import localPolicy from "../../../golden/nodeport-local-policy/cluster.yaml";
import nodePort from "../../../golden/service-python-nodeport/cluster.yaml";
import shop from "../examples/shop.yaml";
import unselected from "../examples/unselected.yaml";
import { defaultSettings, type PacketQuestion } from "../protocol.ts";
import type { PageState } from "./state.ts";

export interface Example {
  readonly title: string;
  readonly group: string;
  readonly state: PageState;
}

/** What an example is to show, over a page that shows the traffic of its first packet. */
interface Scene extends Partial<Omit<PageState, "files">> {
  readonly title: string;
  readonly text: string;
  readonly packet: PacketQuestion;
}

const questions = "The most asked questions";
const cases = "Golden cases";

/** The examples; the page starts with the first. */
export const examples: readonly Example[] = [
  example("Start", {
    title: "A shop of three Services",
    text: shop,
    packet: { from: "internet", to: "svc/shop/frontend:http" },
  }),
  example(questions, {
    title: "Why does my pod see the node's IP, not the client's?",
    text: shop,
    packet: { from: "internet", to: "svc/shop/frontend:http" },
  }),
  example(questions, {
    title: "Why does the node port time out on some nodes?",
    text: shop
      .replace("type: NodePort\n", "type: NodePort\n  externalTrafficPolicy: Local\n")
      .replace("replicas: 3", "replicas: 1"),
    packet: { from: "internet", to: "svc/shop/frontend:http" },
  }),
  example(questions, {
    title: "Why is the connection refused?",
    text: unselected,
    packet: { from: "internet", to: "svc/shop/frontend:http" },
  }),
  example(questions, {
    title: "What does externalTrafficPolicy: Local change?",
    text: shop,
    packet: { from: "internet", to: "svc/shop/frontend:http" },
    proposed: [
      {
        name: "manifests.yaml",
        text: shop.replace("type: NodePort\n", "type: NodePort\n  externalTrafficPolicy: Local\n"),
      },
    ],
    side: "proposed",
    pane: "diff",
  }),
  example(questions, {
    title: "What happens when a node goes down?",
    text: shop,
    packet: { from: "internet", to: "svc/shop/frontend:http" },
    settings: { ...defaultSettings, down: ["node2"] },
    pane: "diff",
  }),
  example(cases, {
    title: "A node port",
    text: nodePort,
    packet: { from: "internet", to: "svc/default/service-python:3000" },
  }),
  example(cases, {
    title: "A load balancer with source ranges",
    text: sourceRanges,
    packet: { from: "192.0.2.99", to: "203.0.113.100:443" },
  }),
  example(cases, {
    title: "externalTrafficPolicy: Local",
    text: localPolicy,
    packet: { from: "internet", to: "svc/shop/web:http" },
  }),
];

function example(group: string, { title, text, ...scene }: Scene): Example {
  const files = [{ name: "manifests.yaml", text }];
  const plain = { files, proposed: undefined, side: "now", settings: defaultSettings, pane: "traffic" } as const;
  return { title, group, state: { ...plain, ...scene } };
}
