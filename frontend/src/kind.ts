// What every kind's element is: it gets a task and perhaps an answer, and fires `answer` when that changes.
// It renders into the page itself (no shadow root): one style sheet, one focus order, plain selection.
import { LitElement, type PropertyValues } from "lit";
import { type Shortcut, type Shortcuts } from "@tutelage/shortcuts";
import type { AnswerEvent, Json, Task } from "@tutelage/types";
import { t } from "@tutelage/words";

/** A button of the footer that gives an answer by itself: both bad, cannot judge, harmful. */
export interface Action {
  id: string;
  label: string;
  key: string;
  pressed: boolean;
  run: () => void;
}

export abstract class KindElement extends LitElement {
  static override properties = { task: { attribute: false }, answer: { attribute: false }, diff: { type: Boolean } };

  declare task: Task;
  declare answer: Json | null;
  /** Whether differences between two responses are marked. */
  declare diff: boolean;
  shortcuts!: Shortcuts;
  /** Asks the server something about this task; set by the frame. */
  ask!: <T>(path: string, body: Json) => Promise<T>;

  /** Whether the frame asks "why?" below. */
  get asksReason(): boolean {
    return true;
  }

  /** Whether there are two texts to lay beside each other. */
  get comparable(): boolean {
    return false;
  }

  /** Keys of this kind, while it is shown. */
  keys(): Shortcut[] {
    return [];
  }

  actions(): Action[] {
    return [this.cannotRate()];
  }

  /** Takes up a new task, with the draft's answer if there is one. */
  begin(): void {}

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("task") && this.task) {
      this.begin();
      this.shortcuts.replace("kind", this.keys());
    }
  }

  /** The key to print on a control of ours. */
  hint(id: string): string {
    return this.shortcuts.hint(`kind.${id}`);
  }

  /** Tells the frame what the answer is now, and what to say to those who listen. */
  give(answer: Json | null, complete: boolean, spoken = ""): void {
    this.answer = answer;
    this.dispatchEvent(new CustomEvent<AnswerEvent & { spoken: string }>("answer", { detail: { answer, complete, spoken }, bubbles: true }));
  }

  /** Says something that is no answer. */
  say(text: string): void {
    this.dispatchEvent(new CustomEvent("said", { detail: text, bubbles: true }));
  }

  protected get type(): string {
    return typeof this.answer?.type === "string" ? this.answer.type : "";
  }

  /** "This must not be shown to anybody": an answer of the kinds that judge one text. */
  protected harmful(): Action {
    const pressed = this.type === "harmful";
    return {
      id: "harmful",
      label: t("Harmful"),
      key: "h",
      pressed,
      run: () => (pressed ? this.give(null, false, t("Answer taken back")) : this.give({ type: "harmful" }, true, t("Harmful"))),
    };
  }

  /** "I looked and cannot say": an answer of every kind. */
  protected cannotRate(): Action {
    const pressed = this.type === "cannot_rate";
    return {
      id: "cannot",
      label: t("Can’t judge"),
      key: "c",
      pressed,
      run: () => (pressed ? this.give(null, false, t("Answer taken back")) : this.give({ type: "cannot_rate" }, true, t("Can’t judge"))),
    };
  }
}
