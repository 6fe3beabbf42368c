// Package engine runs requests and streams their trace.
//
//	window, command line, benches ──Request──▶ Engine ──events──▶ trace.State, files, figures
//
// Local does it in this process; Remote starts the same binary as a child (`winnow engine`) and
// speaks JSON lines with it, so that the window outlives an engine that dies. Both give the
// same events.
package engine
