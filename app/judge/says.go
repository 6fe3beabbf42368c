package judge

import (
	"slices"
	"strings"

	"winnow/assets/scenes"
	"winnow/internal/trace"
)

// Named is what was seen of a side, and what the side is called.
type Named struct {
	Name  string
	Facts []trace.Fact
}

// Sum says in words which things the pictures show, "apple, dog · both", and of those things what is
// not where or as it was asked for: "dog not on the right". Where the sides differ each is named:
// "dense: apple, no dog · SADA: apple, dog". Both are empty where there is nothing to say.
func Sum(sides []Named) (sees, misses string) {
	var things, wrong []string
	for _, s := range sides {
		things, wrong = append(things, there(s.Facts)), append(wrong, amiss(s.Facts))
	}
	return together(sides, things, " · ", "%s · all"), together(sides, wrong, "; ", "all: %s")
}

// there lists the things, "no" before those that are not seen.
func there(facts []trace.Fact) string {
	var out []string
	for _, f := range facts {
		switch {
		case f.Kind != scenes.Exist:
		case f.Right:
			out = append(out, f.Noun)
		default:
			out = append(out, "no "+f.Noun)
		}
	}
	return strings.Join(out, ", ")
}

// amiss lists the places and colours that are not as asked, of the things that are there.
func amiss(facts []trace.Fact) string {
	var out []string
	for _, f := range facts {
		seen := slices.ContainsFunc(facts, func(g trace.Fact) bool { return g.Kind == scenes.Exist && g.Noun == f.Noun && g.Right })
		switch {
		case f.Right || !seen:
		case f.Kind == scenes.Where:
			out = append(out, f.Noun+" not "+at(f.Asked))
		case f.Kind == scenes.Colour:
			out = append(out, f.Noun+" not "+f.Asked)
		}
	}
	return strings.Join(out, ", ")
}

// at says a place as a prompt does.
func at(place string) string {
	switch place {
	case "left", "right":
		return "on the " + place
	case "middle":
		return "in the middle"
	}
	return "at the " + place
}

// together joins what is said of each side, once where it is the same of all; same says so of more
// than one.
func together(sides []Named, said []string, between, same string) string {
	if len(said) == 0 {
		return ""
	}
	if !slices.ContainsFunc(said, func(s string) bool { return s != said[0] }) {
		switch {
		case len(said) == 1 || said[0] == "":
			return said[0]
		case len(said) == 2:
			same = strings.Replace(same, "all", "both", 1)
		}
		return strings.Replace(same, "%s", said[0], 1)
	}
	var out []string
	for i, s := range said {
		if s != "" {
			out = append(out, sides[i].Name+": "+s)
		}
	}
	return strings.Join(out, between)
}
