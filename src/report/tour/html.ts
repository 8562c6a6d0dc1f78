import type { Tour, TourFinding, TourPort, TourService } from "../../tour/tour.ts";
import type { About } from "../about.ts";
import { esc, escapeDeep, mono } from "../escape.ts";
import { renderPage } from "../page/page.ts";
import { pageStyle } from "../page/style.ts";
import { namesText, placeText } from "../words.ts";
import { drawPicture, pictureStyle } from "./picture.ts";
import { answerText, doorText, endpointsText, sameDoors, tourTitle } from "./words.ts";

/** `-o html`: one self-contained page with the picture and a table for each Service. */
export function printTourPage(tour: Tour, about: About): string {
  const shown = escapeDeep(tour);
  return renderPage({
    command: "tour",
    kicker: "Services",
    title: tourTitle(shown),
    base: { name: namesText(shown.nodes, 6) },
    leftOut: undefined,
    about,
    sections: [
      { id: "picture", heading: "At a glance", body: drawPicture(tour) },
      { id: "services", heading: "Services", body: shown.services.map(serviceBody).join("\n") },
      { id: "findings", heading: "Also found", body: findingsBody(shown.findings) },
    ],
    footer: "Packets were followed through the compiled rules; routing and NetworkPolicy are not evaluated.",
    style: `${pageStyle}\n${pictureStyle}\n.tour{width:100%;height:auto}\n.about{margin:0 0 1.6rem}.about h3{margin:0 0 .4rem}.about th{font-weight:400;color:var(--soft);text-align:left;vertical-align:top;padding:.15rem 1rem .15rem 0}.about td{padding:.15rem 0}`,
  });
}

function serviceBody(service: TourService): string {
  const { service: called, type, noRules, ports, findings, rules } = service;
  const rows = [
    ...(noRules === undefined ? [] : [row("in-cluster", esc(noRules))]),
    ...ports.flatMap((port) => portRows(port, service)),
    ...(type === "ExternalName" ? [] : [row("pods", esc(endpointsText(service)))]),
  ];
  const lines = (rules ?? []).map(({ file, line, text }) => esc(`${file}:${line}: ${text}`)).join("\n");
  return `<article class="about"><h3>${mono(called)} <small>${type}</small></h3>
<table><tbody>${rows.join("")}</tbody></table>${findingsBody(findings)}${lines === "" ? "" : `<details><summary>Rules</summary><pre>${lines}</pre></details>`}</article>`;
}

function portRows(port: TourPort, service: TourService): readonly string[] {
  const isSeveral = service.ports.length > 1;
  return sameDoors(port).map(({ who, doors, answers }) => {
    const head = [...(isSeveral ? [`${port.port}/${port.protocol}`] : []), who].join(", ");
    const lines = answers.map((answer) => esc(answerText(answer, service, answers)));
    return row(head, [esc(doors.map(doorText).join(", ")), ...lines].join("<br>"));
  });
}

function row(name: string, html: string): string {
  return `<tr><th scope="row">${esc(name)}</th><td>${html}</td></tr>`;
}

function findingsBody(findings: readonly TourFinding[]): string {
  if (findings.length === 0) return "";
  const items = findings.map(({ severity, code, message, file, line = 0, column = 0 }) => {
    const place = file === undefined ? "" : ` ${mono(placeText({ file, line, column }))}`;
    return `<li><strong>${severity}</strong>: ${esc(message)} <small>${mono(code)}${place}</small></li>`;
  });
  return `<ul>${items.join("")}</ul>`;
}
