package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"image/jpeg"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"winnow/app/policies"
	"winnow/internal/native"
	"winnow/internal/trace"
)

// robot is a policy of noise that package robotics made for its tests: two routed layers of four, 12
// pixels a picture, four actions a look.
var robot = filepath.Join("..", "..", "robotics", "testdata", "tiny")

// simulator skips a test where there is none.
func simulator(t *testing.T) {
	t.Helper()
	if _, err := native.FindMuJoCo(); err != nil {
		t.Skip(err)
	}
}

func toAct(moves int, change ...func(*trace.Request)) trace.Request {
	r := trace.Request{Model: robot, Device: "ref", Methods: []trace.Spec{spec("cogvla")},
		Act: &trace.Act{Suite: "table", Task: "press-button", Episodes: 1, Seed: 3, Moves: moves}}
	for _, c := range change {
		c(&r)
	}
	return r
}

func goOn(r *trace.Request)              { r.Act.Continue = true }
func told(s string) func(*trace.Request) { return func(r *trace.Request) { r.Act.Instruction = s } }
func scripted(r *trace.Request)          { r.Model, r.Methods = trace.Expert, nil }

// acted runs a request whose events follow those of before.
func acted(t *testing.T, l *Local, r trace.Request, before ...trace.Event) ([]trace.Event, *trace.State) {
	t.Helper()
	events, err := collect(t, l, r)
	if err != nil {
		t.Fatal(err)
	}
	events = append(slices.Clip(before), events...)
	return events, trace.Fold(events)
}

// course is what a run did, without what is measured.
func course(s *trace.State) (out [][]any) {
	for _, e := range s.Episodes {
		for _, h := range e.Thoughts {
			h.MS, h.Cold = 0, false
			out = append(out, []any{h})
		}
		for _, m := range e.Moves {
			m.MS = 0
			out = append(out, []any{m})
		}
	}
	return out
}

func types(events []trace.Event) (out []string) {
	for _, e := range events {
		out = append(out, e.Type())
	}
	return out
}

func TestActingIsAStreamOfThoughtsAndMoves(t *testing.T) {
	simulator(t)
	l := local(t)
	events, s := acted(t, l, toAct(6, func(r *trace.Request) { r.Act.View, r.Act.Every = 32, 3 }))
	want := "started model acting episode_started thought thought moved moved moved moved thought thought moved moved acted ended"
	if got := strings.Join(types(events), " "); got != want {
		t.Errorf("-want %s\n+got  %s", want, got)
	}
	if m := s.Model; m.Name != "tiny" || m.Layers != 4 || m.Hidden != 16 || m.Types != "f32" || m.Device != "ref" || m.Parameters < 10_000 || m.LoadMS <= 0 {
		t.Errorf("%+v", m)
	}
	a := s.Acting
	if a.Suite != "table" || a.Robot != "gantry" || len(a.Action) != 4 || a.ActionUnits[0] != "1" || a.ProprioUnits[0] != "m" || !slices.Equal(a.Cameras, []string{"front", "wrist"}) {
		t.Errorf("%+v", a)
	}
	if p, d := a.Player(trace.Pruned), a.Player(trace.Dense); len(a.Sides) != 2 || a.Sides[0].Side != trace.Pruned || p.Method != "cogvla" || p.Rows != 3 || p.Visual != 4 || !p.Aggregates || p.Chunk != 4 || d.Method != "" || d.Model != "tiny" {
		t.Errorf("%+v", a.Sides)
	}
	e := s.Episodes[0]
	h, d := e.ThoughtAt(trace.Pruned, 0), e.ThoughtAt(trace.Dense, 0)
	if k := h.Kept(8); !slices.Equal(k, []int{8, 4, 8, 4}) || !slices.Equal(d.Kept(8), []int{8, 8, 8, 8}) || d.FLOPs <= h.FLOPs || h.MS <= 0 {
		t.Errorf("kept %v and %v, %d and %d FLOPs", k, d.Kept(8), h.FLOPs, d.FLOPs)
	}
	for _, i := range h.Layers[1].Skipped {
		if i < 0 || i > 7 {
			t.Errorf("skipped %v", h.Layers[1].Skipped)
		}
	}
	if len(h.Actions) != 4 || len(h.Gate) != 2 || len(h.Layers[1].Probability) != 8 || h.Layers[1].Rule == "" || h.Layers[0].Probability != nil || h.Slots != 17 || h.Text < 20 || h.Bidirectional || h.Instruction != e.Instruction {
		t.Errorf("%+v", h)
	}
	if got := h.Look(1, 1).Map(2); len(h.Looks) != 4 || len(got) != 9 {
		t.Errorf("%d looks, %v", len(h.Looks), got)
	}
	if m := h.Looks[0]; m.Vectors != 4 || slices.Max(m.Share) != 255 || !(m.Peak > 0 && m.Peak <= 1) {
		t.Errorf("%+v", m)
	}
	for i, m := range e.Moves {
		if painted := len(m.Views) == 2; painted != (i%3 == 0 || i == 4) || m.MS <= 0 || m.Time != float64(i)/a.ControlHz || len(m.Proprio) != 4 {
			t.Errorf("step %d: %d views, %+v", i, len(m.Views), m)
		}
	}
	if img, err := jpeg.Decode(bytes.NewReader(e.Moves[0].Views[1])); err != nil || img.Bounds().Dx() != 32 {
		t.Errorf("the picture: %v", err)
	}
	if e.Moves[1].Action[0] != min(max(h.Actions[1][0], -1), 1) || e.Done != nil || s.Acted.Episodes != 0 || s.Acted.High != 1 {
		t.Errorf("%+v %+v", e.Moves[1], s.Acted)
	}
	if _, again := acted(t, l, toAct(1)); again.Model.LoadMS != 0 || again.Episodes[0].Thoughts[0].Cold {
		t.Error("the second run loaded or compiled anew")
	}
}

