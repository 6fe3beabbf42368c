"""Captions are true of their scenes, read back by a grammar of their own; windows cut nothing."""
import json
import os
import re
from collections import Counter
from itertools import islice

import numpy as np
import pytest

import captions
import recipe
import stream
from words import FOLDER, Words, build, write

PLACES = {"at the top left": 0, "in the top left corner": 0, "at the top": 1, "at the top right": 2,
          "in the top right corner": 2, "on the left": 3, "in the middle": 4, "in the center": 4, "on the right": 5,
          "at the bottom left": 6, "in the bottom left corner": 6, "at the bottom": 7, "at the bottom right": 8,
          "in the bottom right corner": 8}
GROUND = re.compile(r" (?:on a plain (?P<gradient>\w* ?)ground|on (?P<stripes>\w* ?)stripes|on an? (?P<stripes2>\w* ?)"
                    r"striped wall|(?:in front of|in) (?P<clouds>\w* ?)clouds|(?P<wood>on wood|on a wooden table))$")
RELATION = re.compile(r"^(.+?) ((?:to the )?left of|(?:to the )?right of|above|below|under) (.+?)(?: and (.*))?$")
SINGULAR = {"buses": "bus", "strawberries": "strawberry", "butterflies": "butterfly", "couches": "couch",
            "cactuses": "cactus", "fish": "fish", "sheep": "sheep"}
NUMBERS = {"a": 1, "an": 1, "two": 2, "three": 3}
COLOURS = {"red", "orange", "yellow", "green", "blue", "purple", "pink"}


def thing(text):
    """"two red cars" → (2, "red", "car")."""
    if text.endswith("grapes"):
        return {"grapes": 1, "two bunches of grapes": 2, "three bunches of grapes": 3}[text], "", "grapes"
    first, *colour, noun = text.split()
    n = NUMBERS[first]
    assert (first == "an") == ((colour + [noun])[0][0] in "aeiou") or n > 1, text
    if n > 1:
        noun = SINGULAR.get(noun) or noun.removesuffix("s")
    assert len(colour) <= 1 and set(colour) <= COLOURS, text
    return n, "".join(colour), noun


def check(text, objects, ground, side):
    text = re.sub(r"^a (picture|photo|drawing) of ", "", text)
    if m := GROUND.search(text):
        kind, _, colour = ground.partition(" ")
        said = {k.rstrip("2"): v.strip() for k, v in m.groupdict().items() if v is not None}
        assert list(said) == [kind], (text, ground)
        assert kind == "wood" or said[kind] in ("", colour), (text, ground)
        text = text[:m.start()]
    there = Counter((o.get("colour", ""), o["name"]) for o in objects)
    claimed = Counter()
    if m := RELATION.match(text):
        a, way, b, text = m.groups()
        pair = []
        for t in (a, b):
            n, colour, noun = thing(t)
            assert n == 1 and there[colour, noun] == 1, t
            claimed[colour, noun] += 1
            pair.append(next(o for o in objects if (o.get("colour", ""), o["name"]) == (colour, noun)))
        dx, dy = pair[1]["x"] - pair[0]["x"], pair[1]["y"] - pair[0]["y"]
        d = {"left": dx, "right": -dx, "above": dy, "below": -dy, "under": -dy}[way.split()[-2 if "of" in way else 0]]
        assert d >= 0.12 * side and d >= max(abs(dx), abs(dy)), (a, way, b)
    for clause in re.split(", | and ", text) if text else []:
        place = next((p for p in sorted(PLACES, key=len, reverse=True) if clause.endswith(" " + p)), None)
        n, colour, noun = thing(clause.removesuffix(" " + place) if place else clause)
        claimed[colour, noun] += n
        if place:
            assert n == sum((o.get("colour", ""), o["name"], o["cell"]) == (colour, noun, PLACES[place]) for o in objects)
    assert claimed == there


def test_captions_are_true(small, words, painter):
    forms = Counter()
    for s, _ in islice(stream.scenes(words, small, painter, 1), 400):
        for o in s["objects"]:
            x, y = int(3 * o["x"] / 64), int(3 * o["y"] / 64)
            assert o["cell"] == 3 * y + x
        check(s["text"], s["objects"], s["ground"], 64)
        forms["relation"] += bool(re.search("left of|right of|above|below|under", s["text"]))
        forms["ground"] += bool(GROUND.search(s["text"]))
        forms["place"] += any(p in s["text"] for p in PLACES)
        forms["count"] += any(n in s["text"].split() for n in ("two", "three"))
    assert len(forms) == 4 and min(forms.values()) > 10, forms


