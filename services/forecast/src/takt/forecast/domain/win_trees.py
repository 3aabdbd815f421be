"""Fitted trees as plain arrays: scored and explained by numpy alone, kept as JSON.

A tree's prediction is its root's expectation plus, at each split of the path, the change of the
expectation, which is the contribution of the split's column (Saabas 2014); these sum exactly.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]

LEAF = -1
DIGITS = 6


@dataclass(frozen=True, slots=True)
class Trees:
    """Trees whose values add up. Shape (nodes,) each but `roots`, (trees,).

    A row goes left where its column is at most the threshold; a leaf has column LEAF and is its
    own child.
    """

    roots: Ints
    columns: Ints
    thresholds: Floats
    left: Ints
    right: Ints
    values: Floats
    """Of a leaf what it predicts, of another node the expectation over the training rows there."""
    start: float = 0.0
    """To which the trees add."""

    def predict(self, rows: Floats) -> Floats:
        """Sum over the trees, shape (rows,)."""
        values: Floats = self.start + self.values[self._leaves(rows)].sum(axis=1)
        return values

    def _leaves(self, rows: Floats) -> Ints:
        place = np.arange(len(rows))[:, None]
        node = np.broadcast_to(self.roots, (len(rows), len(self.roots)))
        while (column := self.columns[node]).max(initial=LEAF) > LEAF:
            goes_left = rows[place, column] <= self.thresholds[node]
            node = np.where(goes_left, self.left[node], self.right[node])
        return node

    def expectation(self) -> float:
        """What the trees predict of no row in particular."""
        return self.start + float(self.values[self.roots].sum())

    def contributions(self, row: Floats) -> Floats:
        """How far each column moves this row from the expectation; shape (columns,)."""
        moved = np.zeros(len(row))
        node = self.roots
        while (column := self.columns[node]).max(initial=LEAF) > LEAF:
            child = np.where(
                row[column] <= self.thresholds[node], self.left[node], self.right[node]
            )
            inner = column > LEAF
            np.add.at(moved, column[inner], (self.values[child] - self.values[node])[inner])
            node = child
        return moved

    def with_expectations(self, rows: Floats, weights: Floats) -> "Trees":
        """Inner nodes given the weighted mean of what they predict of the training rows there.

        All values are rounded, so that what is kept of a model is the model.
        """
        nodes = len(self.columns)
        reached, summed = np.zeros(nodes), np.zeros(nodes)
        leaves = self._leaves(rows)
        place = np.arange(len(rows))[:, None]
        node = np.broadcast_to(self.roots, leaves.shape)
        each = np.broadcast_to(weights[:, None], leaves.shape)
        predicted = (each * self.values[leaves]).ravel()
        while (column := self.columns[node]).max(initial=LEAF) > LEAF:
            reached += np.bincount(node.ravel(), each.ravel(), nodes)
            summed += np.bincount(node.ravel(), predicted, nodes)
            goes_left = rows[place, column] <= self.thresholds[node]
            node = np.where(goes_left, self.left[node], self.right[node])
        values = self.values.copy()
        inner_nodes = (self.columns > LEAF) & (reached > 0)
        values[inner_nodes] = summed[inner_nodes] / reached[inner_nodes]
        return Trees(
            self.roots,
            self.columns,
            self.thresholds,
            self.left,
            self.right,
            np.round(values, DIGITS),
            self.start,
        )

    def written(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "roots": self.roots.tolist(),
            "columns": self.columns.tolist(),
            "thresholds": self.thresholds.tolist(),
            "left": self.left.tolist(),
            "right": self.right.tolist(),
            "values": self.values.tolist(),
            "start": self.start,
        }

    @classmethod
    def read(cls, written: dict[str, Any]) -> Self:
        """From JSON."""
        roots, columns, left, right = (
            np.array(written[name], dtype=np.int32)
            for name in ("roots", "columns", "left", "right")
        )
        thresholds, values = (np.array(written[name]) for name in ("thresholds", "values"))
        return cls(roots, columns, thresholds, left, right, values, written["start"])


def joined(trees: Sequence[Trees], start: float) -> Trees:
    """Single trees, one after another."""
    sizes = np.cumsum([0, *(len(tree.columns) for tree in trees)])[:-1]
    return Trees(
        np.array(sizes, dtype=np.int32),
        np.concatenate([tree.columns for tree in trees]),
        np.concatenate([tree.thresholds for tree in trees]),
        np.concatenate([t.left + size for t, size in zip(trees, sizes, strict=True)]).astype("i4"),
        np.concatenate([t.right + size for t, size in zip(trees, sizes, strict=True)]).astype("i4"),
        np.concatenate([tree.values for tree in trees]),
        start,
    )


def tree_of(
    columns: npt.ArrayLike,
    thresholds: npt.ArrayLike,
    left: npt.ArrayLike,
    right: npt.ArrayLike,
    values: npt.ArrayLike,
    leaves: npt.ArrayLike,
) -> Trees:
    """One tree; what a leaf has for column, threshold and children is put right."""
    leaf = np.asarray(leaves, dtype=bool)
    own = np.arange(len(leaf))
    return Trees(
        np.zeros(1, dtype=np.int32),
        np.where(leaf, LEAF, columns).astype(np.int32),
        np.where(leaf, 0.0, thresholds),
        np.where(leaf, own, left).astype(np.int32),
        np.where(leaf, own, right).astype(np.int32),
        np.asarray(values, dtype=np.float64),
    )
