import io
from dataclasses import replace

import pytest
import torch
from fake_painter import record

from data import IGNORE, NOUNS, Pool, batches, patch_labels, read_record, scene
from model import PRE


def test_stream_reader_reads_records_one_after_another():
    stream = io.BytesIO(record(1, 56) + record(2, 56))
    assert read_record(stream)[0]["seed"] == 1
    header, rgb = read_record(stream)
    assert header["seed"] == 2 and len(rgb) == 56 * 56 * 3
    assert read_record(stream) is None


@pytest.mark.parametrize("length", [2, 40, -5])
def test_a_broken_stream_is_said(length):
    with pytest.raises(ValueError, match="breaks off"):
        read_record(io.BytesIO(record(1, 56)[:length]))


def test_labels_of_patches():
    noun, colour, cell, centre = patch_labels(read_record(io.BytesIO(record(1, 56)))[0])
    assert NOUNS == sorted(NOUNS) and len(NOUNS) == 60
    assert noun.reshape(4, 4)[0].tolist() == [NOUNS.index("car") + 1] * 2 + [0, 0]
    assert colour[0] == 0 and colour[3] == IGNORE and cell[0] == 0
    assert centre[0].tolist() == [0.25, 0.25]


def test_questions_know_their_noun(words, config):
    s = scene(words, config, *read_record(io.BytesIO(record(1, 56))))
    car, bus = NOUNS.index("car") + 1, NOUNS.index("bus") + 1
    assert s["asked"][:5, 0].tolist() == [car, -1, car, car, 0] and bus != car
    assert s["ask_cell"][0, 0] == 0 and s["ask_hue"][0, 0] == 0 and s["ask_num"][:2, 0].tolist() == [1, 0]
    start = PRE + 16 + 1
    for i in range(4):
        token = s["tokens"][s["noun_at"][i, 0] - start]
        assert words.noun_of[token] == (bus if i == 1 else car)
        assert s["targets"][s["answer_at"][i] - start] != IGNORE
        assert s["targets"][s["answer_at"][i] - start - 1] == IGNORE
    assert s["asked"][5].tolist() == [-1, car] and s["ask_x"][5].tolist() == [-1, 0.25]
    assert words.noun_of[s["tokens"][s["noun_at"][5, 1] - start]] == car
    assert (s["kind"][6:] == -1).all()


def test_a_caption_too_long_teaches_nothing(words, config):
    record_ = read_record(io.BytesIO(record(1, 56)))
    s, short = scene(words, config, *record_), scene(words, replace(config, caption_length=4), *record_)
    assert (short["tokens"][:4] == words.pad).all() and (short["targets"][:4] == IGNORE).all()
    assert (short["targets"][4:] == s["targets"][config.caption_length:]).all()


def test_pool_fills_up_with_earlier_scenes():
    pool = Pool(4, 3, "cpu")
    batch = lambda *v: {"pixels": torch.tensor(v)}
    assert pool.mix(batch(1, 2))["pixels"].tolist()[:2] == [1, 2]
    for i in range(5, 20, 2):
        got = pool.mix(batch(i, i + 1))["pixels"].tolist()
        assert got[:2] == [i, i + 1] and len(got) == 4
        assert set(got[2:]) <= {i - 1, i, i + 1} | ({1, 2} if i == 5 else set())


def test_stream_goes_on_at_the_next_seed(words, config, painter):
    first = batches(words, config, painter, 5, 56, 2)
    a, seed = next(first)
    b, _ = next(first)
    first.close()
    assert seed == 7
    again = batches(words, config, painter, seed, 56, 2)
    c, _ = next(again)
    again.close()
    assert (b["pixels"] == c["pixels"]).all() and (a["pixels"] != b["pixels"]).any()
