package gui

import (
	"encoding/json"
	"maps"
	"slices"

	"winnow/internal/trace"
	"winnow/pruning"
	"winnow/robotics"
)

// robotForm is what the Robot view asks for and how it shows it; it is remembered.
type robotForm struct {
	// Model is a policy's name, trace.Expert or a folder; empty stands for the best that is listed.
	// Folders were chosen before, the last one first.
	Model   string   `json:"model"`
	Folders []string `json:"folders,omitempty"`

	Suite string `json:"suite"`
	Task  string `json:"task"`
	// Instruction is empty for the task's own.
	Instruction string  `json:"instruction,omitempty"`
	Seed        uint64  `json:"seed"`
	Episodes    int     `json:"episodes"`
	Methods     []stage `json:"methods"`
	// Without are policies that are not asked beside the acting one, though they could be.
	Without []string `json:"without,omitempty"`

	// Heat is whose attention lies on the cameras, an index of heatNames by name.
	Heat string `json:"heat"`
}

// The encoders whose attention is shown.
const (
	heatBoth   = "both"
	heatDINO   = "dinov2"
	heatSigLIP = "siglip"
	heatNone   = "none"
)

// heatNames lists them as the control over the cameras does.
var heatNames = []string{heatBoth, heatDINO, heatSigLIP, heatNone}

// mostEpisodes is how many a run of the window may have; the command line has more.
const mostEpisodes = 100

// defaultRobot puts a cube on the plate: the instruction says which, and much moves.
func defaultRobot() robotForm {
	f := robotForm{Suite: "table", Task: "put-plate", Seed: 1, Episodes: 1, Heat: heatBoth}
	for _, i := range acting() {
		f.Methods = append(f.Methods, stage{Name: i.Name})
		break
	}
	return f
}

// acting lists the methods that serve robot policies.
func acting() []pruning.Info {
	return slices.DeleteFunc(pruning.Infos(), func(i pruning.Info) bool { return !i.Acts() })
}

// parseRobot reads what was remembered; what is unknown falls back to the default.
func parseRobot(text string) robotForm {
	f := defaultRobot()
	if text == "" {
		return f
	}
	got := f
	got.Methods = nil
	if json.Unmarshal([]byte(text), &got) != nil {
		return f
	}
	got.Methods = knownOf(acting(), got.Methods)
	return got.within(f)
}

// within replaces what is out of bounds by what f has.
func (s robotForm) within(f robotForm) robotForm {
	if t, err := robotics.Find(s.Suite, s.Task); err == nil {
		s.Suite, s.Task = t.Suite, t.Name
	} else {
		s.Suite, s.Task = f.Suite, f.Task
	}
	if s.Episodes < 1 || s.Episodes > mostEpisodes {
		s.Episodes = f.Episodes
	}
	if !slices.Contains(heatNames, s.Heat) {
		s.Heat = f.Heat
	}
	return s
}

func (s robotForm) clone() robotForm {
	s.Methods = cloneStages(s.Methods)
	s.Folders, s.Without = slices.Clone(s.Folders), slices.Clone(s.Without)
	return s
}

// same reports whether two forms ask for the same; model and instruction have no undo here.
func (s robotForm) same(as robotForm) bool {
	return s.scene() == as.scene() && s.Episodes == as.Episodes && sameStages(s.Methods, as.Methods) && slices.Equal(s.Without, as.Without)
}

// scene is where an episode happens; another one can only be begun.
type scene struct {
	suite, task string
	seed        uint64
}

func (s robotForm) scene() scene { return scene{s.Suite, s.Task, s.Seed} }

// of takes over what a recorded request acted with; the model stays.
func (s robotForm) of(r trace.Request) robotForm {
	if a := r.Act; a != nil {
		s.Suite, s.Task, s.Instruction, s.Seed, s.Episodes = a.Suite, a.Task, a.Instruction, a.Seed, a.Episodes
	}
	s.Methods = []stage{}
	for _, m := range r.Methods {
		s.Methods = append(s.Methods, stage{Name: m.Name, Params: maps.Clone(m.Params)})
	}
	s.Methods = knownOf(acting(), s.Methods)
	return s.within(defaultRobot())
}

// folder notes a folder that was chosen.
func (s *robotForm) folder(path string) {
	s.Folders = slices.DeleteFunc(slices.Clone(s.Folders), func(p string) bool { return p == path })
	s.Folders = slices.Insert(s.Folders, 0, path)
	s.Folders = s.Folders[:min(len(s.Folders), maxFolders)]
}
