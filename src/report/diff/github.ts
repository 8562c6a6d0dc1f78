import { escapeControls } from "../../diagnostics/printable.ts";
import type { TrafficChange, TrafficDiff } from "../../diff/traffic-diff.ts";
import { repositoryPath } from "../about.ts";
import { changeSentence, leftOutSentence, plural, severityNames } from "../words.ts";
import { fieldText, foldAlike } from "./fold-changes.ts";
import { countChanged, groupByService, type ServiceGroup } from "./service-groups.ts";

/** GitHub shows ten annotations of each level per step, and drops the rest silently. */
const mostAnnotations = 10;

/** Workflow commands that annotate the lines of a pull request: one per Service, worst first. */
export function renderGithub(diff: TrafficDiff): string {
  const { groups } = groupByService(diff);
  const all = groups.length <= mostAnnotations;
  const shown = all ? groups : groups.slice(0, mostAnnotations - 1);
  const lines = shown.map((group) => annotation(group, diff.nodes));
  const notice = (text: string): string => `::notice title=portolan diff::${escapeMessage(escapeControls(text))}`;
  if (!all) lines.push(notice(`${othersOf(groups.slice(shown.length))} in the report`));
  const leftOut = leftOutSentence(diff);
  if (leftOut !== undefined) lines.push(notice(leftOut));
  return lines.map((line) => `${line}\n`).join("");
}

/** `5 more Services and 1 more address`: what has no annotation. */
function othersOf(groups: readonly ServiceGroup[]): string {
  const { services, addresses } = countChanged(groups);
  const named = services === 0 ? [] : [plural(services, "more Service")];
  return [...named, ...(addresses === 0 ? [] : [plural(addresses, "more address")])].join(" and ");
}

function annotation(group: ServiceGroup, compared: readonly string[]): string {
  const { worst } = group;
  const { source, severity } = worst;
  const place =
    source === undefined
      ? []
      : [`file=${escapeProperty(repositoryPath(source.file))}`, `line=${source.line}`, `col=${source.column}`];
  const properties = [...place, `title=${escapeProperty(`portolan: ${severityNames[severity]}`)}`];
  return `::${levelOf(worst)} ${properties.join(",")}::${escapeMessage(messageOf(group, compared))}`;
}

/** Lost access is an error, and so is wider access where the Service existed before. */
function levelOf({ severity, kind }: TrafficChange): "error" | "warning" | "notice" {
  switch (severity) {
    case "access-lost":
      return "error";
    case "access-widened":
      return kind === "added" ? "warning" : "error";
    case "source-address":
    case "load-distribution":
      return "warning";
    case "affinity":
    case "cosmetic":
      return "notice";
  }
}

/** The fields that changed, what follows, worst first, and an example packet of the worst. */
function messageOf({ worst, changes, fields }: ServiceGroup, compared: readonly string[]): string {
  const { examplePacket } = worst;
  const alike = foldAlike(changes, compared);
  const effects = alike.flatMap(({ change, also, where }) => [
    `${changeSentence(change)}${where === undefined ? "" : `, ${where}`}`,
    ...change.details,
    ...(also.length === 0 ? [] : [`also on ${also.join(", ")}`]),
  ]);
  const lines = [
    ...fields.map(fieldText),
    ...effects.slice(0, mostEffects),
    ...(effects.length > mostEffects ? ["and more, in the report"] : []),
    `example packet: ${examplePacket.protocol} ${examplePacket.from} -> ${examplePacket.to}`,
    `was: ${examplePacket.was}`,
    `now: ${examplePacket.now}`,
  ];
  return lines.map(escapeControls).join("\n");
}

const mostEffects = 12;

/** Escapes the text after the second `::`, as actions/toolkit does. */
function escapeMessage(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

/** In a property, a colon or comma would start another property. */
function escapeProperty(text: string): string {
  return escapeMessage(escapeControls(text)).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
