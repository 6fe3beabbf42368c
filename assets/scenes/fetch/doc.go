// Command fetch rebuilds the sprite sets from the icon packages that they come from.
//
//	go run ./assets/scenes/fetch -out DIR [-styles noto,twemoji,…] [-wallpapers DIR]
//
// It writes DIR/STYLE/NOUN.png, 96 × 96 pixels, and DIR/STYLE/LICENCE.txt. The packages come
// through the user's own npm at fixed versions; a package whose licence field has changed is
// refused. -wallpapers gathers pictures of Debian's mate-backgrounds and gnome-backgrounds, where
// installed, as JPEG files of at most 512 pixels a side, for training; none of them ships.
//
// Start reading at main.go.
package main
