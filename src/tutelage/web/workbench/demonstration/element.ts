// The answer a model should give, written by a person; and, where asked for, how they got there.
import { html, nothing } from "lit";
import { KindElement } from "@tutelage/kind";
import type { Shortcut } from "@tutelage/shortcuts";
import type { Json } from "@tutelage/types";
import { t, tn, wordCount } from "@tutelage/words";

class Demonstration extends KindElement {
  private text = "";
  private reasoning = "";

  override get asksReason(): boolean {
    return false;
  }

  override begin(): void {
    const written = this.type === "demonstration" ? this.answer! : null;
    this.text = written ? ((written.response as Json[])[0]?.text as string) : "";
    this.reasoning = (written?.reasoning as string | null) ?? "";
    if (this.answer) this.give(this.answer, this.type !== "demonstration" || this.text.trim() !== "");
  }

  private write(change: { text?: string; reasoning?: string }): void {
    Object.assign(this, change);
    const nothingYet = !this.text && !this.reasoning;
    const answer = { type: "demonstration", response: [{ role: "assistant", text: this.text }], reasoning: this.reasoning.trim() ? this.reasoning : null };
    this.give(nothingYet ? null : answer, this.text.trim() !== "");
  }

  override keys(): Shortcut[] {
    return [{ id: "write", keys: ["e"], label: () => t("Write the answer"), group: () => t("Write"), run: () => this.querySelector("textarea")?.focus() }];
  }

  protected override render() {
    const field = (id: string, label: string, rows: number, value: string, write: (text: string) => void, first = false) => html`
      <div class="card composer"><label class="small muted" for=${id}>${label}</label><span class="small muted num">${tn(wordCount(value), "{n} word", "{n} words")}</span>
      <textarea id=${id} rows=${rows} dir="auto" lang=${this.task.item.language ?? nothing} ?data-first=${first} .value=${value} @input=${(e: Event) => write((e.target as HTMLTextAreaElement).value)}></textarea></div>`;
    return html`
      ${field("written", t("The answer a model should give"), 8, this.text, (text) => this.write({ text }), true)}
      ${this.task.item.payload.reasoning ? field("reasoning", t("How you got there: what you looked up, weighed, left out"), 4, this.reasoning, (reasoning) => this.write({ reasoning })) : nothing}`;
  }
}

customElements.define("t-kind-demonstration", Demonstration);
