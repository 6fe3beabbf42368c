"""The tokenizer: CLIP's byte-level BPE, with merges that make each word of a caption one token.

`python words.py` writes tokenizer/ anew; a test holds it to the captions' vocabulary. Any other
text still has tokens, byte by byte, that training has never seen.
"""
import json
import os

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

from recipe import HERE

FOLDER = os.path.join(HERE, "tokenizer")
START, END, SUFFIX = "<|startoftext|>", "<|endoftext|>", "</w>"
SPLIT = r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"


def byte_symbols():
    """The 256 characters that stand for bytes, in the order of CLIP's vocabulary."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    return [chr(b) for b in printable] + [chr(256 + i) for i in range(256 - len(printable))]


def learn(words):
    """Merges, best first, until every word is one token: the most frequent pair of neighbours over
    the words, the first in order among equals."""
    parts = [list(w[:-1]) + [w[-1] + SUFFIX] for w in words]
    merges = []
    while True:
        count = {}
        for p in parts:
            for pair in zip(p, p[1:]):
                count[pair] = count.get(pair, 0) + 1
        if not count:
            return merges
        best = min(count, key=lambda pair: (-count[pair], pair))
        merges.append(best)
        for p in parts:
            i = 0
            while i + 1 < len(p):
                if (p[i], p[i + 1]) == best:
                    p[i:i + 2] = ["".join(best)]
                i += 1


def build(words):
    """(vocabulary {token: id}, merges) in CLIP's order: bytes, bytes that end a word, merges, marks."""
    symbols, merges = byte_symbols(), learn(words)
    tokens = symbols + [s + SUFFIX for s in symbols] + ["".join(m) for m in merges] + [START, END]
    return {t: i for i, t in enumerate(tokens)}, merges


def fast(vocab, merges):
    """The same as tokenizer.json has it: what transformers makes of a CLIP vocabulary."""
    t = Tokenizer(models.BPE(vocab, merges, unk_token=END, end_of_word_suffix=SUFFIX,
                             continuing_subword_prefix="", fuse_unk=False))
    t.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "),
                                         normalizers.Lowercase()])
    t.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(SPLIT), "removed", invert=True),
                                               pre_tokenizers.ByteLevel(add_prefix_space=False)])
    t.decoder = decoders.ByteLevel()
    t.post_processor = processors.RobertaProcessing((END, vocab[END]), (START, vocab[START]),
                                                    trim_offsets=False, add_prefix_space=False)
    t.add_special_tokens([START, END])
    return t


def write(folder, words, tokens=32):
    """vocab.json, merges.txt, tokenizer.json and their configuration."""
    vocab, merges = build(words)
    os.makedirs(folder, exist_ok=True)
    settings = {"tokenizer_class": "CLIPTokenizer", "bos_token": START, "eos_token": END, "unk_token": END,
                "pad_token": END, "model_max_length": tokens, "do_lower_case": True, "add_prefix_space": False}
    marks = {k: settings[k] for k in ("bos_token", "eos_token", "unk_token", "pad_token")}
    for file, value in (("vocab.json", vocab), ("tokenizer_config.json", settings), ("special_tokens_map.json", marks)):
        with open(os.path.join(folder, file), "w", encoding="utf-8") as f:
            json.dump(value, f, ensure_ascii=False, indent=None if file == "vocab.json" else 1)
    with open(os.path.join(folder, "merges.txt"), "w", encoding="utf-8") as f:
        f.write("#version: 0.2\n" + "".join(f"{a} {b}\n" for a, b in merges))
    fast(vocab, merges).save(os.path.join(folder, "tokenizer.json"))


class Words:
    """Text to the fixed number of ids that the text encoder reads."""

    def __init__(self, tokens=32, folder=FOLDER):
        self.folder, self.tokens = folder, tokens
        self.tokenizer = Tokenizer.from_file(os.path.join(folder, "tokenizer.json"))
        self.size = self.tokenizer.get_vocab_size()
        self.start, self.end = (self.tokenizer.token_to_id(t) for t in (START, END))
        self.empty = self.encode("")

    def encode(self, text):
        """Start, words, end, padded with the end as Stable Diffusion pads; cut where too long."""
        ids = self.tokenizer.encode(text).ids
        if len(ids) > self.tokens:
            ids = ids[:self.tokens - 1] + [self.end]
        return ids + [self.end] * (self.tokens - len(ids))


if __name__ == "__main__":
    from captions import vocabulary
    write(FOLDER, vocabulary())
    print(Words().size, "tokens")
