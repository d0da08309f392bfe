"""The rooms' faces import without torch."""

from __future__ import annotations

import subprocess
import sys


def test_models_and_training_import_without_torch() -> None:
    """Nothing heavy is imported until it is used."""
    code = "import sys, tutelage.models, tutelage.training, tutelage.models.checkpoint, tutelage.models.local_weights\n"
    code += "assert not {'torch', 'transformers', 'safetensors'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_without_torch_the_extra_is_named() -> None:
    """A machine without torch: the error says what to install."""
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "from tutelage import models\nfrom tutelage.errors import MissingExtra\n"
        "try: models.load('local:smollm2')\n"
        "except MissingExtra as e: assert 'tutelage[train]' in str(e)\n"
        "else: raise SystemExit('no error')"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
