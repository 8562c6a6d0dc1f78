import type { Analysis, DiffAnswer, FieldName, FileRange, PacketQuestion, PacketResult, Problem } from "../protocol.ts";
import type { Client } from "./client.ts";
import { type PageState, shownFiles } from "./state.ts";

/** Everything that the page shows: its state and what the worker has answered so far. */
export interface Shown {
  readonly state: PageState;
  /** The file of the editor, by number. */
  readonly open: number;
  readonly analysis: Analysis | undefined;
  readonly packet: PacketQuestion | undefined;
  readonly results: readonly PacketResult[];
  readonly path: number;
  readonly problems: readonly Problem[] | undefined;
  readonly diff: DiffAnswer | undefined;
  /** Where the fields that rules come from are. */
  readonly places: readonly { readonly field: FieldName; readonly range: FileRange }[];
  readonly rulesFile: string | undefined;
  readonly rulesFilter: string;
  /** Whether answers about the shown state are still to come. */
  readonly isBusy: boolean;
  /** Why the worker gave no answer. */
  readonly failure: string | undefined;
}

export interface Page {
  readonly shown: () => Shown;
  /** Changes what the page shows; questions that this raises are asked. */
  readonly change: (state: Partial<PageState>) => void;
  readonly show: (part: Partial<Omit<Shown, "state">>) => void;
}

/** Keeps what the page shows, asks the worker, and calls `render` after each change. */
export function createPage(initial: PageState, client: Client, render: (shown: Shown) => void): Page {
  let shown: Shown = { ...empty, state: initial };
  let timer: ReturnType<typeof setTimeout> | undefined;

  const show: Page["show"] = (part) => {
    shown = { ...shown, ...part };
    render(shown);
  };
  const failed = (error: unknown): void => show({ failure: error instanceof Error ? error.message : String(error) });

  /** Counts the states that were shown: answers about an earlier one are dropped. */
  let current = 0;

  const analyse = async (): Promise<void> => {
    const { state } = shown;
    const own = current;
    const isStale = (): boolean => own !== current;
    const analysis = await client.ask({ kind: "analyse", files: shownFiles(state), settings: state.settings });
    if (isStale()) return;
    const packet = state.packet ?? firstPacket(analysis);
    show({ analysis, packet, path: 0, problems: undefined, failure: undefined });
    await trace();
    await compare();
    const problems = await client.ask({ kind: "problems" });
    if (isStale()) return;
    show({ problems, isBusy: false });
    await findPlaces(analysis);
  };

  const trace = async (): Promise<void> => {
    const { analysis, packet } = shown;
    if (analysis?.node === undefined || packet === undefined) return show({ results: [] });
    const packets = [packet, ...otherClients(packet, analysis)];
    const own = current;
    const results = await client.ask({ kind: "packets", packets });
    if (own === current) show({ results });
  };

  const findPlaces = async ({ rules }: Analysis): Promise<void> => {
    const fields = rules.flatMap(({ origins }) => origins).filter(({ object }) => object !== "kube-proxy");
    const asked = fields.slice(0, mostPlaces);
    const ranges = await client.ask({ kind: "places", fields: asked });
    show({
      places: asked.flatMap((field, index) => (ranges[index] === undefined ? [] : [{ field, range: ranges[index] }])),
    });
  };

  const compare = async (): Promise<void> => {
    const { state } = shown;
    if (state.pane !== "diff" || !hasDifference(state)) return show({ diff: undefined });
    const { files, settings } = state;
    const base = { files, settings: { ...settings, down: [], scale: {} } };
    const own = current;
    const diff = await client.ask({ kind: "diff", base, head: { files: state.proposed ?? files, settings } });
    if (own === current) show({ diff });
  };

  const change: Page["change"] = (part) => {
    const before = shown.state;
    const state = { ...before, ...part };
    const isOther = shownFiles(state) !== shownFiles(before) || state.settings !== before.settings;
    shown = { ...shown, state, isBusy: shown.isBusy || isOther };
    show(part.packet === undefined ? {} : { packet: part.packet, path: 0 });
    if (isOther) {
      current += 1;
      clearTimeout(timer);
      timer = setTimeout(() => analyse().catch(failed), isTyping(part) ? 300 : 0);
    } else if (part.packet !== undefined) trace().catch(failed);
    if (!isOther && (part.pane === "diff" || state.proposed !== before.proposed)) compare().catch(failed);
  };

  analyse().catch(failed);
  return { shown: () => shown, change, show };
}

const empty: Omit<Shown, "state"> = {
  open: 0,
  analysis: undefined,
  packet: undefined,
  results: [],
  path: 0,
  problems: undefined,
  diff: undefined,
  places: [],
  rulesFile: undefined,
  rulesFilter: "",
  isBusy: true,
  failure: undefined,
};

/** Fields whose places are looked for at once. */
const mostPlaces = 1500;

/** An edit of a text is soon followed by the next; an example or a link also has settings. */
function isTyping({ files, proposed, settings }: Partial<PageState>): boolean {
  return settings === undefined && (files !== undefined || proposed !== undefined);
}

/** Whether there is something to compare: a proposal, nodes that are down, other replicas. */
export function hasDifference({ proposed, settings }: PageState): boolean {
  return proposed !== undefined || settings.down.length > 0 || Object.keys(settings.scale).length > 0;
}

/** From the internet where a Service is open to it, else from a pod. */
function firstPacket({ picture: { services, pods }, rules }: Analysis): PacketQuestion | undefined {
  const isOpen = (service: (typeof services)[number]): boolean =>
    service.ports.some(({ doors }) => doors.some(({ kind }) => kind !== "cluster IP"));
  const service = services.find(isOpen) ?? services.find(({ ports }) => ports.length > 0);
  const port = service?.ports[0];
  if (service === undefined || port === undefined) return rules.length > 0 ? packetInDump(rules) : undefined;
  const from = isOpen(service) || pods[0] === undefined ? "internet" : `pod/${pods[0]}`;
  return { from, to: `svc/${service.name}:${port.name}` };
}

/** A packet to the first address that a rule of a dump names with a port. */
function packetInDump(rules: Analysis["rules"]): PacketQuestion {
  const line =
    rules.flatMap(({ lines }) => lines).find((text) => /-d [\da-f.:]+(?:\/\d+)? .*--dport \d+/.test(text)) ?? "";
  const [, address = "10.96.0.1", port = "443"] = /-d ([\da-f.:]+).*--dport (\d+)/.exec(line) ?? [];
  return { from: "internet", to: address.includes(":") ? `[${address}]:${port}` : `${address}:${port}` };
}

function otherClients({ from, to }: PacketQuestion, { picture }: Analysis): readonly PacketQuestion[] {
  const pod = from.startsWith("pod/") ? from : picture.pods[0] && `pod/${picture.pods[0]}`;
  return ["internet", pod, "node"].filter((one) => one !== undefined).map((one) => ({ from: one, to }));
}

/** The Service that a packet is sent to: `shop/frontend`. */
export function serviceOf(shown: Pick<Shown, "packet" | "results">): string | undefined {
  const named = /^svc\/([^/]+\/[^/:]+)/.exec(shown.packet?.to ?? "")?.[1];
  const port = shown.results[0]?.explanation?.packet.service;
  return named ?? port?.replace(/:[^:]*$/, "");
}
