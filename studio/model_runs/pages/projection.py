"""The map of a run: its rows in two dimensions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from django.http import QueryDict
from django.urls import reverse

from cleansets.row_address import ALL_ROWS, RowQuery
from studio.engine.projection.plane import GRID, SIDE
from studio.figures import percent
from studio.model_runs.gallery_rows import RunSource
from studio.model_runs.models import ModelRun, Projection
from studio.model_runs.pages.colours import NOTHING, Colouring, colour_choices, colouring
from studio.model_runs.plane_file import StoredPlane, stored_plane
from studio.model_runs.run_row_sets import among, cluster_title

N_DRAWN = 1_500  # points of the picture that the server draws
N_LABELS = 14  # of its clusters
N_HEATS = 9
MARGIN = 0.04  # around the square, in its sides
METHODS = {
    Projection.Method.UMAP: "UMAP keeps rows together that are alike; distances far apart say"
    " little.",
    Projection.Method.PCA: "PCA shows the two directions in which rows vary most; it is quick.",
}


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of the grid of density."""

    x: float
    y: float
    size: float
    heat: int


@dataclass(frozen=True, slots=True)
class Dot:
    """A point of the picture."""

    x: float
    y: float
    style: str


@dataclass(frozen=True, slots=True)
class ClusterLine:
    """A cluster: its name, where it is, and how often the run is wrong there."""

    number: int
    name: str
    first_term: str
    x: float
    y: float
    n_rows: int
    wrong: str
    is_worse: bool
    gallery_url: str
    review_url: str


def shown_method(run: ModelRun, params: QueryDict) -> str:
    """Return the method in the address, else the one of the newest map, else UMAP."""
    wanted = params.get("method", "")
    if wanted in Projection.Method.values:
        return wanted
    newest = run.projections.order_by("-queued_at").first()
    return str(newest.method if newest else Projection.Method.UMAP)


def newest_projection(run: ModelRun, method: str) -> Projection | None:
    """Return the newest projection by a method."""
    return run.projections.filter(method=method).order_by("-queued_at").first()


class MapPage:
    """The map of one request."""

    def __init__(self, projection: Projection, by: str) -> None:
        self.projection = projection
        self.run = projection.model_run
        self.source = RunSource(self.run)
        self.plane: StoredPlane = stored_plane(projection.plane_key)
        known = dict(self.choices)
        self.by = by if by in known else next(iter(known))

    @cached_property
    def choices(self) -> list[tuple[str, str]]:
        """By what the points can be coloured."""
        assert self.run.cleanset is not None
        return colour_choices(self.source, has_split=bool(self.run.project.split))

    @cached_property
    def colouring(self) -> Colouring:
        """The colours of the points."""
        return colouring(self.source, self.plane, self.projection.summary["clusters"], self.by)

    def context(self) -> dict[str, object]:
        """Build the map."""
        assert self.run.cleanset is not None
        query = RowQuery(issue=ALL_ROWS, among="AMONG").params()
        return {
            "projection": self.projection,
            "colouring": self.colouring,
            "colour_choices": self.choices,
            "clusters": self._clusters(),
            "cells": self._cells(),
            "dots": self._dots(),
            "n_labels": N_LABELS,
            "side": SIDE,
            "grid": GRID,
            "density": " ".join(map(str, self.plane.density.ravel().tolist())),
            "area": among(self.run, "area", self.projection.pk) + ",",
            "review_url": f"{self.run.cleanset.get_absolute_url()}?{query}",
            "gallery_url": f"{reverse('evaluation-gallery', args=[self.run.pk])}?{query}",
            "sentence": self._sentence(),
        }

    def _sentence(self) -> str:
        """State which rows are on the map, and what its axes are."""
        projection = self.projection
        n_rows = projection.n_rows or 0
        n_placed = projection.n_placed or 0
        n_fitted = projection.n_fitted or 0
        parts = [f"All {n_rows:,} rows that have features."]
        if n_placed < n_rows:
            parts = [f"A random sample of {n_placed:,} of {n_rows:,} rows."]
        if n_fitted < n_placed:
            parts.append(f"Fitted on {n_fitted:,} of them; the others are placed among these.")
        explained = projection.summary.get("explained")
        if explained is not None:
            parts.append(f"The two axes have {percent(explained)} of the variance.")
        return " ".join(parts)

    def _clusters(self) -> list[ClusterLine]:
        lines = []
        clusters: list[Mapping[str, Any]] = self.projection.summary["clusters"]
        n_wrong = sum(one["n_wrong"] or 0 for one in clusters)
        overall = n_wrong / max(sum(one["n_rows"] for one in clusters), 1)
        for number, one in enumerate(clusters):
            rows = among(self.run, "cluster", self.projection.pk, number)
            query = RowQuery(issue=ALL_ROWS, among=rows).params()
            share = None if one["n_wrong"] is None else one["n_wrong"] / one["n_rows"]
            lines.append(
                ClusterLine(
                    number=number,
                    name=cluster_title(one["terms"], number),
                    first_term=cluster_title(one["terms"][:1], number),
                    x=one["x"],
                    y=SIDE - one["y"],
                    n_rows=one["n_rows"],
                    wrong="" if share is None else percent(share),
                    is_worse=share is not None and share > 2 * overall,
                    gallery_url=f"{reverse('evaluation-gallery', args=[self.run.pk])}?{query}",
                    review_url=f"{self._review_url}?{query}",
                )
            )
        return lines

    @property
    def _review_url(self) -> str:
        assert self.run.cleanset is not None
        return self.run.cleanset.get_absolute_url()

    def _cells(self) -> list[Cell]:
        size = SIDE / GRID
        heats = np.ceil(self.plane.density.astype(np.float64) / 255 * N_HEATS).astype(int)
        # The lightest step is everywhere around the points.
        return [
            Cell(column * size, SIDE - (row + 1) * size, size, int(heats[row, column]))
            for row, column in np.argwhere(heats > 1).tolist()
        ]

    def _dots(self) -> list[Dot]:
        styles = {item.code: item.style for item in self.colouring.items}
        n_points = len(self.plane.points)
        step = max(1, -(-n_points // N_DRAWN))
        dots = []
        for point, code in zip(
            self.plane.points[::step].tolist(), self.colouring.codes[::step].tolist(), strict=True
        ):
            style = styles.get(code, "map-none" if code == NOTHING else "map-other")
            dots.append(Dot(round(point[0], 1), round(SIDE - point[1], 1), style))
        return dots
