// A submission reaches the server exactly once: one key, kept until the receipt is here, tried until it is.
import { type Api, Refused } from "@tutelage/api";
import { type Pending, pending } from "@tutelage/keep";

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 15_000;

/** 128 random bits; unlike `randomUUID` also where the page has no TLS. */
const newKey = (): string => [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, "0")).join("");

export interface Waiting {
  why: Refused;
  again_at: number;
}

export class Delivery {
  constructor(private readonly api: Api, private readonly waiting: (w: Waiting | null) => void) {}

  /** What an earlier page could not finish. */
  unfinished(): Pending | null {
    return pending.get();
  }

  /** Sends until there is an answer; a lasting refusal is thrown and nothing stays pending. */
  async send<T>(path: Pending["path"], token: string, body: Record<string, unknown>): Promise<T> {
    const known = pending.get();
    const key = known?.token === token && known.path === path ? known.body.key : newKey();
    const whole = { token, key, ...body };
    pending.put({ path, token, body: whole, at: Date.now() });
    return this.until<T>(path, whole);
  }

  async resume<T>(entry: Pending): Promise<T> {
    return this.until<T>(entry.path, entry.body);
  }

  private async until<T>(path: string, body: Record<string, unknown>): Promise<T> {
    for (let failures = 0; ; failures++) {
      try {
        const reply = await this.api.send<T>("POST", path, body);
        pending.drop();
        this.waiting(null);
        return reply;
      } catch (why) {
        if (!(why instanceof Refused) || !why.passing) {
          pending.drop();
          this.waiting(null);
          throw why;
        }
        const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** failures);
        this.waiting({ why, again_at: Date.now() + wait });
        await pause(wait);
      }
    }
  }
}

/** Waits, or until the network is back. */
const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      removeEventListener("online", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    addEventListener("online", done, { once: true });
  });
