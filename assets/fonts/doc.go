// Package fonts holds the three faces that the window and the figures are set in: Inter in two weights for
// words, JetBrains Mono for numbers. README.md says where they come from, and under which
// licence (OFL.txt). app/gui/theme and vision/figure read them.
package fonts
