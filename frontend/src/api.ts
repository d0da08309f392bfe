// One call to the server: JSON in, JSON out; a failure says whether it may be tried again.
import { t } from "@tutelage/words";

/** What the server said no to. `status` 0 means that it was not reached. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly name_: string,
    readonly seen: string,
    readonly expected: string,
    readonly remedy: string,
    readonly safe: string,
    readonly body: Record<string, unknown> = {},
  ) {
    super(seen);
  }

  /** Whoever asks is not signed in any more, or the page's token is stale: loading the page again mends both. */
  get signedOut(): boolean {
    return this.status === 401 || this.status === 403;
  }

  /** The server was not reached, is restarting, or asks for patience: the same request will do later. */
  get passing(): boolean {
    return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 500;
  }
}

const SAFE = () => t("Your work and pay are safe: what you wrote is kept on this device.");

const refusal = (status: number, body: Record<string, unknown>): Refused => {
  const said = (key: string) => (typeof body[key] === "string" ? (body[key] as string) : "");
  const seen = said("seen") || (status >= 500 || status === 0 ? t("The server cannot be reached.") : t("The server refused this ({status}).", { status }));
  return new Refused(status, said("error"), seen, said("expected"), said("remedy"), said("safe") || SAFE(), body);
};

export class Api {
  constructor(readonly base: string, readonly csrf: () => string) {}

  get<T>(path: string): Promise<T> {
    return this.send("GET", path);
  }

  async send<T>(method: string, path: string, body?: unknown, options: RequestInit = {}): Promise<T> {
    let reply: Response;
    try {
      reply = await fetch(this.base + path, {
        method,
        credentials: "same-origin",
        headers: { Accept: "application/json", "X-CSRFToken": this.csrf(), ...(body === undefined ? {} : { "Content-Type": "application/json" }) },
        body: body === undefined ? undefined : JSON.stringify(body),
        signal: AbortSignal.timeout(20_000),
        ...options,
      });
    } catch {
      throw refusal(0, {});
    }
    const said = await reply.json().catch(() => null);
    if (!reply.ok || said === null) throw refusal(reply.ok ? 502 : reply.status, said ?? {});
    return said as T;
  }
}

/** The cookie is newer than the page where somebody signed in again in another tab. */
export const csrfToken = (): string =>
  document.cookie.match(/(?:^|; )csrftoken=([^;]*)/)?.[1] ?? document.querySelector<HTMLMetaElement>('meta[name="csrf-token"]')?.content ?? "";
