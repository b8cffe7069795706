"""The committed weights and the script that made them belong together."""

import json
from pathlib import Path

import numpy as np

import transferlab
from benchmarks.pretrain import targets
from transferlab.backbones.registry import EMBEDDED
from transferlab.drawing.emblems import ATTACHMENTS, BODIES, EMBLEMS

WEIGHTS = Path(transferlab.__file__).parent / "weights"


def test_the_auxiliary_heads_learn_body_and_attachment() -> None:
    halves = targets(np.arange(len(EMBLEMS)))
    names = [
        f"{list(BODIES)[body]}+{list(ATTACHMENTS)[attachment]}"
        for body, attachment in zip(halves["body"], halves["attachment"], strict=True)
    ]
    assert names == list(EMBLEMS)


def test_the_record_is_that_of_the_files() -> None:
    record = json.loads((WEIGHTS / "pretraining.json").read_text("utf-8"))
    assert sorted(record) == sorted(EMBEDDED)
    for name, figures in record.items():
        assert figures["bytes"] == (WEIGHTS / f"{name}.npz").stat().st_size
        assert figures["parameters"] == transferlab.load_backbone(name).count_params()
        assert figures["top_1_accuracy"] > 0.65
