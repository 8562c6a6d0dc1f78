/** What every mode is told besides the plan. */
export interface LowerOptions {
  /** Keep the origin of every rule; costs memory on large clusters. */
  readonly origins: boolean;
}
