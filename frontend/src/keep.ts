// What must not be lost when the browser or the server dies: drafts in IndexedDB until the server has them,
// and a submission with its idempotency key in localStorage until its receipt is here.
import type { Draft } from "@tutelage/types";

export interface KeptDraft extends Draft {
  token: string;
  active_ms: number;
  at: number;
}

export interface Pending {
  path: "submit" | "skip";
  token: string;
  body: Record<string, unknown>;
  at: number;
}

const WEEK_MS = 7 * 24 * 3600 * 1000;

const database = (): Promise<IDBDatabase> =>
  new Promise((resolve, reject) => {
    const asked = indexedDB.open("tutelage", 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore("drafts", { keyPath: "token" });
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });

const inDrafts = async <T>(mode: IDBTransactionMode, act: (store: IDBObjectStore) => IDBRequest<T>): Promise<T | undefined> => {
  try {
    const db = await database();
    return await new Promise<T>((resolve, reject) => {
      const asked = act(db.transaction("drafts", mode).objectStore("drafts"));
      asked.onsuccess = () => resolve(asked.result);
      asked.onerror = () => reject(asked.error);
    }).finally(() => db.close());
  } catch {
    return undefined; // a private window may refuse storage; the server's copy still stands
  }
};

export const drafts = {
  put: (draft: KeptDraft) => inDrafts("readwrite", (s) => s.put(draft)),
  get: (token: string) => inDrafts<KeptDraft>("readonly", (s) => s.get(token)),
  drop: (token: string) => inDrafts("readwrite", (s) => s.delete(token)),
  /** Drafts of tasks long gone are forgotten: the device may be shared. */
  forgetOld: async (now: number) => {
    const all = (await inDrafts<KeptDraft[]>("readonly", (s) => s.getAll())) ?? [];
    await Promise.all(all.filter((d) => now - d.at > WEEK_MS).map((d) => drafts.drop(d.token)));
  },
};

const KEY = "tutelage.pending";

export const pending = {
  put: (entry: Pending) => store(() => localStorage.setItem(KEY, JSON.stringify(entry))),
  get: (): Pending | null => store(() => JSON.parse(localStorage.getItem(KEY) ?? "null") as Pending | null) ?? null,
  drop: () => store(() => localStorage.removeItem(KEY)),
};

/** localStorage may be refused altogether. */
export const store = <T>(act: () => T): T | undefined => {
  try {
    return act();
  } catch {
    return undefined;
  }
};
