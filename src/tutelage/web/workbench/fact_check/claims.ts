// What a claim may say, as `kinds/fact_check` checks it: a verdict needs words of a source that was read.
import type { Passage } from "@tutelage/marking";
import { t } from "@tutelage/words";

export type Verdict = "supported" | "refuted" | "not_enough_evidence";
export type State = "live" | "dead" | "missing";

/** A claim as it is worked on; offsets are UTF-16. `state` is null until somebody says how it is with the source. */
export interface Claim extends Passage {
  verdict: Verdict | null;
  source: string;
  state: State | null;
  quote: string;
}

export const VERDICTS: [Verdict, () => string][] = [
  ["supported", () => t("Supported")],
  ["refuted", () => t("Refuted")],
  ["not_enough_evidence", () => t("Not enough evidence")],
];

const SOURCE = /^(?:https?:\/\/\S+|(?:doi|arxiv|isbn|pmid|urn|doc):\S+|[^\s:]+)$/i;

export const blank = (passage: Passage): Claim => ({ start: passage.start, end: passage.end, verdict: null, source: "", state: null, quote: "" });

/** The state that follows from the source, where nobody need say it. */
export const stateOf = (claim: Claim, documents: Record<string, string>): State | null =>
  !claim.source.trim() ? "missing" : claim.source.trim() in documents ? "live" : claim.state === "missing" ? null : claim.state;

/** Why the claim cannot stand as it is; "" where it can. */
export const objection = (claim: Claim, documents: Record<string, string>): string => {
  const source = claim.source.trim();
  const state = stateOf(claim, documents);
  if (claim.verdict === null) return t("Say what you found.");
  if (source && !SOURCE.test(source)) return t("The source is a link, or the name of a document.");
  if (state === null) return t("Does the source open? Say live or dead.");
  if (source in documents && claim.quote.trim() && !documents[source]!.includes(claim.quote.trim())) return t("The quote is not in that document, word for word.");
  return claim.verdict === "not_enough_evidence" ? "" : missing(source, state, claim.quote.trim());
};

const missing = (source: string, state: State, quote: string): string => {
  if (!source) return t("Without a source this cannot be said: name one, or answer “not enough evidence”.");
  if (state === "dead") return t("A dead source shows nothing: find another, or answer “not enough evidence”.");
  return quote ? "" : t("Quote the words that show it.");
};
