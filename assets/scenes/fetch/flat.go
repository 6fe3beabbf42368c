package main

// flatSets are small coloured sets of buttons and signs. Each shows only what its names list: what a
// person names at a glance, chosen by eye.
var flatSets = map[string]source{
	"streamline-plump-color": {
		pack: "@iconify-json/streamline-plump-color", version: "1.2.2", licence: "CC-BY-4.0",
		credit: "Streamline Plump Color, copyright Streamline",
		names: map[string]string{
			"ball": "ball-flat", "balloon": "balloon-flat", "bed": "hotel-bed-5-flat",
			"bicycle": "bicycle-bike-flat", "boat": "sail-ship-flat", "book": "book-1-flat",
			"burger": "burger-flat", "bus": "bus-flat", "cake": "cake-slice-flat", "camera": "camera-1-flat",
			"clock": "circle-clock-flat", "couch": "sofa-flat", "cup": "coffee-mug-flat", "dog": "dog-1-flat",
			"fish": "fish-flat", "hat": "graduation-cap-flat", "house": "home-1-flat", "laptop": "laptop-flat",
			"strawberry": "strawberry-flat", "train": "high-speed-train-side-flat", "tree": "tree-1-flat",
			"umbrella": "open-umbrella-flat",
		},
		also: map[string]string{
			"ball": "ball", "balloon": "balloon hot-air-balloon", "bed": "hotel-bed-5", "bicycle": "bicycle-bike",
			"boat": "sail-ship", "book": "book-1", "burger": "burger", "bus": "bus", "cake": "cake-slice",
			"camera": "camera-1", "clock": "circle-clock watch-1", "couch": "sofa", "cup": "coffee-mug",
			"dog": "dog-1", "fish": "fish", "hat": "graduation-cap", "house": "home-1", "laptop": "laptop",
			"strawberry": "strawberry", "train": "high-speed-train-side", "tree": "tree-1",
			"umbrella": "open-umbrella",
		},
	},
	"streamline-sharp-color": {
		pack: "@iconify-json/streamline-sharp-color", version: "1.2.2", licence: "CC-BY-4.0",
		credit: "Streamline Sharp Color, copyright Streamline",
		names: map[string]string{
			"apple": "apple-flat", "ball": "ball-flat", "boat": "ship-flat", "bus": "school-bus-side-flat",
			"cake": "cake-flat", "car": "car-2-flat", "chair": "chair-2-flat", "cup": "tea-cup-flat",
			"fish": "allergens-fish-flat", "house": "home-1-flat", "television": "screen-tv-flat",
			"tree": "tree-3-flat",
		},
		also: map[string]string{
			"apple": "apple", "ball": "ball", "boat": "ship", "bus": "school-bus-side", "cake": "cupcake-flat cake",
			"car": "car-2", "chair": "chair-2", "cup": "tea-cup", "fish": "allergens-fish", "house": "home-1",
			"television": "screen-tv", "tree": "tree-3",
		},
	},
	"streamline-cyber-color": {
		pack: "@iconify-json/streamline-cyber-color", version: "1.2.2", licence: "CC-BY-4.0",
		credit: "Streamline Cyber Color, copyright Streamline",
		names: map[string]string{
			"airplane": "airplane", "apple": "apple-2", "ball": "basketball", "bicycle": "bicycle-1",
			"book": "book-album-picture", "bus": "bus-2", "camera": "camera-4", "car": "car-4", "cat": "cat-2",
			"clock": "clock-1", "cup": "coffee-cup-hot-2", "dog": "dog-1", "elephant": "elephant",
			"guitar": "guitar", "hat": "hat-tall", "key": "key-2", "laptop": "laptop-2", "pizza": "pizza",
			"rose": "rose-2", "umbrella": "umbrella-rain",
		},
		also: map[string]string{
			"book": "book-open", "camera": "camera-8 camera-7", "car": "police-car-1", "clock": "watch-1",
		},
	},
	"streamline-stickies-color": {
		pack: "@iconify-json/streamline-stickies-color", version: "1.2.2", licence: "CC-BY-4.0",
		credit: "Streamline Stickies Color, copyright Streamline",
		names: map[string]string{
			"backpack": "backpack", "car": "taxi", "key": "key", "phone": "mobile-phone", "star": "star",
		},
		also: map[string]string{
			"backpack": "backpack-duo", "car": "taxi-duo", "key": "key-duo", "phone": "mobile-phone-duo",
			"star": "star-duo",
		},
	},
	"flat-color-icons": {
		pack: "@iconify-json/flat-color-icons", version: "1.2.3", licence: "MIT",
		credit: "Flat Color Icons, copyright Icons8",
		names: map[string]string{
			"camera": "camera", "clock": "alarm-clock", "house": "home", "key": "key", "phone": "phone-android",
		},
		also: map[string]string{
			"camera": "compact-camera old-time-camera", "clock": "clock", "phone": "iphone cell-phone",
		},
	},
	"flat-ui": {
		pack: "@iconify-json/flat-ui", version: "1.2.3", licence: "MIT",
		credit: "Flat UI, copyright Designmodo, Inc.",
		names: map[string]string{
			"clock": "clocks", "cup": "cup", "donut": "donut", "laptop": "macbook", "phone": "iphone",
		},
		also: map[string]string{}, // not nil: its names are not those of emoji
	},
}
