"""Surface features and hashed n-grams: finite for any text, alone or in company."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tutelage.models.features import NGRAM_BITS, SURFACE_NAMES, ngrams, prompt_text, surface
from tutelage.records import Message, user


def column(name: str, text: str, prompt: str = "") -> float:
    return float(surface([prompt], [text])[0, SURFACE_NAMES.index(name)])


def test_a_feature_is_what_its_name_says():
    """7 words of which 6 differ; one comma in 7 words; `because` is one connective in 7."""
    text = "I think, because I read a study"
    assert column("log_words", text) == np.log1p(7)
    assert column("type_token", text) == 6 / 7
    assert column("commas", text) == 1 / 7
    assert column("connectives", text) == 1 / 7


def test_overlap_with_the_prompt_leaves_stop_words_out():
    """Prompt words {school, uniforms}, answer words {uniforms, help}: one is shared of two on either side."""
    assert column("prompt_overlap", "the uniforms help", "the school uniforms") == 1 / 2
    assert column("prompt_covered", "the uniforms help", "the school uniforms") == 1 / 2


def test_the_prompt_of_a_dialogue_is_its_last_user_turn_whether_messages_or_a_transcript():
    turns = (Message("user", "Hi"), Message("assistant", "Hello"), Message("user", "Why?"))
    assert prompt_text(turns) == "Why?"
    assert prompt_text(user("\n\nHuman: Hi\n\nAssistant: Hello\n\nHuman: Why?\n\nAssistant:")) == "Why?"


def test_words_pairs_and_runs_of_characters_are_all_counted():
    """ " ab cd " has 7 bytes: 5 + 4 + 3 runs of 3, 4 and 5 characters, 2 words, 1 pair = 15."""
    assert ngrams(["ab cd"]).sum() == 15


def test_n_grams_are_the_same_on_every_machine_and_day():
    """A stored head is worthless if its columns move: the first columns of one text, written down once."""
    X = ngrams(["Tutelage"])
    assert X.shape == (1, 1 << NGRAM_BITS)
    assert X.indices[:4].tolist() == GOLDEN


GOLDEN = [1913, 3421, 3962, 4072]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text(max_size=60), min_size=1, max_size=6))
def test_any_text_has_finite_features_that_do_not_depend_on_its_company(texts: list[str]):
    together, counts = surface(texts, texts), ngrams(texts)
    assert np.isfinite(together).all()
    for at, text in enumerate(texts):
        assert np.array_equal(surface([text], [text])[0], together[at])
        assert abs(ngrams([text]) - counts[[at]]).sum() == 0


def test_no_texts_give_no_rows():
    assert surface([], []).shape == (0, len(SURFACE_NAMES))
    assert ngrams([]).shape[0] == 0
