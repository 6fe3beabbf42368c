// Package engine runs requests and streams their trace.
//
//	window, command line, benches ──Request──▶ Engine ──events──▶ trace.State, files, figures
//
// A request becomes a plan (plan.go): the stacks of methods, made and checked, with what a person
// forced by hand on top. The dense side runs first, then a side a stack (sides.go); or, for a sweep,
// a point a value, each following the dense answer (sweep.go).
//
// A request with Draw makes pictures instead (draw.go), each side from the same noise. One with Act
// lets a robot act in the simulator (act.go): one policy acts, others are asked beside it at the same
// moments (actpart.go). Policies, simulator and the episode that stands stay between runs
// (actstage.go), so that a run can continue an episode with another instruction, method or policy
// beside.
//
// Local does it in this process; Remote starts the same binary as a child (`winnow engine`) and
// speaks JSON lines with it, so that the window outlives an engine that dies. Both give the
// same events.
package engine
