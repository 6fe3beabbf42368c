// Package cli is Winnow without its window: one verb a file, the same engine.
//
//	arguments ─▶ kong ─▶ verb ─▶ Request ─▶ engine.Engine ─▶ events ─▶ trace.State ─▶ text, JSON, files
//
// Run (cli.go) returns the exit code: 0 done, 1 the run or an export failed, 2 the command line was
// wrong, 130 the person pressed Ctrl+C. What a verb is asked for goes to stdout; notes, progress and
// errors go to stderr, so that --json leaves exactly one JSON value on stdout.
//
// A verb is a struct with its flags as fields and a method Run(*Env) error. Where its run happens is
// not its business: Env opens engines, so tests give it one of their own. Start reading at ask.go.
package cli
