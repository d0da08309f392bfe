"""One page with every block on it; its figures are invented and say so."""

from __future__ import annotations

import pytest

from tutelage.records import Estimate, Rate, Undefined, encode
from tutelage.report import (
    Beside,
    Callout,
    CurveChart,
    Fact,
    FigureCard,
    FigureTable,
    GateTable,
    IntervalChart,
    LineageTree,
    Node,
    Page,
    PairSample,
    Prose,
    Reference,
    ReliabilityChart,
    Section,
    Series,
    StageRow,
    StageTable,
)

BOOT = "cluster bootstrap by prompt"


def estimate(value: float, half: float, n: int = 240, unit: str = "", **more: object) -> Estimate:
    """An invented Estimate, symmetric about its value."""
    return Estimate(value, value - half, value + half, method=BOOT, n=n, unit=unit, **more)  # type: ignore[arg-type]  # invented figures


ALPHA = Estimate(0.61, 0.57, 0.65, method=BOOT, n=412, rows=1846, assumptions=("prompts are independent",))
ACCURACY = Rate(781, 964, 0.784, 0.834, method="Wilson", unscored=12)
NO_CEILING = Undefined("no prompt has two people: raise overlap to 2 to estimate it.")
DECISION = {
    "outcome": "insufficient",
    "findings": [
        {
            "criterion": "helpfulness",
            "required": "win rate above 50 %",
            "figure": encode(estimate(0.64, 0.05, unit="share")),
            "outcome": "pass",
            "why": "the whole interval is on the good side",
        },
        {
            "criterion": "over-refusal",
            "required": "at most 5 %",
            "figure": encode(Rate(7, 180, 0.019, 0.078, method="Wilson")),
            "outcome": "insufficient",
            "why": "the interval includes 5 %: about 300 more prompts",
        },
        {
            "criterion": "biology",
            "required": "level none",
            "figure": encode(Undefined("no result for this domain.")),
            "outcome": "insufficient",
            "why": "a listed domain without a result",
        },
    ],
}
TREE = Node(
    "checkpoint dpo-3",
    "SmolLM2-135M, LoRA r 8",
    "9f2c77ab01de55aa",
    (
        Node(
            "release r1",
            "412 comparisons",
            "11aa00bb22cc33dd",
            (Node("judgments", "1,846 by 9 simulated contributors, 0 people"), Node("guideline v2")),
        ),
        Node("recipe demo", "seed 7", "77aa66bb55cc44dd"),
    ),
)


