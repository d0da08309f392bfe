"""The release's part of the EU public summary of training content (AI Act, Article 53(1)(d); template of July 2025).

A fragment: the provider of the model owes the whole, and fills in what a data set cannot know. What nobody recorded is
said to be so; it is not answered with no.
"""

from __future__ import annotations

from tutelage.provenance.release.manifest import Manifest
from tutelage.records import Json

BANDS = ((1e3, "less than 1 thousand"), (1e5, "1 thousand to 100 thousand"), (1e7, "100 thousand to 10 million"))


UNRECORDED = "not recorded: for the provider of the model to state"


def eu_summary(
    manifest: Manifest, *, characters: int, languages: tuple[str, ...], sources: tuple[str, ...] = ()
) -> Json:
    """Sections 1 to 3 as far as this release is concerned.

    characters  of text in items and responses
    sources     where items and responses say that they are from
    """
    size = next((words for limit, words in BANDS if characters < limit), "more than 10 million")
    return {
        "template": "Public Summary of Training Content for general-purpose AI models, 24 July 2025",
        "part": "fragment for one data set; to be merged by the provider of the model",
        "1_general_information": {
            "modality": "text", "size_characters": characters, "size_band": f"{size} characters",
            "languages": list(languages), "types_of_content": "prompts, responses, judgments of them",
        },
        "2_list_of_data_sources": {
            "licence_of_this_data_set": manifest.licence, "named_by_its_records": list(sources),
            "2.1_publicly_available": UNRECORDED, "2.2_private_licensed": UNRECORDED, "2.3_crawled": UNRECORDED,
            "2.4_user_data": UNRECORDED,
            "2.5_synthetic": {
                "responses": "written by AI models where the record names a model as author",
                "ai_judgments": manifest.judgments_by["ai"], "simulated_judgments": manifest.simulated,
            },
            "2.6_other": {
                "description": "judgments by people, each with a receipt",
                "people": manifest.judges["person"], "judgments": manifest.judgments_by["person"],
            },
        },
        "3_data_processing": {
            "rights_reservations": "texts carry their own licence in each record",
            "removal_of_illegal_content": UNRECORDED, "digest": manifest.digest,
        },
    }  # fmt: skip
