package engine

import (
	"context"
	"time"

	"winnow/app/judge"
	"winnow/internal/trace"
)

// looker is a judge that was loaded.
type looker interface {
	judge.Judge
	Close()
}

// openJudge loads the built-in VLM; tests have their own.
var openJudge = func(device string, threads int) (looker, error) {
	v, err := judge.Open(device, threads)
	if err != nil {
		return nil, err // not a looker without a model in it
	}
	return v, nil
}

// look lets the built-in VLM say which of the asked facts each finished picture shows, where a
// built-in model drew it: what others draw it was not trained to see. No clock of a side runs any
// more. The VLM is loaded beside the painter, is small, and is gone at the end. That it cannot look is
// told and fails nothing; only the end of ctx is an error.
func look(ctx context.Context, r trace.Request, shown []finished, emit func(trace.Event)) error {
	if _, ok := findDrawing(r.Model); !ok || r.Draw.Blind {
		return nil
	}
	facts := judge.Facts(r.Draw.Prompt)
	if len(facts) == 0 {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	started := time.Now()
	j, err := openJudge(r.Device, r.Threads)
	if err == nil {
		defer j.Close()
		var all []trace.Seen
		for _, f := range shown {
			seen := trace.Seen{Side: f.side, Judge: j.Name()}
			if seen.Facts, err = judge.Look(ctx, j, f.img, facts); err != nil {
				break
			}
			seen.MS = since(started)
			started = time.Now()
			all = append(all, seen)
		}
		if err == nil { // one picture judged and the other not would compare nothing
			for _, seen := range all {
				emit(seen)
			}
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		emit(trace.Notice{Text: "the built-in VLM did not look at the pictures, which are as they should be: " + err.Error()})
	}
	return nil
}
