package main

import (
	"maps"
	"slices"
	"strings"

	"winnow/assets/scenes"
)

// source is a package of icons: where it comes from, and how it names what it shows.
type source struct {
	pack, version, licence, credit string

	// names leads a noun to its icon, where the usual name fails. Unused by code point.
	names map[string]string
	// lacks lists nouns of which the set has no icon, or one of something else.
	lacks []string
	// codePoints says that pictures are named by code point (assets/1f34e.webp); else there is one icons.json.
	codePoints bool
	// joined: names are written without hyphens.
	joined bool
	// also are the further icons of a noun, by spaces, of a set that does not name its icons as
	// emoji are named: there the usual alternates may be something else.
	also map[string]string
	// ink says that icons are shapes of one colour: each is given a colour, see tint.
	ink bool
	// hollow says that icons are lines with nothing within. Their figures are filled in some
	// turns: the ground that shows through is often busier than the drawing.
	hollow bool
	// disc says that each icon stands on a coloured disc, its first path. That is left out,
	// because all things would look alike from afar.
	disc bool
	// single: no alternates, because the set is measured on, not trained on.
	single bool
}

// open reads what is needed to draw icons of the installed package.
func (s source) open(pack string) (set, error) {
	if s.codePoints {
		return codePoints{pack}, nil
	}
	return openIconSet(pack, s)
}

func styleNames() []string {
	names := append(slices.Collect(maps.Keys(sources)), openClipart)
	slices.Sort(names)
	return names
}

// sources are all sets by style.
var sources = func() map[string]source {
	all := maps.Clone(emojiSets)
	maps.Copy(all, symbolSets)
	for style, s := range flatSets {
		for _, noun := range scenes.Nouns {
			if _, ok := s.names[noun]; !ok {
				s.lacks = append(s.lacks, noun)
			}
		}
		all[style] = s
	}
	return all
}()

// emojiSets draw all of what emoji show, in many colours or in one.
var emojiSets = map[string]source{
	"twemoji": {
		pack: "@iconify-json/twemoji", version: "1.2.5", licence: "CC-BY-4.0",
		credit: "Twemoji, copyright Twitter, Inc and other contributors", single: true,
	},
	"noto": {
		pack: "@iconify-json/noto", version: "1.2.9", licence: "Apache-2.0",
		credit: "Noto Emoji, copyright Google Inc",
	},
	"fluent-emoji-flat": {
		pack: "@iconify-json/fluent-emoji-flat", version: "1.2.6", licence: "MIT",
		credit: "Fluent Emoji, copyright Microsoft Corporation",
	},
	"3d": {
		pack: "@lobehub/fluent-emoji-3d", version: "1.1.0", licence: "MIT",
		credit: "Fluent Emoji 3D, copyright Microsoft Corporation", codePoints: true,
	},
	"noto-v1": {
		pack: "@iconify-json/noto-v1", version: "1.2.5", licence: "Apache-2.0",
		credit: "Noto Emoji of Android 7, copyright Google Inc", lacks: []string{"broccoli", "chair"},
	},
	"emojione": {
		pack: "@iconify-json/emojione", version: "1.2.3", licence: "CC-BY-4.0",
		credit: "EmojiOne 2, copyright Emoji One", lacks: []string{"broccoli", "chair"},
	},
	"fxemoji": {
		pack: "@iconify-json/fxemoji", version: "1.2.2", licence: "Apache-2.0",
		credit: "FxEmojis, copyright Mozilla Foundation", joined: true,
		lacks: strings.Fields("backpack bed bird broccoli butterfly carrot chair couch duck laptop lion phone"),
		names: map[string]string{
			"apple": "redapple", "ball": "soccerball", "boat": "sailboat", "book": "closedbook",
			"clock": "alarmclock", "cup": "teacupwithouthandle", "hat": "tophat", "house": "housebuilding",
			"pizza": "sliceofpizza", "sheep": "sheep", "tree": "deciduoustree",
		},
	},
	"streamline-emojis": {
		pack: "@iconify-json/streamline-emojis", version: "1.2.4", licence: "CC-BY-4.0",
		credit: "Streamline Emojis, copyright Streamline",
		lacks: strings.Fields("ball banana bed broccoli butterfly camera carrot chair clock couch duck hat key laptop " +
			"motorcycle phone star tree"),
		names: map[string]string{
			"backpack": "school-backpack", "bear": "bear-face", "bird": "bird-1", "book": "green-book",
			"burger": "hamburger-1", "cactus": "cactus-1", "cake": "shortcake-1", "donut": "doughnut-1",
			"fish": "tropical-fish", "house": "house-with-garden", "lion": "lion-face", "penguin": "penguin-1",
			"pizza": "pizza-1", "sheep": "ewe-1", "strawberry": "strawberry-1", "sunflower": "sunflower-1",
			"train": "bullet-train",
		},
	},
	"fluent-emoji": {
		pack: "@iconify-json/fluent-emoji", version: "1.2.7", licence: "MIT",
		credit: "Fluent Emoji with gradients, copyright Microsoft Corporation",
	},
	"fluent-emoji-high-contrast": {
		pack: "@iconify-json/fluent-emoji-high-contrast", version: "1.2.6", licence: "MIT",
		credit: "Fluent Emoji of high contrast, copyright Microsoft Corporation", ink: true,
	},
	"emojione-monotone": {
		pack: "@iconify-json/emojione-monotone", version: "1.2.1", licence: "CC-BY-4.0",
		credit: "EmojiOne 2 in one colour, copyright Emoji One", lacks: []string{"broccoli", "chair"}, ink: true,
	},
}
