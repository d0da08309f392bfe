// Autosave: on this device at once, on the server after each pause, again until it answers.
import { type Api, Refused } from "@tutelage/api";
import { drafts } from "@tutelage/keep";
import type { Json, Task } from "@tutelage/types";

export type Saved = "saved" | "saving" | "kept" | "stopped";

interface Content {
  answer: Json | null;
  reason: string;
  active_ms: number;
}

const PAUSE_MS = 600;
const LONGEST_WAIT_MS = 30_000;

export class Saver {
  state: Saved = "saved";
  private token = "";
  private version = 0;
  private content: Content | null = null;
  private timer = 0;
  private sending: Promise<void> | null = null;
  private failures = 0;
  private ended = false;
  /** What was sent and not answered: the server may have it all the same. */
  private unanswered: Content | null = null;

  constructor(
    private readonly api: Api,
    private readonly changed: (state: Saved) => void,
    private readonly refused: (why: Refused) => void,
    private readonly extended: (expires_at: string) => void,
    private readonly held: () => Promise<Task | null>,
  ) {
    addEventListener("online", () => this.content && void this.flush());
    addEventListener("pagehide", () => void this.flush(true));
    document.addEventListener("visibilitychange", () => document.hidden && void this.flush(true));
  }

  begin(task: Task): void {
    clearTimeout(this.timer);
    this.token = task.lease.token;
    this.version = task.draft?.version ?? 0;
    this.content = null;
    this.failures = 0;
    this.ended = false;
    this.unanswered = null;
    this.to("saved");
  }

  /** What this device still holds for the task and the server has not acknowledged. */
  async kept(task: Task) {
    const found = await drafts.get(task.lease.token);
    return found && found.version >= (task.draft?.version ?? 0) ? found : null;
  }

  change(content: Content): void {
    if (this.state === "stopped" || this.ended) return;
    this.content = content;
    void drafts.put({ ...content, token: this.token, version: this.version, at: Date.now() });
    this.to(this.failures ? "kept" : "saving");
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.flush(), PAUSE_MS);
  }

  /** Nothing more is sent for this task: it is being submitted. A draft under way may come back as refused. */
  end(): void {
    clearTimeout(this.timer);
    this.content = null;
    this.ended = true;
  }

  /** The submission was refused; the task is still ours. */
  resume(): void {
    this.ended = false;
  }

  async drop(token: string): Promise<void> {
    await drafts.drop(token);
  }

  /** Sends what is not yet acknowledged; with `last`, also while the page goes away. */
  async flush(last = false): Promise<void> {
    clearTimeout(this.timer);
    if (this.sending && !last) return this.sending;
    if (!this.content || this.state === "stopped") return;
    this.sending = this.put(this.content, last).finally(() => (this.sending = null));
    return this.sending;
  }

  /** Asks for more time: a draft saved now extends the lease. */
  async touch(content: Content): Promise<void> {
    this.content = content;
    await this.flush();
  }

  private async put(content: Content, last: boolean): Promise<void> {
    const token = this.token;
    try {
      const body = { token, version: this.version, ...content };
      const reply = await this.api.send<{ version: number; expires_at?: string }>("PUT", "draft", body, { keepalive: last });
      if (token !== this.token) return;
      this.version = reply.version;
      this.failures = 0;
      this.unanswered = null;
      if (reply.expires_at) this.extended(reply.expires_at);
      if (this.content === content) {
        this.content = null;
        await drafts.drop(token);
        this.to("saved");
      } else if (this.content) this.again(PAUSE_MS);
    } catch (why) {
      if (token !== this.token || !(why instanceof Refused)) return;
      if (why.status === 409 && (await this.isOurs(this.unanswered ?? content))) return this.again(0);
      if (why.passing) this.unanswered = content;
      this.failed(why);
    }
  }

  /** Whether what the server holds is what we sent when its answer was lost; then we go on from its version. */
  private async isOurs(sent: Content): Promise<boolean> {
    const task = await this.held().catch(() => null);
    const draft = task?.lease.token === this.token ? task.draft : null;
    const same = draft !== null && draft.reason === sent.reason && JSON.stringify(draft.answer) === JSON.stringify(sent.answer);
    if (same) [this.version, this.unanswered] = [draft.version, null];
    return same;
  }

  private failed(why: Refused): void {
    if (this.ended) return;
    if (why.passing) {
      this.failures += 1;
      this.to("kept");
      this.again(Math.min(LONGEST_WAIT_MS, 1000 * 2 ** this.failures));
    } else {
      this.to("stopped");
      this.refused(why);
    }
  }

  private again(wait: number): void {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.flush(), wait);
  }

  private to(state: Saved): void {
    this.state = state;
    this.changed(state);
  }
}
