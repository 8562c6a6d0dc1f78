import { escapeControls } from "../../diagnostics/printable.ts";
import type { Tour, TourDoor, TourFinding, TourService } from "../../tour/tour.ts";
import type { Paint } from "../diagnostics.ts";
import { escapeDeep } from "../escape.ts";
import { wrap } from "../explain/tree.ts";
import { placeText, plural } from "../words.ts";
import {
  answerText,
  doorAddress,
  doorText,
  endpointsText,
  podCount,
  portName,
  sameDoors,
  shortEnd,
  tourTitle,
} from "./words.ts";

/** `-o text`: a picture, then a block for each Service. */
export function printTour(tour: Tour, paint: Paint): string {
  const shown = escapeDeep(tour);
  const blocks = shown.services.map((service) => printService(service, paint));
  const others = shown.findings.map((finding) => `${findingLine(finding, "", paint)}\n`).join("");
  const rest = others === "" ? "" : `\n${paint("bold", "Also found")}\n${others}`;
  return `${paint("bold", tourTitle(shown))}\n\n${printPicture(shown)}\n${blocks.join("\n")}${rest}`;
}

/** A larger picture is none. */
const mostPictured = 14;

/** Clients, the addresses they use, the service ports behind them, and where their packets end. */
function printPicture(tour: Tour): string {
  const pictured = tour.services.slice(0, mostPictured);
  const ports = pictured.flatMap((service) => portsOf(service, tour));
  const width = (of: (port: PicturedPort) => readonly string[]): number =>
    Math.max(0, ...ports.flatMap(of).map((text) => text.length));
  const widths = {
    address: width(({ doors }) => doors.map(({ address }) => address)),
    kind: width(({ doors }) => doors.map(({ kind }) => kind)),
    name: width(({ name }) => [name]),
  };
  const lines = ports.flatMap(({ doors, name, end }) => {
    const middle = Math.floor((doors.length - 1) / 2);
    return doors.map(({ who, address, kind }, at) => {
      const left = `  ${who.padEnd(7)} --> ${address.padEnd(widths.address)}  ${kind.padEnd(widths.kind)}`;
      const join = doors.length === 1 ? "-" : "+";
      return at === middle ? `${left} -${join}-> ${name.padEnd(widths.name)} --> ${end}` : `${left} -${join}`;
    });
  });
  const more = tour.services.length - pictured.length;
  return `${[...lines, ...(more > 0 ? [`  ... and ${plural(more, "Service")} more, below`] : [])].join("\n")}\n`;
}

interface PicturedPort {
  readonly name: string;
  readonly end: string;
  readonly doors: readonly { readonly who: string; readonly address: string; readonly kind: string }[];
}

function portsOf(service: TourService, tour: Tour): readonly PicturedPort[] {
  const { noRules, ports, endpoints } = service;
  if (noRules !== undefined) {
    const end = endpoints.length === 0 ? "no rules" : podCount(endpoints.length, service);
    const name = portName(service.service, tour);
    return [{ name, end, doors: [{ who: "pods", address: "(DNS)", kind: "no rules" }] }];
  }
  return ports.map((port) => ({
    name: portName(port.name, tour),
    end: shortEnd(port, service),
    doors: port.doors.map((door) => ({
      who: clientOf(door),
      address: doorAddress(door),
      kind: door.kind,
    })),
  }));
}

function clientOf({ kind }: TourDoor): string {
  return kind === "cluster IP" ? "pods" : "outside";
}

const margin = " ".repeat(13);

function row(name: string, text: string): string {
  return `${wrap(text, `  ${name.padEnd(11)}`, margin)}\n`;
}

function printService(service: TourService, paint: Paint): string {
  const { service: called, type, noRules, ports, findings, rules } = service;
  const isSeveral = ports.length > 1;
  const traffic = ports.flatMap((port) => [
    ...(isSeveral
      ? [
          row(
            "",
            `port ${port.port}/${port.protocol}${port.name.includes(":") ? `, ${port.name.replace(/^.*:/, "")}` : ""}`,
          ),
        ]
      : []),
    ...sameDoors(port).flatMap(({ who, doors, answers }) => [
      row(who, `${doors.map(doorText).join(", ")}`),
      ...answers.map((answer) => row("", answerText(answer, service, answers))),
    ]),
  ]);
  return [
    `${paint("bold", called)}  ${type}\n`,
    ...(noRules === undefined ? [] : [row("in-cluster", noRules)]),
    ...traffic,
    ...(type === "ExternalName" ? [] : [row("pods", endpointsText(service))]),
    ...findings.map((finding) => `${findingLine(finding, "  ", paint)}\n`),
    ...(rules === undefined
      ? []
      : [
          row("rules", rules.length === 0 ? "none" : ""),
          ...rules.map(({ file, line, text }) => `    ${file}:${line}: ${escapeControls(text)}\n`),
        ]),
  ].join("");
}

const colours = { error: "red", warning: "yellow", info: "cyan" } as const;

function findingLine(
  { severity, code, message, file, line = 0, column = 0 }: TourFinding,
  indent: string,
  paint: Paint,
): string {
  const place = file === undefined ? "" : ` (${placeText({ file, line, column })})`;
  const text = wrap(`${message} [${code}]${place}`, `${indent}${severity.padEnd(11)}`, " ".repeat(indent.length + 11));
  return text.replace(severity, paint(colours[severity], severity));
}
