import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { orderTaker } from "./host.ts";
import { buildLab, type HostName, hostNames, type Lab, stopLab } from "./topology.ts";

export type Protocol = "tcp" | "udp" | "sctp";

/** Calls from one host, at once or one after the other; the answer is the set of outcomes. */
export interface Question {
  /** Questions of one group wait for each other, groups do not. */
  readonly group: string;
  readonly from: HostName;
  readonly protocol: Protocol;
  readonly host: string;
  readonly port: number;
  readonly times: number;
  readonly inTurn: boolean;
  readonly patience: number;
  readonly source: string | undefined;
}

type Sctp = { readonly order: (order: object) => Promise<unknown>; readonly process: ChildProcess } | undefined;

/**
 * Runs in a machine: builds the lab, runs apply.sh of FOLDER/node1 and FOLDER/node2 on the nodes, asks the questions
 * of FOLDER/questions.json and writes FOLDER/answers.json.
 */
export async function answerQuestions(folder: string): Promise<void> {
  const questions: readonly Question[] = JSON.parse(readFileSync(join(folder, "questions.json"), "utf8"));
  const lab = await buildLab();
  const sctp = questions.some(({ protocol }) => protocol === "sctp") ? await startSctp(lab) : undefined;
  const env = { ...process.env, PATH: `${join(folder, "tools")}:${process.env.PATH}` };
  for (const node of ["node1", "node2"] as const) lab[node].run(["sh", join(folder, node, "apply.sh")], { env });
  const answers: string[][] = questions.map(() => []);
  const groups = new Set(questions.map(({ group }) => group));
  const askGroup = async (group: string): Promise<void> => {
    for (const [index, question] of questions.entries()) {
      if (question.group === group) answers[index] = await ask(question, lab, sctp);
    }
  };
  await Promise.all([...groups].map(askGroup));
  writeFileSync(join(folder, "answers.json"), JSON.stringify(answers));
  sctp?.process.kill();
  stopLab(lab);
}

async function ask(question: Question, lab: Lab, sctp: Sctp): Promise<string[]> {
  const { protocol, times, inTurn } = question;
  const { from, host, port, patience, source } = question;
  const call = async (): Promise<string> => {
    if (protocol !== "sctp") return lab[from].call({ protocol, host, port, patience, source });
    return String(await sctp?.order({ verb: "call", pid: lab[from].pid, host, port, patience, source }));
  };
  const outcomes: string[] = [];
  const calls = Array.from({ length: times }, () => call);
  if (inTurn) for (const each of calls) outcomes.push(await each());
  else outcomes.push(...(await Promise.all(calls.map((each) => each()))));
  return [...new Set(outcomes)].sort();
}

async function startSctp(lab: Lab): Promise<Sctp> {
  const program = new URL("sctp.py", import.meta.url).pathname;
  const agent = spawn("/usr/bin/python3", [program], { stdio: ["pipe", "pipe", "inherit"] });
  const order = orderTaker(agent);
  await Promise.all(hostNames.map((name) => order({ verb: "serve", name, port: 8080, pid: lab[name].pid })));
  return { order, process: agent };
}
