/** A question that cannot be asked, with the reason for whoever asked. */
export interface Refusal {
  readonly refused: string;
}

export function isRefusal(value: object): value is Refusal {
  return "refused" in value;
}