def test_a_false_caption_is_seen():
    objects = [{"name": "cat", "x": 10, "y": 10, "cell": 0}, {"name": "bus", "colour": "red", "x": 50, "y": 20, "cell": 2}]
    check("a cat left of a red bus on wood", objects, "wood", 64)
    for text in ("a red bus left of a cat", "a cat", "a cat and a blue bus", "two cats and a red bus",
                 "a cat above a red bus", "a cat at the top and a red bus", "a cat and a red bus on blue stripes"):
        with pytest.raises(AssertionError):
            check(text, objects, "wood", 64)


def test_every_caption_fits_and_each_word_is_one_token(small, words, painter):
    known = set(captions.vocabulary())
    for s, _ in islice(stream.scenes(words, small, painter, 900), 200):
        split = s["text"].replace(",", " ,").split()
        assert set(split) <= known
        ids = words.encode(s["text"])
        assert len(ids) == 32 and ids.index(words.end) == len(split) + 1
        assert words.tokenizer.decode(ids, skip_special_tokens=True) is not None


def test_the_tokenizer_is_that_of_the_vocabulary(tmp_path):
    write(str(tmp_path), captions.vocabulary())
    for name in os.listdir(FOLDER):
        with open(os.path.join(FOLDER, name), "rb") as a, open(tmp_path / name, "rb") as b:
            assert a.read() == b.read(), f"{name} is not what words.py writes"


def test_transformers_reads_the_tokenizer(words):
    transformers = pytest.importorskip("transformers")
    t = transformers.CLIPTokenizer.from_pretrained(FOLDER)
    for text in ("", "a red apple left of a dog, two cats", "Zebras ARE  3 unknown's words: ü!", "a cat " * 40):
        assert t(text, padding="max_length", max_length=32, truncation=True)["input_ids"] == words.encode(text)


def test_merges_apply_in_order():
    vocab, merges = build(["cat", "cats", "car"])
    with open(os.path.join(FOLDER, "vocab.json"), encoding="utf-8") as f:
        assert list(json.load(f))[:512] == list(vocab)[:512]
    assert {"cat</w>", "cats</w>", "car</w>"} <= set(vocab) and merges[0] == ("c", "a")


def test_windows_hold_whole_objects_only():
    o = {"name": "cat", "x": 20, "y": 20, "size": 20}
    inside = stream.objects_in([o], 8, 4, 64)
    assert inside[0]["x"] == 12 and inside[0]["cell"] == 0
    assert stream.objects_in([o], 16, 0, 64) is None, "cut by the left edge"
    assert stream.objects_in([{**o, "x": 90}], 0, 0, 64) == [], "wholly outside"
    assert stream.objects_in([o, {**o, "x": 70}], 0, 0, 64) is None


def test_labels_lie_where_the_pixels_are(small, words, painter):
    if "fake" not in painter[-1]:
        pytest.skip("only the stand-in paints in the labels' numbers")
    for s, _ in islice(stream.scenes(words, small, painter, 50), 20):
        grey = s["pixels"].astype(int).reshape(3, 8, 8, 8, 8).mean((0, 2, 4)).reshape(-1)
        whole = s["noun"] > 0
        flat = s["pixels"].reshape(3, 8, 8, 8, 8).transpose(1, 3, 0, 2, 4).reshape(64, -1)
        whole &= flat.min(1) == flat.max(1)  # patches that one object fills
        assert np.array_equal(grey[whole] + 1, s["noun"][whole])


def test_the_same_seeds_give_the_same_batches(small, words, painter):
    a = [b for b in islice(stream.batches(words, small, painter, 5, 3), 3)]
    again = next(stream.batches(words, small, painter, a[0][1], 3))
    for k in again[0]:
        assert np.array_equal(again[0][k], a[1][0][k])
    assert again[1] == a[1][1]


def test_ground_colours():
    free = np.ones(64, bool)
    blue = np.full((64, 3), [30, 60, 220.0])
    assert captions.ground_colour(blue, free) == "blue"
    half = blue.copy()
    half[:32] = [220, 30, 30]
    assert captions.ground_colour(half, free) is None
    assert captions.ground_colour(blue, ~free) is None
    assert Words().encode("a cat")[0] != Words().end


def test_recipes_are_checked():
    for name in ("draw-8.9m", "draw-6m"):
        d = recipe.load(name).to_dict()
        assert recipe.from_dict(d).to_dict() == d
        d["scenes"]["canvas"] = 62
        with pytest.raises(ValueError, match="canvas"):
            recipe.from_dict(d)
