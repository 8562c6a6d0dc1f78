// The reference, generated from the program: each entry makes the pages of one subject as Markdown.
import { describeCommands } from "./describe-command.mjs";
import { schemaFields } from "./schema-fields.mjs";

/**
 * The pages of the reference in the order of the navigation. A page has a `name`, a `text`, a `description`; those that
 * a page lists have it as `parent`.
 */
export function referencePages(sources) {
  return subjects.flatMap((pagesOf) => pagesOf(sources));
}

const subjects = [commandPages, codePages, exitCodePage, schemaPages];

/** Text that is no Markdown. */
export function plain(text) {
  return text.replace(/[\\`*_[\]<>#|~]/g, "\\$&");
}

function code(text) {
  return `\`${text.replaceAll("|", "\\|")}\``;
}

function table(headings, rows) {
  const line = (cells) => `| ${cells.join(" | ")} |`;
  return [line(headings), line(headings.map(() => "---")), ...rows.map(line)].join("\n");
}

function paragraphs(...texts) {
  return `${texts.filter((text) => text !== undefined && text !== "").join("\n\n")}\n`;
}

/** `compile` is on the page commands/compile.md. */
function commandFile({ name }) {
  return `${name.replaceAll(" ", "-")}.md`;
}

function commandPages({ program }) {
  const commands = describeCommands(program);
  const headings = [...new Set(commands.map(({ heading }) => heading))];
  const lists = headings.map((heading) =>
    paragraphs(
      `## ${heading}`,
      commands
        .filter((command) => command.heading === heading)
        .map((command) => `- [\`portolan ${command.name}\`](${commandFile(command)}): ${plain(command.summary)}`)
        .join("\n"),
    ),
  );
  const parent = "commands/index.md";
  return [
    {
      name: parent,
      description: "Every command of portolan with its options, generated from --help",
      text: paragraphs("# Commands", "What `portolan COMMAND --help` prints. The same is in `man portolan`.", ...lists),
    },
    ...commands.map((command) => ({
      name: `commands/${commandFile(command)}`,
      parent,
      description: `portolan ${command.name}: ${command.summary}`,
      text: commandText(command),
    })),
  ];
}

function commandText(command) {
  const { name, usage, description, options, examples, exitCodes, notes } = command;
  const groups = [...new Set(options.map(({ group }) => group))];
  return paragraphs(
    `# portolan ${name}`,
    plain(`${description.charAt(0).toUpperCase()}${description.slice(1)}`),
    `\`\`\`sh\n${usage}\n\`\`\``,
    command.arguments.length === 0 ? "" : paragraphs("## Arguments", terms(command.arguments)),
    ...groups.map((group) =>
      paragraphs(`## ${plain(group)}`, terms(options.filter((option) => option.group === group))),
    ),
    examples === "" ? "" : paragraphs("## Examples", `\`\`\`sh\n${examples}\n\`\`\``),
    ...notes.map(plain),
    exitCodes === undefined ? "" : `[Exit codes](../exit-codes.md): ${plain(exitCodes)}`,
  );
}

function terms(list) {
  return list.map(({ term, description }) => `- ${code(term)}${description && `: ${plain(description)}`}`).join("\n");
}

/** A page for each diagnostic, and one that lists them. */
function codePages({ catalog }) {
  const codes = Object.entries(catalog).sort(([a], [b]) => (a < b ? -1 : 1));
  const parent = "codes/index.md";
  return [
    {
      name: parent,
      description: "Every error, warning and information that portolan prints, by its code",
      text: paragraphs(
        "# Diagnostics",
        "`portolan explain CODE` prints the same text.",
        codes
          .map(([name, { severity, message }]) => `- [\`${name}\`](${name}.md), ${severity}: ${plain(message)}`)
          .join("\n"),
      ),
    },
    ...codes.map(([name, { severity, message, explanation, hint }]) => ({
      name: `codes/${name}.md`,
      parent,
      description: `${severity} ${name}: ${message}`,
      text: paragraphs(
        `# ${name}`,
        `${severity}: *${plain(message)}*`,
        plain(explanation ?? ""),
        hint === undefined ? "" : `**What to do:** ${plain(hint)}`,
      ),
    })),
  ];
}

function exitCodePage({ exitCodes, exitCodeMeanings, program }) {
  const meanings = Object.entries(exitCodes).map(([name, number]) => [`\`${number}\``, plain(exitCodeMeanings[name])]);
  const commands = describeCommands(program)
    .filter((command) => command.exitCodes !== undefined)
    .map((command) => [`[\`${command.name}\`](commands/${commandFile(command)})`, plain(command.exitCodes)]);
  const text = paragraphs(
    "# Exit codes",
    "They are stable: scripts may rely on them.",
    table(["Code", "Meaning"], meanings),
    "## By command",
    table(["Command", "Exit codes"], commands),
  );
  return [{ name: "exit-codes.md", description: "What each exit code of portolan means", text }];
}

function schemaPages({ schemas }) {
  const names = Object.keys(schemas).sort();
  const parent = "schemas/index.md";
  return [
    {
      name: parent,
      description: "The fields of every JSON document that portolan prints",
      text: paragraphs(
        "# JSON outputs",
        "Each has a JSON Schema (2020-12), which `portolan schema NAME` prints.",
        names.map((name) => `- [\`${name}\`](${name}.md): ${plain(schemas[name].of)}`).join("\n"),
      ),
    },
    ...names.map((name) => ({
      name: `schemas/${name}.md`,
      parent,
      description: `The fields of the output of ${schemas[name].of}`,
      text: schemaText(name, schemas[name]),
    })),
  ];
}

function schemaText(name, { of, schema }) {
  const parts = schemaFields(schema).map(({ definition, fields }) =>
    paragraphs(
      `## ${definition ?? "Fields"}`,
      table(
        ["Field", "Type", "Meaning"],
        fields.map(({ path, types, description, isRequired }) => [
          `\`${path}\`${isRequired ? "" : " (optional)"}`,
          types.map(typeText).join(" or "),
          plain(description),
        ]),
      ),
    ),
  );
  return paragraphs(
    `# JSON of ${plain(of.replace(/, (and )?as JSON.*$/, ""))}`,
    plain(schema.description ?? ""),
    `\`portolan schema ${name}\` prints the schema.`,
    ...parts,
  );
}

function typeText({ text, definition, isArray }) {
  const shown = definition === undefined ? code(text) : `[${plain(definition)}](#${definition.toLowerCase()})`;
  return isArray ? `array of ${shown}` : shown;
}
