package diffusion

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"winnow/internal/compute"
)

// TestMeasure: each kind of evaluation is timed, and a drawing after it is the same as before.
func TestMeasure(t *testing.T) {
	onEach(t, func(t *testing.T, be compute.Backend) {
		m := tiny(t, be)
		g := begun(t, m, request(3))
		before := drawn(t, g, nil)
		got, err := m.Measure(context.Background(), request(3), 2)
		if err != nil {
			t.Fatal(err)
		}
		if got.Tokens != 36 || got.Batch != 2 || !(got.MS > 0 && got.MatmulMS > 0 && got.FusedMS > 0) ||
			got.Ratio != got.MS/got.MatmulMS || got.FusedRatio != got.MS/got.FusedMS {
			t.Errorf("%+v", got)
		}
		for i, kept := range []int{9, 18, 27} {
			if s := got.Some[i]; s.Kept != kept || !(s.MS > 0) || s.Share != s.MS/got.MS {
				t.Errorf("%+v, want %d tokens", s, kept)
			}
		}
		if after := drawn(t, g, nil); !slices.Equal(after.picture.Latent, before.picture.Latent) {
			t.Error("the picture after measuring is another")
		}
		bad := request(3)
		bad.Size = 33
		if _, err := m.Measure(context.Background(), bad, 1); err == nil {
			t.Error("33 pixels were measured in patches of 4")
		}
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if _, err := m.Measure(ctx, request(3), 1); !errors.Is(err, compute.ErrCancelled) {
			t.Errorf("cancelled: %v", err)
		}
	})
}

// TestByTurns: medians, the first round left out, and an error ends it.
func TestByTurns(t *testing.T) {
	var order []int
	nth := func(i int, waits ...time.Duration) func() error {
		n := 0
		return func() error {
			order = append(order, i)
			time.Sleep(waits[n])
			n++
			return nil
		}
	}
	const ms = time.Millisecond
	got, err := byTurns([]func() error{nth(0, 60*ms, 0, 0, 40*ms), nth(1, 0, 20*ms, 20*ms, 0)}, 3)
	if err != nil || !slices.Equal(order, []int{0, 1, 0, 1, 0, 1, 0, 1}) || got[0] > 15 || got[1] < 20 {
		t.Errorf("%v in the order %v (%v)", got, order, err)
	}
	bad := errors.New("stop")
	if _, err := byTurns([]func() error{func() error { return bad }}, 3); !errors.Is(err, bad) {
		t.Errorf("%v", err)
	}
	if got := spread(8, 3); !slices.Equal(got, []int{0, 1, 2, 4, 5, 6}) {
		t.Errorf("three quarters of 8 tokens are %v", got)
	}
}
