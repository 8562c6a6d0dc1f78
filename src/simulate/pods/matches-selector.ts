import { recordOf, recordsOf, type Texts, textMapOf, textOf, textsOf } from "../values.ts";

/** Whether labels match the selector of a Service or ReplicationController. */
export function matchesLabels(labels: Texts, wanted: Texts): boolean {
  return Object.entries(wanted).every(([key, value]) => labels[key] === value);
}

/** Whether labels match a LabelSelector (apps/v1; LabelSelectorAsSelector of apimachinery). */
export function matchesSelector(labels: Texts, selector: unknown): boolean {
  const { matchLabels, matchExpressions } = recordOf(selector);
  // A label may be called `constructor`.
  const own = new Map(Object.entries(labels));
  return (
    matchesLabels(labels, textMapOf(matchLabels)) &&
    recordsOf(matchExpressions).every(({ key, operator, values }) => {
      const value = own.get(textOf(key) ?? "");
      switch (operator) {
        case "In":
          return value !== undefined && textsOf(values).includes(value);
        case "NotIn":
          return value === undefined || !textsOf(values).includes(value);
        case "Exists":
          return value !== undefined;
        case "DoesNotExist":
          return value === undefined;
        default:
          return false;
      }
    })
  );
}