// TestAnEpisodeContinues as if it had not been interrupted: after so many moves, and after a cancel
// wherever it comes.
func TestAnEpisodeContinues(t *testing.T) {
	simulator(t)
	l := local(t)
	_, whole := acted(t, l, toAct(9))
	events, _ := acted(t, l, toAct(3))
	stood := len(events)
	events, _ = acted(t, l, toAct(2, goOn), events...)
	if got := strings.Join(types(events[stood:]), " "); got != "started model acting moved thought thought moved acted ended" {
		t.Errorf("got %s", got)
	}
	_, parts := acted(t, l, toAct(4, goOn), events...)
	if !reflect.DeepEqual(course(whole), course(parts)) {
		t.Error("in parts it is another episode")
	}
	for _, at := range []string{"thought", "moved"} {
		for nth := 1; nth < 5; nth++ {
			var events []trace.Event
			ctx, cancel := context.WithCancel(t.Context())
			left := nth
			err := l.Run(ctx, toAct(9), func(e trace.Event) {
				events = append(events, e)
				if e.Type() == at {
					if left--; left == 0 {
						cancel()
					}
				}
			})
			s := trace.Fold(events)
			if err != nil || !s.Cancelled || s.Acted == nil {
				t.Fatalf("%v, %+v", err, s)
			}
			r := toAct(9-len(s.Episodes[0].Moves), goOn)
			if _, s = acted(t, l, r, events...); !reflect.DeepEqual(course(whole), course(s)) {
				t.Errorf("cancelled at %s %d it goes on otherwise", at, nth)
			}
		}
	}
}

func TestTheInstructionAndTheMethodMayChangeInMidEpisode(t *testing.T) {
	simulator(t)
	l := local(t)
	events, before := acted(t, l, toAct(2))
	events, s := acted(t, l, toAct(1, goOn, told("fly to the moon")), events...)
	e := s.Episodes[0]
	if h := e.ThoughtAt(trace.Pruned, 2); h.Step != 2 || h.Instruction != "fly to the moon" || e.ThoughtAt(trace.Dense, 2).Instruction != "fly to the moon" {
		t.Errorf("%+v", h)
	}
	if e.Instruction != before.Episodes[0].Instruction || len(e.Moves) != 3 {
		t.Errorf("%+v", e)
	}
	events, s = acted(t, l, toAct(1, goOn, told("fly to the moon"), func(r *trace.Request) { r.Methods = nil }), events...)
	if h := s.Episodes[0].ThoughtAt(trace.Pruned, 3); h.Step != 3 || len(s.Acting.Sides) != 1 || len(h.Layers[1].Skipped) != 0 {
		t.Errorf("without the method: %+v", h)
	}
	// One beside changes nothing of what acts.
	beside := func(r *trace.Request) { r.Methods, r.Act.Beside = nil, []string{robot, robot} }
	events, s = acted(t, l, toAct(1, goOn, told("fly to the moon"), beside), events...)
	if h := s.Episodes[0].ThoughtAt(trace.Pruned, 4); h.Step != 3 || len(s.Acting.Sides) != 3 || s.Acting.Sides[2].Side != "pruned2" {
		t.Errorf("%+v", h)
	}
	if _, s = acted(t, l, toAct(4, goOn, beside), events...); s.Episodes[0].ThoughtAt("pruned2", 9).Instruction != before.Episodes[0].Instruction {
		t.Error("the task's own instruction does not come back")
	}
}

