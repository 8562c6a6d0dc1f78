import type { TextForm } from "../language.ts";

const types = "(?:hash|bitmap|list):[a-z,]+";
const create = new RegExp(`^create \\S+ ${types}`);

/** ipset save. Foreign sets may have colons in their names, such as Calico's. */
export const setsForm: TextForm = {
  printedBy: "ipset save",
  begins: (line) => create.test(line) || /^add (?!table ip6 )\S+ \S*[\d.:]/.test(line),
  continues: (line) => /^add \S+ \S/.test(line),
};

const fields = /^(?:Type|Revision|Header|Size in memory|References|Number of entries|Members):/;
const member =
  /^(?=\S{0,60}[.:\d])[\da-fA-F.:][\w.:,/-]*(?: (?:timeout|packets|bytes|comment|skbmark|skbprio|skbqueue|nomatch)\b.*)?$/;

/** ipset list. */
export const setListingForm: TextForm = {
  printedBy: "ipset list",
  begins: (line) => /^Name: \S+$/.test(line),
  continues: (line) => fields.test(line) || member.test(line),
  toSave: listingToSave,
};

/** A set is created where its header is, or its first line after the type. */
function listingToSave(lines: readonly string[]): readonly string[] {
  let name = "";
  let type = "";
  let isMember = false;
  return lines.map((line) => {
    const [, field, value = ""] = /^(Name|Type|Header|Members):\s*(.*)$/.exec(line) ?? [];
    if (field === "Name") [name, type, isMember] = [value, "", false];
    else if (field === "Type") type = value;
    else if (field === "Header" && type !== "") return `create ${name} ${type} ${value}`.trim();
    else if (field === "Members") isMember = true;
    else if (isMember && field === undefined && line !== "" && !fields.test(line)) return `add ${name} ${line}`;
    return "";
  });
}
