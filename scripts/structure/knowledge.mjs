// Which files know what only programs/ and languages/ should: the mode, a tool's parser, the text of iptables-save.
import ts from "typescript";
import { isIn } from "./rules.mjs";
import { visitAll } from "./sources.mjs";

const modes = new Set(["iptables", "ipvs", "nftables"]);
const tools = ["iptables", "ipset", "ipvs", "iproute", "sysctl", "conntrack", "nftables"];
const homes = ["programs", "languages", "modes", "tools"];
/** Folders of one tool or program: today's names, then those of the target. */
const toolHomes = [
  ...["iptables", "ipvs"].map((name) => `modes/${name}`),
  ...tools.map((name) => `tools/${name}`),
  ...tools.map((name) => `languages/${name}`),
];

function isHome(path) {
  return homes.some((folder) => isIn(path, folder));
}

/** Comparisons with a mode's name, cases of one, and uses of isIpvs. */
export function filesAskingMode(sources) {
  return filesWith(sources, (node) => {
    if (ts.isIdentifier(node)) return node.text === "isIpvs";
    if (ts.isCaseClause(node)) return isMode(node.expression);
    return isComparison(node) && (isMode(node.left) || isMode(node.right));
  });
}

/** Files that import from a folder of one tool or program; registries may. */
export function filesKnowingTool(edges) {
  const found = edges
    .filter(({ from }) => !isHome(from) && !/(^|\/)registry\.ts$/.test(from))
    .filter(({ to }) => toolHomes.some((folder) => isIn(to, folder)) || /^programs\/[^/]+\//.test(to))
    .map(({ from }) => from);
  return [...new Set(found)];
}

const ruleText = /^\^?(?:\(\?:)?(?:-A(?: |\\s|$)|\\?\*(?:\[|\\w)|:\\S)/;

/** Files that take lines of iptables-save apart: sections by `*` and COMMIT, chains by `:`, rules by `-A`. */
export function filesReadingRules(sources) {
  return filesWith(sources, (node) => {
    if (ts.isRegularExpressionLiteral(node)) return ruleText.test(node.text.slice(1));
    if (isComparison(node)) return [node.left, node.right].some((side) => isText(side, /^COMMIT$/));
    return (
      ts.isCallExpression(node) &&
      ts.isPropertyAccessExpression(node.expression) &&
      node.expression.name.text === "startsWith" &&
      isText(node.arguments[0], /^(?:\*|:|-A ?)$/)
    );
  });
}

function filesWith(sources, matches) {
  return sources
    .filter(({ path }) => !isHome(path))
    .filter(({ tree }) => {
      let found = false;
      visitAll(tree, (node) => {
        found ||= matches(node);
      });
      return found;
    })
    .map(({ path }) => path);
}

function isComparison(node) {
  return (
    ts.isBinaryExpression(node) &&
    [ts.SyntaxKind.EqualsEqualsEqualsToken, ts.SyntaxKind.ExclamationEqualsEqualsToken].includes(
      node.operatorToken.kind,
    )
  );
}

function isMode(node) {
  return ts.isStringLiteralLike(node) && modes.has(node.text);
}

function isText(node, pattern) {
  return node !== undefined && ts.isStringLiteralLike(node) && pattern.test(node.text);
}

/** Names of files that declare an interface or type of this name. */
export function filesDeclaring(sources, name) {
  return sources
    .filter(({ tree }) =>
      tree.statements.some(
        (one) => (ts.isInterfaceDeclaration(one) || ts.isTypeAliasDeclaration(one)) && one.name.text === name,
      ),
    )
    .map(({ path }) => path);
}
