// Command paint makes scenes for people to look at and for training to learn from.
//
//	go run ./assets/scenes/paint -n 16 -seed 1 -sheet sheet.png
//	go run ./assets/scenes/paint -stream -seed 1 -count 1000 -size 224
//
// The second writes records to standard output until count are written (0: without end). A record is
//
//	uint32 little-endian   bytes of the header
//	header                 JSON: see Header
//	size × size × 3 bytes  red, green, blue, row by row
//
// Scene i of a stream has the seed S+i; with -workers the order stays the same. In Python:
//
//	while head := pipe.read(4):
//	    scene = json.loads(pipe.read(int.from_bytes(head, "little")))
//	    pixels = pipe.read(scene["size"] ** 2 * 3)
//
// Start reading at main.go.
package main
