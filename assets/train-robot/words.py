"""The tokenizer: byte-level BPE in Llama's places (<s> 1, </s> 2), each word of an instruction one token.

`python words.py` writes tokenizer/ anew. Any other text still has tokens, byte by byte, that training
has never seen. robotics/policy reads the same file.
"""
import json
import os

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

from recipe import HERE

FOLDER = os.path.join(HERE, "tokenizer")
MARKS = ["<unk>", "<s>", "</s>", "<pad>"]
PROMPT = "In: What action should the robot take to {}?\nOut:"
# All words of both suites' instructions; a test of robotics/demos holds this list to them.
WORDS = """
a and beside blue bowl button close cube door drawer drop from furthest goal grab green in insert
into joint left leftmost lift move of on open out peg pick place plate position press puck pull push
put reach red revolving right rightmost set shut side sideways slide stack the to top up window with
yellow
""".split()


def byte_symbols():
    """The 256 characters that stand for bytes, and which: GPT-2's table."""
    own = [*range(33, 127), *range(161, 173), *range(174, 256)]
    table, n = {b: chr(b) for b in own}, 0
    for b in range(256):
        if b not in table:
            table[b], n = chr(256 + n), n + 1
    return table


def learn(words):
    """Merges, best first, until every word is one token: the most frequent pair of neighbours, the
    first in order among equals."""
    parts, merges = [list(w) for w in words], []
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


def build():
    symbols = byte_symbols()
    frame = PROMPT.replace("{}", "").replace("?\nOut:", "").replace("In:", "").split()
    spaced = sorted({"Ġ" + w for w in [*WORDS, *frame]})
    merges = learn([*spaced, "In", "Out"])
    tokens = list(dict.fromkeys([*MARKS, *(symbols[b] for b in sorted(symbols)), *("".join(m) for m in merges)]))
    t = Tokenizer(models.BPE({x: i for i, x in enumerate(tokens)}, merges))
    t.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    t.decoder = decoders.ByteLevel()
    t.add_special_tokens([AddedToken(m, special=True) for m in MARKS])
    return t


def write(folder=FOLDER):
    os.makedirs(folder, exist_ok=True)
    build().save(os.path.join(folder, "tokenizer.json"))
    settings = {"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<s>", "eos_token": "</s>",
                "unk_token": "<unk>", "pad_token": "<pad>", "model_max_length": 2048,
                "clean_up_tokenization_spaces": False}
    with open(os.path.join(folder, "tokenizer_config.json"), "w", encoding="utf-8") as f:
        json.dump(settings, f, indent=1)
        f.write("\n")


class Words:
    def __init__(self, folder=FOLDER):
        self.folder = folder
        self.tokenizer = Tokenizer.from_file(os.path.join(folder, "tokenizer.json"))
        self.size = self.tokenizer.get_vocab_size()
        self.bos, self.pad = (self.tokenizer.token_to_id(m) for m in ("<s>", "<pad>"))

    def encode(self, instruction):
        """BOS and the prompt around an instruction, as robotics/policy's Encode makes them."""
        return [self.bos] + self.tokenizer.encode(PROMPT.format(instruction.lower())).ids

    def padded(self, instruction, length):
        """(ids, their number), the ids filled up to `length`."""
        ids = self.encode(instruction)
        if len(ids) > length:
            raise ValueError(f"the prompt of {instruction!r} has {len(ids)} tokens, the recipe's text is {length}: "
                             "raise language.text")
        return ids + [self.pad] * (length - len(ids)), len(ids)


if __name__ == "__main__":
    write()
    print(Words().size, "tokens")
