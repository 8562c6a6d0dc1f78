/** What is wrong with a line of a tool's text, counted from 1. */
export interface TextProblem {
  readonly line: number;
  readonly message: string;
}
