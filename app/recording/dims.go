package recording

import (
	"strings"

	"winnow/robotics/episode"
)

// world is the frame that positions are told in.
const world = "world"

// dims describes numbers by their names and units; one that has no unit is a number without.
func dims(names, units []string) []episode.Dim {
	var out []episode.Dim
	for i, n := range names {
		d := episode.Dim{Name: strings.ReplaceAll(n, " ", "_"), Unit: "1", Kind: kind(n)}
		if i < len(units) && units[i] != "" {
			d.Unit = units[i]
		}
		if d.Kind == episode.Translation || d.Kind == episode.Rotation {
			d.Frame = world
		}
		out = append(out, d)
	}
	return out
}

// kind is what a number moves, by its name.
func kind(name string) episode.Kind {
	words := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return r == ' ' || r == '_' })
	if len(words) == 0 {
		return episode.Other
	}
	switch last := words[len(words)-1]; {
	case strings.Contains(last, "gripper"):
		return episode.Gripper
	case strings.Contains(last, "joint"):
		return episode.Joint
	case last == "x", last == "y", last == "z":
		return episode.Translation
	case last == "roll", last == "pitch", last == "yaw":
		return episode.Rotation
	}
	return episode.Other
}
