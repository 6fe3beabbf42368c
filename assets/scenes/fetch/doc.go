// Command fetch rebuilds the sprite sets from the icon packages that they come from.
//
//	go run ./assets/scenes/fetch -out DIR [-styles noto,twemoji,…] [-openclipart DIR] [-wallpapers DIR]
//
// It writes DIR/STYLE/NOUN.png, 96 × 96 pixels, DIR/STYLE/LICENCE.txt, and the same for further
// drawings of the nouns in DIR/STYLE-2, DIR/STYLE-3 and so on. The packages come
// through the user's own npm at fixed versions; a package whose licence field has changed is
// refused. The set openclipart is made of pictures of Debian's openclipart-png, where that is
// installed; -openclipart names another folder that has them. -wallpapers gathers pictures of
// Debian's mate-backgrounds and gnome-backgrounds, where installed, as JPEG files of at most 512
// pixels a side, for training; none of them ships.
//
// Start reading at main.go; sources.go lists the emoji, symbols.go what was drawn for signs and
// buttons, flat.go small sets in colour, openclipart.txt the pictures of the Open Clip Art Library.
package main