@pytest.fixture(scope="session")
def demo_page() -> Page:  # long: one of every block
    """Every block, as the run's page will use it."""
    steps = tuple(float(s) for s in range(0, 210, 10))
    loss = tuple(0.693 * (0.45 + 0.55 * 2.718 ** (-s / 60)) for s in steps)
    n = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
    gold = (0.0, 0.22, 0.37, 0.43, 0.41, 0.33)
    return Page(
        "Starter run",
        "Invented figures that show every block of a page. Nothing here was measured.",
        "insufficient",
        (
            Section(
                "In short",
                "What came out, and what may be claimed.",
                (
                    Callout("warn", "The gate cannot decide yet: two criteria need more evidence.", "Insufficient."),
                    FigureCard(
                        "Win rate against the base model", estimate(0.64, 0.05, unit="share"), "length-controlled 0.60"
                    ),
                    FigureCard("Agreement (α)", ALPHA),
                    FigureCard("Reward model accuracy", ACCURACY),
                    FigureCard("Human–human ceiling", NO_CEILING),
                    Fact("Judgments", "1,846", "9 simulated contributors, 0 people"),
                ),
            ),
            Section(
                "Reward model",
                "Held-out prompts; baselines were chosen on the training part.",
                (
                    IntervalChart(
                        "Accuracy on held-out pairs",
                        (
                            ("Reward model", ACCURACY),
                            ("Longer wins", Rate(748, 964, 0.748, 0.801, method="Wilson")),
                            (
                                "Bag of words and a name so long that it must wrap to two lines",
                                Rate(610, 964, 0.602, 0.663, method="Wilson"),
                            ),
                            ("Human–human ceiling", NO_CEILING),
                        ),
                        Reference(0.801, "best baseline, upper end"),
                        unit="share",
                    ),
                    Beside(
                        (
                            ReliabilityChart(
                                "Is it calibrated?",
                                tuple(
                                    (
                                        p,
                                        Rate(
                                            round(100 * q), 100, max(0.0, q - 0.09), min(1.0, q + 0.09), method="Wilson"
                                        ),
                                    )
                                    for p, q in ((0.1, 0.16), (0.3, 0.33), (0.5, 0.52), (0.7, 0.58), (0.9, 0.88))
                                ),
                            ),
                            CurveChart(
                                "Training loss",
                                (
                                    Series("train", steps, loss, how="mean of 16 pairs"),
                                    Series(
                                        "held out",
                                        steps,
                                        tuple(x + 0.03 for x in loss),
                                        tuple(x + 0.01 for x in loss),
                                        tuple(x + 0.05 for x in loss),
                                        how="96 pairs, 95 % bootstrap",
                                    ),
                                ),
                                "step",
                                "loss (nats)",
                            ),
                        )
                    ),
                ),
            ),
            Section(
                "Before and after",
                "Blind head-to-head on prompts no stage has seen.",
                (
                    IntervalChart(
                        "Improvement by arm",
                        (
                            ("True labels", estimate(0.31, 0.09)),
                            ("30 % flipped", estimate(0.15, 0.10)),
                            ("Winners permuted", estimate(0.01, 0.08)),
                            ("SFT only", Estimate(-0.02, -0.08, 0.05, method=BOOT, n=240, sided="lower")),
                        ),
                        Reference(0.0, "no difference"),
                        unit="nats",
                    ),
                    FigureTable(
                        "Guards",
                        ("Guard", "Base", "Tuned"),
                        (
                            (
                                "Empty answers",
                                Rate(1, 240, 0.0, 0.023, method="Wilson"),
                                Rate(0, 240, 0.0, 0.016, method="Wilson"),
                            ),
                            ("Length, words", estimate(61.2, 4.4), estimate(66.9, 5.2)),
                            ("Repetition", estimate(0.04, 0.01), Undefined("fewer than 20 answers.")),
                        ),
                    ),
                    CurveChart(
                        "Best of n: proxy and gold",
                        (
                            Series("proxy reward", n, (0.0, 0.56, 1.0, 1.4, 1.7, 2.0), how="60 prompts"),
                            Series(
                                "gold reward",
                                n,
                                gold,
                                tuple(g - 0.1 for g in gold),
                                tuple(g + 0.1 for g in gold),
                                how="60 prompts, 95 % bootstrap",
                            ),
                        ),
                        "n samples (KL = log n − (n − 1)/n nats)",
                        "reward (standard deviations)",
                        log_x=True,
                        note="Gold turns at n = 8 while the proxy goes on: over-optimisation begins there.",
                    ),
                ),
            ),
            Section(
                "Pairs",
                "Drawn at random with seed 7, then the worst.",
                (
                    PairSample(
                        "Name three primary colours. <script>alert(1)</script>",
                        "Red, yellow and blue.",
                        "<img src=x onerror=alert(1)> Colours are nice " * 30,
                        "left",
                        "simulated judge ‘terse’",
                        "B never answers.",
                        heading="Random pair 1 of 5",
                    ),
                    PairSample("What is 7 × 8?", "", "56", "right", "rule: exact", heading="Worst pair 1 of 5"),
                ),
            ),
            Section("Gate", "Whole interval on the good side, or it does not pass.", (GateTable(DECISION),)),
            Section(
                "Where it came from",
                "Every weight back to the judgments behind it.",
                (
                    LineageTree(TREE),
                    StageTable(
                        (
                            StageRow("sample", "done", 41.2, "9f2c77ab01de55aa", "from cache"),
                            StageRow("gather", "waiting", None, "", "12 of 40 judged"),
                        )
                    ),
                    Prose("A first paragraph.\n\nA second & last one."),
                ),
            ),
        ),
        footer="Made from a test fixture.",
    )
