"""Saved preference models as a place of erasure: files in, the same files without a customer out.

Errors: `StorageError` for a file that is no such model.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from errors import StorageError, choices
from profiles.preference import covisitation, popularity
from profiles.preference.covisitation import Covisitation
from profiles.preference.popularity import Popularity
from profiles.preference.storage import kind_of
from profiles.privacy.erasure_targets import Subject

if TYPE_CHECKING:
    from profiles.preference.ranking import Ranked


class PreferenceFiles:
    """Some models' files. A model in memory forgets by itself: `PreferenceModel.forget`."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = paths

    def held(self) -> Iterable[str]:
        return {name for path in self._paths for name in _load(path).customers()}

    def erase(self, subject: Subject) -> Mapping[str, int]:
        count = 0
        for path in self._paths:
            model = _load(path)
            if forgotten := sum(model.forget(name) for name in subject.names):
                model.save(path)
            count += forgotten
        return {"acts in preference models": count}


def _load(path: Path) -> "Covisitation | Popularity | Ranked":
    from profiles.preference import ranking  # torch and scikit-learn, which only a trained model needs

    loaders: Mapping[str, Callable[[Path], Covisitation | Popularity | ranking.Ranked]] = {
        covisitation.KIND: Covisitation.load,
        popularity.KIND: Popularity.load,
        ranking.KIND: ranking.Ranked.load,
    }
    kind = kind_of(path)
    if kind not in loaders:
        raise StorageError(f"{path} holds a model of kind {kind!r}; there are {choices(loaders)}")
    return loaders[kind](path)
