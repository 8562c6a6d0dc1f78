import type { Tour, TourDoor, TourPort, TourService } from "../../tour/tour.ts";
import { esc, escapeDeep } from "../escape.ts";
import { pictureStyle as styleOf } from "../svg.ts";
import { doorAddress, podCount, portName, shortEnd, tourTitle } from "./words.ts";

/**
 * `-o svg`: clients, the addresses they use, Services, and where traffic ends. Self-contained, with colours for light
 * and dark; no text of the state becomes markup.
 */
export function drawTour(tour: Tour): string {
  return drawPicture(tour, `<style>${pictureStyle}</style>\n`);
}

/** The same for a page, which has the style. */
export function drawPicture(tour: Tour, style = ""): string {
  const shown = escapeDeep(tour);
  const groups = shown.services.flatMap((service) => groupsOf(service, shown));
  const rows = groups.flatMap(({ doors }) => doors).length;
  const height = top + rows * step + groups.length * gap + 14;
  let y = top;
  const parts = groups.map((group) => {
    const part = drawGroup(group, y);
    y += group.doors.length * step + gap;
    return part;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" class="tour" viewBox="0 0 ${columns.width} ${height}" role="img" aria-label="${esc(tourTitle(shown))}">
${style}${headings.map(([x, name]) => `<text class="head" x="${x}" y="20">${name}</text>`).join("")}
${parts.join("\n")}
</svg>
`;
}

const [top, step, gap] = [36, 30, 14];
/** The left edges of boxes, and their widths. */
const columns = {
  width: 800,
  client: { x: 8, width: 84 },
  door: { x: 128, width: 246 },
  service: { x: 424, width: 190 },
  end: { x: 660, width: 132 },
} as const;

const headings: readonly (readonly [x: number, name: string])[] = [
  [columns.client.x, "clients"],
  [columns.door.x, "addresses"],
  [columns.service.x, "Services"],
  [columns.end.x, "traffic ends at"],
];

const light: Readonly<Record<string, string>> = {
  text: "fill:#1f2328",
  ".head,.more": "fill:#57606a",
  rect: "fill:#f6f8fa;stroke:#d0d7de",
  path: "fill:none;stroke:#8c959f;stroke-width:1.4",
  ".outside rect": "fill:#fff8e5;stroke:#d4a72c",
  ".service rect": "fill:#ddf4ff;stroke:#54aeff",
  ".end rect": "fill:#dafbe1;stroke:#4ac26b",
  ".bad rect": "fill:#ffebe9;stroke:#ff8182",
};
const dark: Readonly<Record<string, string>> = {
  text: "fill:#e6edf3",
  ".head,.more": "fill:#9198a1",
  rect: "fill:#21262d;stroke:#444c56",
  ".outside rect": "fill:#34290f;stroke:#9e6a03",
  ".service rect": "fill:#0c2d4a;stroke:#388bfd",
  ".end rect": "fill:#12321c;stroke:#2ea043",
  ".bad rect": "fill:#3c1618;stroke:#f85149",
};

/** ASCII only. */
export const pictureStyle =
  ".tour text{font-family:ui-sans-serif,system-ui,sans-serif;font-size:13px}.tour .head{font-size:12px}" +
  `.tour .more{font-size:11px}${styleOf(".tour", { light, dark })}`;

interface Group {
  readonly name: string;
  readonly type: string;
  readonly end: string;
  readonly isBad: boolean;
  readonly doors: readonly { readonly isOutside: boolean; readonly address: string; readonly kind: string }[];
}

function groupsOf(service: TourService, tour: Tour): readonly Group[] {
  const { type, noRules, endpoints, ports } = service;
  if (noRules !== undefined) {
    const end = endpoints.length === 0 ? "no rules" : podCount(endpoints.length, service);
    const doors = [{ isOutside: false, address: "DNS", kind: "no rules" }];
    return [{ name: portName(service.service, tour), type, end, isBad: false, doors }];
  }
  return ports.map((port) => ({
    name: portName(port.name, tour),
    type,
    end: shortEnd(port, service),
    isBad: !hasDelivered(port),
    doors: port.doors.map(doorOf),
  }));
}

function hasDelivered({ doors }: TourPort): boolean {
  return doors.some(({ answers }) =>
    answers.some(({ outcomes }) => outcomes.some(({ verdict }) => verdict === "delivered")),
  );
}

function doorOf(door: TourDoor): Group["doors"][number] {
  return { isOutside: door.kind !== "cluster IP", address: doorAddress(door), kind: door.kind };
}

function drawGroup({ name, type, end, isBad, doors }: Group, y: number): string {
  const centre = y + ((doors.length - 1) * step) / 2;
  const rows = doors.map(({ isOutside, address, kind }, at) => {
    const row = y + at * step;
    const kindOfClient = isOutside ? "outside" : "pods";
    return (
      box(columns.client, row, { text: kindOfClient, className: kindOfClient }) +
      arrow(columns.client.x + columns.client.width, row, columns.door.x, row) +
      box(columns.door, row, { text: address, more: kind, className: "door" }) +
      arrow(columns.door.x + columns.door.width, row, columns.service.x, centre)
    );
  });
  return `<g>${rows.join("")}${box(columns.service, centre, { text: name, more: type, className: "service" })}${arrow(
    columns.service.x + columns.service.width,
    centre,
    columns.end.x,
    centre,
  )}${box(columns.end, centre, { text: end, className: isBad ? "bad" : "end" })}</g>`;
}

interface Label {
  readonly text: string;
  readonly more?: string;
  readonly className: string;
}

function box({ x, width }: { readonly x: number; readonly width: number }, y: number, label: Label): string {
  const { text, more = "", className } = label;
  // In letters of this size, with room for the second text.
  const room = Math.floor((width - 16 - more.length * 6) / 7);
  const cut = text.length > room ? `${text.slice(0, Math.max(1, room - 1))}…` : text;
  const second =
    more === "" ? "" : `<text class="more" x="${x + width - 8}" y="${y + 16}" text-anchor="end">${esc(more)}</text>`;
  return `<g class="${className}"><title>${esc(text)}</title><rect x="${x}" y="${y}" width="${width}" height="24" rx="5"/><text x="${x + 8}" y="${y + 16.5}">${esc(cut)}</text>${second}</g>`;
}

function arrow(fromX: number, fromY: number, toX: number, toY: number): string {
  const [y, end] = [fromY + 12, toY + 12];
  const bend = (toX - fromX) / 2;
  return `<path d="M${fromX} ${y}C${fromX + bend} ${y} ${toX - bend} ${end} ${toX - 2} ${end}m-6 -4l6 4l-6 4"/>`;
}
