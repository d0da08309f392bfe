// How a task was worked on, as the contributor sees it; the server keeps its own time, which decides pay.

const IDLE_AFTER_MS = 60_000;
const TICK_MS = 1000;

export interface Telemetry {
  active_ms: number;
  typed: number;
  pasted: number;
  pastes: number;
  hidden_ms: number;
}

export class Clock {
  private figures: Telemetry = Clock.zero();
  private lastSign = performance.now();
  private lastTick = performance.now();
  private timer = 0;

  constructor(private readonly onTick: () => void) {}

  static zero(): Telemetry {
    return { active_ms: 0, typed: 0, pasted: 0, pastes: 0, hidden_ms: 0 };
  }

  start(): void {
    for (const kind of SIGNS) addEventListener(kind, this.sign, { passive: true, capture: true });
    addEventListener("input", this.typed, { capture: true });
    this.timer = window.setInterval(() => this.tick(), TICK_MS);
  }

  stop(): void {
    for (const kind of SIGNS) removeEventListener(kind, this.sign, { capture: true });
    removeEventListener("input", this.typed, { capture: true });
    clearInterval(this.timer);
  }

  /** Begins a new task; `active_ms` is what its draft already had. */
  restart(active_ms = 0): void {
    this.figures = { ...Clock.zero(), active_ms };
    this.lastSign = this.lastTick = performance.now();
  }

  read(): Telemetry {
    this.tick();
    const { active_ms, hidden_ms, ...counts } = this.figures;
    return { active_ms: Math.round(active_ms), hidden_ms: Math.round(hidden_ms), ...counts };
  }

  private tick(): void {
    const now = performance.now();
    const passed = now - this.lastTick;
    this.lastTick = now;
    if (document.hidden) this.figures.hidden_ms += passed;
    else if (now - this.lastSign < IDLE_AFTER_MS) this.figures.active_ms += passed;
    this.onTick();
  }

  private sign = (): void => {
    this.lastSign = performance.now();
  };

  private typed = (event: Event): void => {
    const { inputType, data } = event as InputEvent;
    if (inputType === "insertFromPaste" || inputType === "insertFromDrop") {
      this.figures.pastes += 1;
      this.figures.pasted += data?.length ?? pastedLength;
    } else if (inputType?.startsWith("insert")) this.figures.typed += data?.length ?? 1;
  };
}

let pastedLength = 0;
addEventListener("paste", (e) => { pastedLength = e.clipboardData?.getData("text").length ?? 0; }, { capture: true });

const SIGNS = ["keydown", "pointerdown", "pointermove", "wheel", "scroll", "touchstart"];
