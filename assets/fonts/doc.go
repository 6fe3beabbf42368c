// Package fonts holds the three faces that the window is set in: Inter in two weights for
// words, JetBrains Mono for numbers. README.md says where they come from, and under which
// licence (OFL.txt). Only app/gui/theme reads them.
package fonts