func TestTheExpertActs(t *testing.T) {
	simulator(t)
	l := local(t)
	events, s := acted(t, l, toAct(0, scripted, func(r *trace.Request) { r.Act.Episodes, r.Act.View, r.Act.Every = 2, 32, 1 }))
	if s.Acted == nil || s.Acted.Successes != 2 || len(s.Episodes) != 2 || s.Episodes[1].Seed != 4 || !s.Episodes[1].Done.Success || len(s.Episodes[0].Thoughts) != 0 {
		t.Fatalf("%+v, %v", s.Acted, types(events))
	}
	if e := s.Episodes[0]; len(e.Done.Views) != 2 || bytes.Equal(e.Done.Views[0], e.ViewsAt(len(e.Moves) - 2)[0]) {
		t.Errorf("%d pictures of the end", len(e.Done.Views))
	}
	if m := s.Episodes[0].Moves; !m[len(m)-1].Success || s.Episodes[0].Done.Steps != len(m) || s.Model.Name != "Scripted expert" {
		t.Errorf("%+v of %+v", s.Episodes[0].Done, s.Model)
	}
	_, two := acted(t, l, toAct(3, scripted, told("dance"), func(r *trace.Request) { r.Act.Beside = []string{robot} }))
	if e := two.Episodes[0]; len(e.Thoughts) != 3 || e.Thoughts[2].Side != trace.Dense || e.Thoughts[2].Step != 2 || len(two.Notices) != 1 || !strings.Contains(two.Notices[0], "reads no instruction") {
		t.Errorf("beside the expert: %+v, %q", e.Thoughts, two.Notices)
	}
	if !reflect.DeepEqual(two.Episodes[0].Moves[2].Action, s.Episodes[0].Moves[2].Action) {
		t.Error("the one beside acts")
	}
	if _, three := acted(t, l, toAct(0, scripted, goOn, func(r *trace.Request) { r.Act.Episodes = 2 })); three.Acted.Episodes != 2 {
		t.Errorf("%+v", three.Acted)
	}
	_, err := collect(t, l, toAct(0, scripted, goOn, func(r *trace.Request) { r.Act.Episodes = 2 }))
	if err == nil || !strings.Contains(err.Error(), "since it is over, the last of 2; start it anew") {
		t.Errorf("got %v", err)
	}
}

// TestTheProtocolCarriesActing: the same events through JSON lines.
func TestTheProtocolCarriesActing(t *testing.T) {
	simulator(t)
	first, second := toAct(3, func(r *trace.Request) { r.Act.View = 24 }), toAct(3, goOn, told("stop"))
	var in, out bytes.Buffer
	for i, r := range []trace.Request{first, second} {
		if err := writeMessage(&in, command{ID: int64(i + 1), Do: "run", Request: &r}); err != nil {
			t.Fatal(err)
		}
	}
	l := local(t)
	s := &server{e: l, out: &out, cancel: func(error) {}, working: make(chan struct{}, 1), calls: map[int64]context.CancelFunc{}}
	var events []trace.Event
	for _, line := range bytes.Split(in.Bytes(), []byte("\n")) {
		if len(line) > 0 {
			var c command
			if err := json.Unmarshal(line, &c); err != nil {
				t.Fatal(err)
			}
			if r := s.do(t.Context(), c); r.Error != "" {
				t.Fatal(r.Error)
			}
		}
	}
	for _, line := range bytes.Split(out.Bytes(), []byte("\n")) {
		if len(line) > 0 {
			var r reply
			if err := json.Unmarshal(line, &r); err != nil {
				t.Fatal(err)
			}
			e, err := trace.Unmarshal(r.Event)
			if err != nil {
				t.Fatal(err)
			}
			events = append(events, e)
		}
	}
	direct, _ := acted(t, l, first)
	direct, want := acted(t, l, second, direct...)
	if !slices.Equal(types(events), types(direct)) {
		t.Errorf("-want %v\n+got  %v", types(direct), types(events))
	}
	got := trace.Fold(events)
	if len(got.Episodes[0].Moves) != 6 || !bytes.Equal(got.Episodes[0].Moves[1].Views[0], want.Episodes[0].Moves[1].Views[0]) || got.Episodes[0].ThoughtAt(trace.Dense, 3).Instruction != "stop" {
		t.Errorf("%+v", got.Episodes[0])
	}
}

// TestBuiltInPoliciesAct: each is found by its name, the first one without, and acts on both suites.
func TestBuiltInPoliciesAct(t *testing.T) {
	simulator(t)
	l := local(t)
	list, err := l.Models(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, m := range list {
		if m.Acts {
			names = append(names, m.Name)
		}
	}
	if n := len(names); n != len(policies.BuiltIns())+1 || names[n-1] != trace.Expert {
		t.Errorf("listed are %v", names)
	}
	for i, p := range policies.BuiltIns() {
		r := toAct(1, func(r *trace.Request) { r.Model, r.Methods = p.Name, nil })
		if i == 0 {
			r.Model, r.Act.Suite, r.Act.Task = "", "metaworld", "reach-v3"
		}
		_, s := acted(t, l, r)
		if h := s.Episodes[0].ThoughtAt(trace.Pruned, 0); s.Model.Name != p.Title || h == nil || len(h.Actions) != s.Acting.Sides[0].Chunk || len(s.Acting.Cameras) != 2 {
			t.Errorf("%s: %+v", p.Name, s.Model)
		}
	}
}
