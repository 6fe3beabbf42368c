"""Captions that are true of a scene: every object is named, nothing else is.

    objects ─▶ form: places · list · relation ─▶ [a picture of] … [on blue stripes]

An object is a dict with name, colour (or none), x, y in pixels and cell 0…8, as the painter has
it. A colour is always said where the painter gave one, so that "a car" is one in its own colours.
"""
import colorsys

PLURALS = {"fish": "fish", "sheep": "sheep", "bus": "buses", "strawberry": "strawberries",
           "butterfly": "butterflies", "couch": "couches", "cactus": "cactuses", "grapes": "grapes"}
NUMBERS = ["one", "two", "three", "four", "five", "six"]
OPENINGS = ["a picture of", "a photo of", "a drawing of"]
PLACES = [["at the top left", "in the top left corner"], ["at the top"], ["at the top right", "in the top right corner"],
          ["on the left"], ["in the middle", "in the center"], ["on the right"],
          ["at the bottom left", "in the bottom left corner"], ["at the bottom"],
          ["at the bottom right", "in the bottom right corner"]]
RELATIONS = {"left": ["left of", "to the left of"], "right": ["right of", "to the right of"],
             "above": ["above"], "below": ["below", "under"]}
# {} is the colour of the ground or nothing.
GROUNDS = {"gradient": ["on a plain {} ground"], "noise": ["on a grainy {} ground"],
           "stripes": ["on {} stripes", "on a {} striped wall"],
           "clouds": ["in front of {} clouds", "in {} clouds"], "wood": ["on wood", "on a wooden table"],
           "photograph": []}
GROUND_COLOURS = ["red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "white", "gray", "black"]
CLEAR = 0.12  # least distance for a relation, as a share of the side


def article(words):
    return ("an " if words[0] in "aeiou" else "a ") + words


def name(o):
    return f"{o['colour']} {o['name']}" if o.get("colour") else o["name"]


def counted(o, n):
    """n objects like this one, in words."""
    if n == 1:
        return "grapes" if o["name"] == "grapes" else article(name(o))
    if o["name"] == "grapes":
        return NUMBERS[n - 1] + " bunches of grapes"
    plural = PLURALS.get(o["name"], o["name"] + "s")
    return " ".join([NUMBERS[n - 1]] + ([o["colour"]] if o.get("colour") else []) + [plural])


def joined(parts):
    if len(parts) == 1:
        return parts[0]
    return ", ".join(parts[:-1]) + " and " + parts[-1]


def groups(rng, objects, key):
    """Lists of objects with the same key, in random order."""
    out = {}
    for o in objects:
        out.setdefault(key(o), []).append(o)
    out = list(out.values())
    rng.shuffle(out)
    return out


def listing(rng, objects):
    """"two cats and a boat": like things are counted."""
    return joined([counted(g[0], len(g)) for g in groups(rng, objects, name)])


def places(rng, objects, often):
    """"a red apple on the left and a dog": each place is said in a share of the cases. Where one
    thing's place is left out, that of its like is too: "a cat and a cat at the top" says little."""
    said = {n: rng.random() < often for n in sorted({name(o) for o in objects})}
    parts = []
    for g in groups(rng, objects, lambda o: (name(o), o["cell"] if said[name(o)] else None)):
        place = [rng.choice(PLACES[g[0]["cell"]])] if said[name(g[0])] else []
        parts.append(" ".join([counted(g[0], len(g))] + place))
    return joined(parts)


def relation(rng, objects, side):
    """"a red apple left of a dog and a boat at the top", or None where no two are clearly apart."""
    single = [g[0] for g in groups(rng, objects, name) if len(g) == 1]
    if len(single) < 2:
        return None
    a, b = single[:2]
    dx, dy = b["x"] - a["x"], b["y"] - a["y"]
    if max(abs(dx), abs(dy)) < CLEAR * side:
        return None
    way = ("left" if dx > 0 else "right") if abs(dx) >= abs(dy) else ("above" if dy > 0 else "below")
    text = f"{counted(a, 1)} {rng.choice(RELATIONS[way])} {counted(b, 1)}"
    rest = [o for o in objects if o is not a and o is not b]
    return text + (" and " + places(rng, rest, 1.0) if rest else "")


def length(text):
    """Words and commas: each is one token."""
    return len(text.replace(",", " ,").split())


def caption(rng, objects, ground, side, limit):
    """One caption of at most `limit` tokens, drawn with rng (random.Random).

    ground: the name of the background; its colour after a blank where it has one ("stripes blue").
    """
    form, body = rng.random(), None
    if len(objects) > 1 and form < 0.3:
        body = relation(rng, objects, side)
    if body is None:
        body = listing(rng, objects) if form > 0.75 else places(rng, objects, 1.0 if form < 0.6 else 0.5)
    if length(body) > limit:
        body = listing(rng, objects)
    kind, _, colour = ground.partition(" ")
    if GROUNDS[kind] and rng.random() < 0.5:
        colour = colour if rng.random() < 0.7 else ""
        behind = " ".join(rng.choice(GROUNDS[kind]).format(colour).split())
        behind = behind.replace("a orange", "an orange")
        if length(body + " " + behind) <= limit:
            body += " " + behind
    if rng.random() < 0.25:
        opening = rng.choice(OPENINGS)
        if length(opening + " " + body) <= limit:
            body = opening + " " + body
    return body


def vocabulary():
    """Every word that a caption can hold, sorted. The nouns and colours are the painter's."""
    from data import COLOURS, NOUNS
    phrases = [p for group in (*PLACES, *RELATIONS.values(), *GROUNDS.values()) for p in group]
    texts = [*NOUNS, *COLOURS, *NUMBERS, *OPENINGS, *GROUND_COLOURS, "a", "an", "and", "bunches of", ","]
    texts += [p.format("") for p in phrases] + [PLURALS.get(n, n + "s") for n in NOUNS]
    return sorted({w for t in texts for w in t.split()})


def ground_colour(pixels, free):
    """The word for a ground whose colour is not in doubt, else None.

    pixels: [n, 3] 0…255, means of patches; free: [n] bool, patches without an object.
    """
    seen = pixels[free]
    if len(seen) < 32:
        return None
    words = [colour_word(*p) for p in seen / 255]
    best = max(sorted(set(words), key=str), key=words.count)
    return best if words.count(best) >= 0.8 * len(words) else None


def colour_word(r, g, b):
    """The word for a colour (each 0…1), None in the gaps between words."""
    h, s, v = colorsys.rgb_to_hsv(r, g, b)
    h *= 360
    if v < 0.15:
        return "black"
    if s < 0.12:
        return "white" if v > 0.85 else "gray" if 0.3 < v < 0.75 else None
    if s < 0.3:
        return None
    if v < 0.65 and (h < 45 or h > 350):
        return "brown" if v > 0.2 and h < 45 and h > 10 else None
    for low, high, word in ((0, 12, "red"), (20, 42, "orange"), (48, 66, "yellow"), (80, 160, "green"),
                            (195, 250, "blue"), (262, 295, "purple"), (308, 340, "pink"), (350, 360, "red")):
        if low <= h <= high:
            return word if v > 0.3 else None
    return None
