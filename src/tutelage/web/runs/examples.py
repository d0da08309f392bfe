"""The smallest file that can be imported into a project of each kind: what an owner is shown beside the form."""

from __future__ import annotations

import json

from tutelage.records import Json


def _line(row: Json) -> str:
    return json.dumps(row, ensure_ascii=False) + "\n"


ROWS = {
    "comparison": 'prompt,first,second\nCan I take ibuprofen with warfarin?,Ask your clinic first.,"Yes, do."\n',
    "ranking": _line({"prompt": "Name a planet.", "responses": ["Mars", "Pluto", "The Sun"]}),
    "rating": _line({"prompt": "Name a planet.", "response": "Mars",
                     "payload": {"criteria": [{"name": "Correct", "worst": 1, "best": 5}]}}),
    "classification": _line({"prompt": "The bus never came.", "payload": {"labels": ["praise", "complaint"]}}),
    "demonstration": "prompt\nExplain tides to a child of eight.\n",
    "spans": _line({"prompt": "Who wrote Emma?", "response": "Jane Eyre wrote Emma.",
                    "payload": {"text": "Jane Eyre wrote Emma.", "labels": ["error"]}}),
    "fact_check": _line({"prompt": "Who wrote Emma?", "response": "Jane Austen, in 1815.",
                         "payload": {"text": "Jane Austen, in 1815."}}),
    "problem": "prompt\nWrite a problem about fractions for a ten-year-old.\n",
    "dialogue": _line({"prompt": "Ask the assistant to plan a day in Rome, and change your mind once.",
                       "payload": {"task": "write", "replies": 2}}),
    "trajectory": _line({"prompt": "What is 17 times 3?", "payload": {"steps": [0, 1]}, "responses": [
        [{"role": "assistant", "content": "17 times 3 is 41."}, {"role": "assistant", "content": "So it is 41."}]]}),
}  # fmt: skip
