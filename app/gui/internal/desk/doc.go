// Package desk drives a window on a virtual X display as a person would: keys, pointer, files
// dropped on it, and pictures of what it shows. It is for tests and for the screenshots.
//
//	Start ─▶ Xvfb ─▶ the program, started with Env ─▶ Find ─▶ Click, Press, Type, Drop, Shot
//
// It speaks the X protocol itself (github.com/jezek/xgb), so that a machine needs Xvfb and nothing
// else. Start with desk.go; drop.go is the source's half of the drag-and-drop protocol.
package desk
