"""A small multilayer perceptron with a linear path beside it, trained on absolute errors.

All horizons at once, so that a window of history is one row. Plain numpy: it is deterministic for a
seed, and a few thousand series train in seconds on one core.
Sources: Kingma & Ba (2015), Adam; Oreshkin et al., "N-BEATS" (2020), for what such networks gain
in a combination.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Singles = npt.NDArray[np.float32]

BATCH = 256
MOMENTUM, SPREAD, TINY = 0.9, 0.999, np.float32(1e-7)


@dataclass(frozen=True, slots=True)
class Network:
    """Weights; `predict` gives one row of horizons for each row of inputs."""

    weights: tuple[Singles, ...]

    def predict(self, inputs: Singles) -> Singles:
        """Shape (rows, horizon)."""
        first, first_bias, second, second_bias, last, straight, last_bias = self.weights
        hidden: Singles = np.maximum(inputs @ first + first_bias, 0)
        hidden = np.maximum(hidden @ second + second_bias, 0)
        ahead: Singles = hidden @ last + inputs @ straight + last_bias
        return ahead


def train(
    inputs: Singles,
    targets: Singles,
    weights: Singles,
    *,
    seed: int,
    width: int,
    epochs: float,
    rate: float,
) -> Network:
    """Least weighted absolute error.

    Args:
        inputs: shape (rows, features), of the order of 1.
        targets: shape (rows, horizon), finite.
        weights: what each target counts, shape (rows, horizon); 0 where it is unknown.
        seed: of the first weights and of the order of rows.
        width: of both hidden layers.
        epochs: passes over the rows, also part of one.
        rate: the first step size; it falls to zero along a cosine.
    """
    random = np.random.default_rng(seed)
    rows, features = inputs.shape
    horizon = targets.shape[1]

    def layer(size: int, out: int, gain: float) -> Singles:
        first: Singles = random.standard_normal((size, out), np.float32)
        return first * np.float32(gain / np.sqrt(size))

    w = [
        layer(features, width, 1.4),
        np.zeros(width, np.float32),
        layer(width, width, 1.4),
        np.zeros(width, np.float32),
        layer(width, horizon, 0.1),
        np.zeros((features, horizon), np.float32),
        np.zeros(horizon, np.float32),
    ]
    mean = [np.zeros_like(x) for x in w]
    square = [np.zeros_like(x) for x in w]
    steps = max(1, round(epochs * rows / BATCH))
    order = random.permutation(rows)
    position = 0
    for step in range(steps):
        if position + BATCH > rows:
            order, position = random.permutation(rows), 0
        chosen = order[position : position + BATCH]
        position += BATCH
        x = inputs[chosen]
        a = np.maximum(x @ w[0] + w[1], 0)
        b = np.maximum(a @ w[2] + w[3], 0)
        error = b @ w[4] + x @ w[5] + w[6] - targets[chosen]
        slope = np.sign(error) * weights[chosen] / np.float32(len(chosen) * horizon)
        back_b = (slope @ w[4].T) * (b > 0)
        back_a = (back_b @ w[2].T) * (a > 0)
        gradients = (
            x.T @ back_a,
            back_a.sum(axis=0),
            a.T @ back_b,
            back_b.sum(axis=0),
            b.T @ slope,
            x.T @ slope,
            slope.sum(axis=0),
        )
        now = np.float32(rate * 0.5 * (1 + np.cos(np.pi * step / steps)))
        correct_mean = np.float32(1 - MOMENTUM ** (step + 1))
        correct_square = np.float32(1 - SPREAD ** (step + 1))
        for k, gradient in enumerate(gradients):
            mean[k] += np.float32(1 - MOMENTUM) * (gradient - mean[k])
            square[k] += np.float32(1 - SPREAD) * (gradient * gradient - square[k])
            w[k] -= now * (mean[k] / correct_mean) / (np.sqrt(square[k] / correct_square) + TINY)
    return Network(tuple(w))
