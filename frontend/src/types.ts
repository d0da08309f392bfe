// What the server hands to the workbench, and what comes back. The contract of /api/work/.

export type Json = { [key: string]: unknown };

export interface Message {
  role: "system" | "user" | "assistant" | "tool";
  html: string;
  text: string;
  tool_calls?: { id: string; name: string; arguments: Json }[];
}

/** A response as shown: blinded, in shown order. `at` is its place in the item. */
export interface Shown {
  at: number;
  label: string;
  html: string;
  text: string;
  words: number;
  messages?: Message[];
}

export interface Draft {
  answer: Json | null;
  reason: string;
  version: number;
}

export interface Task {
  lease: { token: string; expires_at: string };
  project: { id: string; name: string; kind: string; guideline: { version: number | string; html?: string }; rubric: Json[] };
  item: { id: string; messages: Message[]; payload: Json; language: string | null };
  responses: Shown[];
  draft: Draft | null;
  progress: { done: number; left?: number; paid_s: number; earned_minor: number; currency: string };
  care: { classes: string[]; dose_left_s: number } | null;
  undo: { judgment: string; until: string } | null;
  /** Why a reviewer asks for this again; `letters`: [theirs, the one here] of each response, where they differ. */
  redo?: { why: string; letters: [string, string][] } | null;
  /** One of five that an owner tries. */
  preview?: boolean;
}

export interface NoTask {
  none: { reason: string; when: string | null; do?: { href: string; label: string } };
}

export type Next = Task | NoTask;

export const isTask = (next: Next): next is Task => "lease" in next;

export interface Submitted {
  judgment?: string;
  receipt?: Json;
  pay?: { minor: number; currency?: string };
  undo_until?: string;
  next: Next;
}

export interface AnswerEvent {
  answer: Json | null;
  complete: boolean;
}
