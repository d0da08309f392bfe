declare module "generated:kinds.ts" {
  /** The element of each kind, fetched when a task needs it. */
  export const KINDS: Record<string, () => Promise<unknown>>;
}
