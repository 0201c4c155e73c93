"""From a score to a confidence: scores of questions with an answer and of others come in, a logistic curve goes out.

The scores it is fitted to are left-one-out ones: what each question would have scored had it not been known.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FEW = 20  # of a kind; with fewer, chance would place the curve


@dataclass(frozen=True, slots=True)
class Curve:
    """`middle`: the score at which a question is as likely answered as not; `slope`: log-odds a point of score."""

    middle: float
    slope: float

    @classmethod
    def fit(cls, answered: NDArray[np.float64], others: NDArray[np.float64], default: "Curve") -> "Curve":
        """The curve that tells the two apart, both kinds weighing the same; `default` where there are too few.

        Also where answered questions do not score higher than the others, which then says nothing.
        """
        if min(len(answered), len(others)) < FEW:
            return default
        from sklearn.linear_model import LogisticRegression  # seconds, and a curve is fitted only with a new index

        scores = np.concatenate([answered, others])
        spread = float(scores.std()) or 1.0
        labels = np.arange(len(scores)) < len(answered)
        model = LogisticRegression(class_weight="balanced", C=10.0).fit(scores[:, None] / spread, labels)
        slope, start = float(model.coef_[0, 0]) / spread, float(model.intercept_[0])
        return cls(-start / slope, slope) if slope > 0 else default

    def between(self, other: "Curve", share: float) -> "Curve":
        """This curve at a share of 0, the other at 1."""
        return Curve((1 - share) * self.middle + share * other.middle, (1 - share) * self.slope + share * other.slope)

    def confidence(self, score: float) -> float:
        """0 to 1, and 0.5 at the middle."""
        return 1 / (1 + math.exp(-max(-60.0, min(60.0, self.slope * (score - self.middle)))))
