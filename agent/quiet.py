"""Keeps library chatter off a command's output: progress bars, hub look-ups, telemetry and warnings.

In: nothing. Out: environment and logging set for this process; called by commands only, never on import.
"""

import logging
import os
import warnings

from agent.discreet import Discreet


def quiet() -> None:
    """Offline, without progress bars or warnings; our own log records of level WARNING and above show discreetly."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    warnings.filterwarnings("ignore")
    shown = logging.StreamHandler()
    shown.setFormatter(Discreet())
    logging.basicConfig(level=logging.WARNING, handlers=[shown])
    logging.disable(logging.INFO)  # for good: some libraries set their own level when they are imported
    for name in ("sentence_transformers", "transformers", "httpx", "faiss"):
        logging.getLogger(name).setLevel(logging.ERROR)
