"""The nouns, as frozen values, and their JSON. See `docs/explain/nouns.md`."""

from tutelage.records.codec import decode, encode
from tutelage.records.figures import Estimate, Figure, Grade, Rate, Scored, Undefined, Unscored
from tutelage.records.ids import Ids, uuid7
from tutelage.records.messages import (
    Attachment,
    Json,
    Message,
    Role,
    Sampling,
    Source,
    ToolCall,
    assistant,
    text_of,
    user,
)
from tutelage.records.rows import DemonstrationRow, LabelledRow, RankedRow, Row
from tutelage.records.work import (
    WITHDRAWN,
    AiJudge,
    Anonymous,
    Artefact,
    Contribution,
    Item,
    Judge,
    Judgment,
    Open,
    Person,
    Response,
    Settled,
    Simulated,
    Verdict,
    counts_as_person,
    standing,
)

__all__ = [
    "WITHDRAWN", "AiJudge", "Anonymous", "Artefact", "Attachment", "Contribution", "DemonstrationRow", "Estimate",
    "Figure", "Grade", "Ids", "Item", "Json", "Judge", "Judgment", "LabelledRow", "Message", "Open", "Person",
    "RankedRow", "Rate", "Response", "Role", "Row", "Sampling", "Scored", "Settled", "Simulated", "Source", "ToolCall",
    "Undefined", "Unscored", "Verdict", "assistant", "counts_as_person", "decode", "encode", "standing", "text_of",
    "user", "uuid7",
]  # fmt: skip
