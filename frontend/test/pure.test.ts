// The functions that need no page. Run by `python -m pytest tests/web/shared/test_scripts.py`.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { toCodePoints, toUtf16 } from "@tutelage/codepoints";
import { difference } from "@tutelage/diff";
import { sha256 } from "@tutelage/sha256";
import { chordOf, printed } from "@tutelage/shortcuts";
import { duration, wordCount } from "@tutelage/words";

test("code points and UTF-16 units go both ways: the face counts once, and is two units", () => {
  const text = "a😀b";
  assert.deepEqual([0, 1, 3, 4].map((u) => toCodePoints(text, u)), [0, 1, 2, 3]);
  assert.deepEqual([0, 1, 2, 3].map((c) => toUtf16(text, c)), [0, 1, 3, 4]);
});

test("our SHA-256 is SHA-256, across block edges and scripts", () => {
  for (const text of ["", "abc", "é😀".repeat(40), ...[54, 55, 56, 63, 64, 65, 119, 120, 1000].map((n) => "x".repeat(n))])
    assert.equal(sha256(text), createHash("sha256").update(text).digest("hex"));
});

const only = (a: string, b: string) => difference(a, b).filter((p) => p.only).map((p) => p.text);

test("a difference is what the other text does not have, in order", () => {
  assert.deepEqual(only("the cat sat on the mat", "the dog sat on the mat"), ["cat"]);
  assert.deepEqual(only("the dog sat on the mat", "the cat sat on the mat"), ["dog"]);
  assert.deepEqual(only("same", "same"), []);
  assert.deepEqual(only("", "something"), []);
  assert.deepEqual(only("all of it", ""), ["all of it"]);
  assert.deepEqual(only("b a", "a b"), ["b "]);
});

test("a difference never loses a character, however long and however different", () => {
  const words = (n: number, seed: number) => Array.from({ length: n }, (_, i) => `w${(i * seed) % 97}`).join(" ");
  for (const [a, b] of [[words(50, 7), words(60, 11)], [words(3000, 7), words(3000, 13)]] as const)
    assert.equal(difference(a, b).map((p) => p.text).join(""), a);
});

test("words are counted as a reader counts them", () => {
  assert.deepEqual(["", "one", "don't stop", "a-b c", "15 % of 80"].map(wordCount), [0, 1, 2, 2, 3]);
});

test("time is minutes and seconds, and hours where there are some", () => {
  assert.deepEqual([0, 65.9, 872, 3661].map(duration), ["0:00", "1:05", "14:32", "1:01:01"]);
});

const key = (k: string, more: object = {}) => ({ key: k, code: "", ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...more }) as KeyboardEvent;

test("a chord is found by its letter, and by its place on a keyboard of another script", () => {
  assert.equal(chordOf(key("A", { shiftKey: true })), "a");
  assert.equal(chordOf(key("ش", { code: "KeyA" })), "a");
  assert.equal(chordOf(key("١", { code: "Digit1" })), "1");
  assert.equal(chordOf(key("Enter", { metaKey: true })), "Ctrl+Enter");
  assert.equal(chordOf(key("ArrowRight", { shiftKey: true })), "Shift+ArrowRight");
  assert.equal(printed("Ctrl+Enter"), "Ctrl ↵");
});
